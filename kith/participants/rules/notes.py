"""Who may change what staff wrote, and which of two rows for one person stays."""

import datetime
from collections.abc import Mapping
from typing import Any

LONGEST_NOTE = 5_000
NOTE_OPEN_FOR = datetime.timedelta(days=1)

MERGEABLE = (
    "name", "email", "phone", "external_id", "country", "language", "timezone", "kind", "picture_url",
    "visa_number", "visa_stage", "visa_type", "application_on",
)  # fmt: skip
"""Fields of which a person who was enrolled twice keeps one of two values."""


def may_change_note(author: str, written_at: datetime.datetime, reader: str, now: datetime.datetime) -> bool:
    """Only its author changes a note, within a day: later, others have acted on it."""
    return author == reader and now - written_at <= NOTE_OPEN_FOR


def chosen(field: str, survivor: Any, other: Any, choices: Mapping[str, str]) -> Any:
    """The value that stays: the wished one, without a wish the survivor's, and the other's where that is empty."""
    if choices.get(field) == "other":
        return other
    if choices.get(field) == "survivor":
        return survivor
    return survivor if survivor not in (None, "") else other
