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
from kith.participants.actions.looking import Look, look_into
from kith.participants.actions.people import (
    create_participant,
    reactivate_participant,
    suspend_participant,
    update_participant,
)
from kith.participants.actions.portal import (
    NoAddress,
    Opened,
    end_portal_session,
    end_portal_sessions,
    invite_to_portal,
    resume_portal_session,
    start_portal_session,
)
from kith.participants.actions.refusals import (
    CodeTaken,
    DuplicateEmail,
    DuplicateExternalId,
    ParticipantErased,
)
from kith.participants.actions.requesting import (
    EXPORT,
    IMPORT,
    prepare_import,
    request_export,
    request_import,
    start_import,
)
from kith.participants.actions.signing_in import (
    CodeWrong,
    Secrets,
    SignInPaused,
    ask_to_sign_in,
    make_sign_in_code,
    sign_in_with_code,
    sign_in_with_link,
)

__all__ = [
    "EXPORT",
    "IMPORT",
    "CodeTaken",
    "CodeWrong",
    "DuplicateEmail",
    "DuplicateExternalId",
    "ImportOvertaken",
    "Imported",
    "Look",
    "Mode",
    "NoAddress",
    "Opened",
    "ParticipantErased",
    "Progress",
    "RowsRefused",
    "Secrets",
    "SignInPaused",
    "ask_to_sign_in",
    "create_participant",
    "end_portal_session",
    "end_portal_sessions",
    "everybody",
    "export_participants",
    "import_customers",
    "invite_to_portal",
    "look_into",
    "make_sign_in_code",
    "prepare_import",
    "reactivate_participant",
    "request_export",
    "request_import",
    "resume_portal_session",
    "sign_in_with_code",
    "sign_in_with_link",
    "start_import",
    "start_portal_session",
    "suspend_participant",
    "update_participant",
]
