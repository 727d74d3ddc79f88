"""The word-for-word calls of the organizations' older systems, translated to the canonical actions.

Nothing but names lives here.
"""
