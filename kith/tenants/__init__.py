"""Organizations on the platform, their staff and how they sign in.

Words: tenant (on screen: organization), member, role, API key, invitation, setting. A user is a person
who can sign in; a member is that person in one tenant, with a role. Always true: a member has exactly
one role, a key has a scope and at most two live secrets, and every permission is in one table.
"""
