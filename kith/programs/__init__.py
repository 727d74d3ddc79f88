"""What is promised: programs, campaigns and the rules that earn rewards.

Words: sponsor, program, campaign, rule, rule version. Always true: a published rule version never
changes; a rule has at most one published version; every program names its pipeline and currency.
"""
