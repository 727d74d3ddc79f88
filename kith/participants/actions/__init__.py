"""Enrolling and changing participants, one by one and by the hundred thousand."""

from kith.participants.actions.importing import (
    Imported,
    ImportOvertaken,
    Mode,
    Progress,
    RowsRefused,
    import_customers,
)
from kith.participants.actions.people import (
    create_participant,
    reactivate_participant,
    suspend_participant,
    update_participant,
)
from kith.participants.actions.refusals import (
    CodeTaken,
    DuplicateEmail,
    DuplicateExternalId,
    ParticipantErased,
)

__all__ = [
    "CodeTaken",
    "DuplicateEmail",
    "DuplicateExternalId",
    "ImportOvertaken",
    "Imported",
    "Mode",
    "ParticipantErased",
    "Progress",
    "RowsRefused",
    "create_participant",
    "import_customers",
    "reactivate_participant",
    "suspend_participant",
    "update_participant",
]
