"""Reading participants. Phone and visa number are decrypted for one person at a time, never for a list."""

from kith.participants.queries.people import (
    ORDER,
    About,
    Movement,
    ParticipantRow,
    PersonalDetails,
    about,
    export_rows,
    find_by_email,
    get_by_code,
    get_participant,
    opened,
    participant_list,
    personal_details,
    phone_region,
    sealed_in,
)

__all__ = [
    "ORDER", "About", "Movement", "ParticipantRow", "PersonalDetails", "about", "export_rows", "find_by_email",
    "get_by_code", "get_participant", "opened", "participant_list", "personal_details", "phone_region", "sealed_in",
]  # fmt: skip
