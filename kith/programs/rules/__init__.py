"""What a rule promises, what a landing page says and what people share, in their typed forms. Plain Python."""

from kith.programs.rules.landing import (
    BLOCKS,
    FIXED,
    KEPT,
    LISTS,
    TEXTS,
    LandingInvalid,
    Question,
    Wording,
    arranged,
    checked_landing,
    in_language,
    is_picture,
    moved,
    wording,
)
from kith.programs.rules.promises import (
    FIELDS,
    LARGEST_AMOUNT,
    MAX_CHOICES,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    OPS,
    PROMISING,
    USUAL_RESULTS,
    Condition,
    Failure,
    Group,
    Leaf,
    PublishedRule,
    RuleSpec,
    SpecInvalid,
    failures,
    is_running,
)
from kith.programs.rules.sharing import CHANNELS, PLACEHOLDERS, filled, unknown_placeholders

__all__ = [
    "BLOCKS", "CHANNELS", "FIELDS", "FIXED", "KEPT", "LARGEST_AMOUNT", "LISTS", "MAX_CHOICES", "MAX_DEPTH",
    "MAX_NODES", "MAX_TEXT", "OPS", "PLACEHOLDERS", "PROMISING", "TEXTS", "USUAL_RESULTS", "Condition", "Failure",
    "Group", "LandingInvalid", "Leaf", "PublishedRule", "Question", "RuleSpec", "SpecInvalid", "Wording",
    "arranged", "checked_landing", "failures", "filled", "in_language", "is_picture", "is_running",
    "moved", "unknown_placeholders", "wording",
]  # fmt: skip
