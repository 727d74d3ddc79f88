"""The only writes to sponsors, programs, campaigns, rules, budgets and landing pages."""

from kith.programs.actions.budgets import BudgetCapped, add_money, fund_budget, open_budget
from kith.programs.actions.landing import (
    LandingFault,
    NoSuchVersion,
    NothingToPublish,
    discard_landing,
    edit_landing,
    forget_unused_pictures,
    publish_landing,
    restore_landing,
    set_share_texts,
)
from kith.programs.actions.promises import (
    RuleInvalid,
    RuleTaken,
    VersionNotDraft,
    VersionNotPublished,
    change_promise,
    create_rule,
    draft_version,
    make_promise,
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
    update_sponsor,
)

__all__ = [
    "BudgetCapped", "CampaignTaken", "LandingFault", "NoSuchVersion", "NothingToPublish", "ProgramTaken",
    "RuleInvalid", "RuleTaken", "SponsorTaken", "VersionNotDraft", "VersionNotPublished", "add_money",
    "change_promise", "create_campaign", "create_program", "create_rule", "create_sponsor", "discard_landing",
    "draft_version", "edit_landing", "forget_unused_pictures", "fund_budget", "make_promise", "open_budget",
    "publish_landing", "publish_version", "restore_landing", "retire_version", "set_share_texts",
    "update_campaign", "update_program", "update_sponsor",
]  # fmt: skip
