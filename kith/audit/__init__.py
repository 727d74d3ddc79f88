"""Who did what to what, when.

A row trigger writes every committed change of an audited table with its actor and request; personal
columns appear only as a digest ("changed", never the value), secret ones not at all. Rows keep plain
ids, no foreign keys, and are never changed.
"""
