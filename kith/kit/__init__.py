"""Tools without business words: money, clock, ids, errors, tenancy, outbox, jobs, crypto, pagination.

Nothing here may import a feature. Tables here carry a plain `tenant_id` because tenants live above.
"""
