"""Reading programs: what is promised, what is left, and what pages and messages say."""

from kith.programs.queries.landing import (
    Landing,
    draft,
    landing,
    landing_number,
    landing_versions,
    languages,
    usual_words,
    written,
)
from kith.programs.queries.offers import Earning, Offer, offer
from kith.programs.queries.overview import (
    CampaignLine,
    ProgramFile,
    ProgramLine,
    Reward,
    campaign_state,
    present_spec,
    program_file,
    program_lines,
    rule_words,
    stages_to_promise,
    told_versions,
)
from kith.programs.queries.schemes import (
    Budget,
    Room,
    RuleLine,
    budget,
    campaign_of,
    campaigns,
    conditions_in_words,
    default_program,
    default_spec,
    describe,
    multiplier_bps,
    programs,
    published_rules,
    room,
    rule_lines,
    rules_of,
    sponsors,
    versions,
)
from kith.programs.queries.sharing import ShareTexts, share_faults, share_sample, share_texts, usual_texts

__all__ = [
    "Budget", "CampaignLine", "Earning", "Landing", "Offer", "ProgramFile", "ProgramLine", "Reward", "Room",
    "RuleLine", "ShareTexts", "budget", "campaign_of", "campaign_state", "campaigns", "conditions_in_words",
    "default_program", "default_spec", "describe", "draft", "landing", "landing_number", "landing_versions",
    "languages", "multiplier_bps", "offer", "present_spec", "program_file", "program_lines", "programs",
    "published_rules", "room", "rule_lines", "rule_words", "rules_of", "share_faults", "share_sample", "share_texts",
    "sponsors", "stages_to_promise", "told_versions", "usual_texts", "usual_words", "versions", "written",
]  # fmt: skip
