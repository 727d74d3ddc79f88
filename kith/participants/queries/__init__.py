"""Reading participants. Phone and visa number are decrypted for one person at a time, never for a list."""

from kith.participants.queries.duplicates import Group, duplicates, likely_same, told_apart
from kith.participants.queries.listing import (
    ORDER,
    ORDERS,
    Filters,
    ParticipantRow,
    export_rows,
    found,
    ids_of,
    page_of,
    participant_list,
    total_of,
)
from kith.participants.queries.notes import ReadNote, consents_of, notes_of
from kith.participants.queries.people import (
    PersonalDetails,
    balances,
    facts_of,
    find_by_email,
    get_by_code,
    get_participant,
    merged_ids,
    opened,
    personal_details,
    phone_region,
    sealed_in,
)

__all__ = [
    "ORDER", "ORDERS", "Filters", "Group", "ParticipantRow", "PersonalDetails", "ReadNote",
    "balances", "consents_of", "duplicates", "export_rows", "facts_of", "find_by_email", "found", "get_by_code",
    "get_participant", "ids_of", "likely_same", "merged_ids", "notes_of", "opened", "page_of", "participant_list",
    "personal_details", "phone_region", "sealed_in", "told_apart", "total_of",
]  # fmt: skip
