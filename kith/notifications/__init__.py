"""Letters to participants about what happened with what is theirs.

Words: letter, news. Always true: nobody gets a letter who has never been in the portal, or who said no to its
kind; old events are no news; each letter carries the way to have no more of them.
"""
