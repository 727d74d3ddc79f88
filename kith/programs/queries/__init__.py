"""Reading programs: what is promised, what is left, and what pages and messages say."""

from kith.programs.queries.schemes import (
    Budget,
    Room,
    RuleLine,
    budget,
    campaigns,
    default_program,
    default_spec,
    describe,
    multiplier_bps,
    programs,
    published_rules,
    room,
    rule_lines,
    rules_of,
    versions,
)

__all__ = [
    "Budget", "Room", "RuleLine", "budget", "campaigns", "default_program", "default_spec", "describe",
    "multiplier_bps", "programs", "published_rules", "room", "rule_lines", "rules_of", "versions",
]  # fmt: skip
