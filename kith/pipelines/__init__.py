"""Stages a referral passes through, in each organization's own words.

Words: pipeline, stage, category, move, status history. A stage belongs to one of eight fixed categories;
code, rules and figures use categories, people see stages. Always true: a row's stage equals its newest
history entry, and its category history is a path of the category graph.
"""
