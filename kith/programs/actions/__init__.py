"""The only writes to sponsors, programs, campaigns, rules and budgets."""

from kith.programs.actions.budgets import BudgetCapped, fund_budget, open_budget
from kith.programs.actions.promises import (
    RuleInvalid,
    RuleTaken,
    VersionNotDraft,
    VersionNotPublished,
    create_rule,
    draft_version,
    publish_version,
    retire_version,
)
from kith.programs.actions.schemes import (
    CampaignTaken,
    ProgramTaken,
    SponsorTaken,
    create_campaign,
    create_program,
    create_sponsor,
    update_campaign,
    update_program,
)

__all__ = [
    "BudgetCapped", "CampaignTaken", "ProgramTaken", "RuleInvalid", "RuleTaken", "SponsorTaken", "VersionNotDraft",
    "VersionNotPublished", "create_campaign", "create_program", "create_rule", "create_sponsor", "draft_version",
    "fund_budget", "open_budget", "publish_version", "retire_version", "update_campaign", "update_program",
]  # fmt: skip
