"""Figures: counted as events arrive, never by reading the whole history.

Words: roll-up, conversion rate, revenue impact. Always true: a roll-up equals its recomputation from the
facts; a day is the tenant's day; this feature writes nothing but its own roll-ups.
"""
