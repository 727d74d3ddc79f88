"""Enrolling and changing participants, one by one and by the hundred thousand."""

from kith.participants.actions.agreeing import record_consents
from kith.participants.actions.bulk import (
    BULK,
    DEEDS,
    PIECE,
    DeedUnknown,
    NobodyChosen,
    do_to_many,
    request_export_of,
    start_bulk,
)
from kith.participants.actions.company import (
    NotACompany,
    PersonRefused,
    TooManyPeople,
    add_company_person,
    remove_company_person,
)
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
from kith.participants.actions.notes import NoteEmpty, NoteNotYours, change_note, remove_note, write_note
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
    "BULK",
    "DEEDS",
    "EXPORT",
    "IMPORT",
    "PIECE",
    "CodeTaken",
    "CodeWrong",
    "DeedUnknown",
    "DuplicateEmail",
    "DuplicateExternalId",
    "ImportOvertaken",
    "Imported",
    "Look",
    "Mode",
    "NoAddress",
    "NobodyChosen",
    "NotACompany",
    "NoteEmpty",
    "NoteNotYours",
    "Opened",
    "ParticipantErased",
    "PersonRefused",
    "Progress",
    "RowsRefused",
    "Secrets",
    "SignInPaused",
    "TooManyPeople",
    "add_company_person",
    "ask_to_sign_in",
    "change_note",
    "create_participant",
    "do_to_many",
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
    "record_consents",
    "remove_company_person",
    "remove_note",
    "request_export",
    "request_export_of",
    "request_import",
    "resume_portal_session",
    "sign_in_with_code",
    "sign_in_with_link",
    "start_bulk",
    "start_import",
    "start_portal_session",
    "suspend_participant",
    "update_participant",
    "write_note",
]
