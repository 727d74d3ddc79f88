"""Enrolling and changing participants, one by one and by the hundred thousand."""

from kith.participants.actions.exporting import everybody, export_participants
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
from kith.participants.actions.requesting import EXPORT, IMPORT, request_export, request_import

__all__ = [
    "EXPORT",
    "IMPORT",
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
    "everybody",
    "export_participants",
    "import_customers",
    "reactivate_participant",
    "request_export",
    "request_import",
    "suspend_participant",
    "update_participant",
]
