"""One participant, and lists of them."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kith.kit import codes, crypto
from kith.kit.money import Money
from kith.kit.pagination import DEFAULT_LIMIT, Page, listed
from kith.kit.search import can_search, matching, words_of
from kith.ledger import queries as ledger
from kith.ledger.queries import Balance
from kith.participants import rules
from kith.participants.models import Participant, ParticipantStatus
from kith.tenants.queries import current_tenant

ORDER = ("-created_at", "-id")

_ROW = (
    "id", "name", "email", "code", "external_id", "kind", "status", "country", "language", "referred_by_id",
    "created_at", "updated_at",
)  # fmt: skip


_EXPORTED = (
    "id", "name", "email", "phone_enc", "external_id", "country", "language", "timezone", "kind", "status", "code",
    "referred_by_id", "picture_url", "visa_number_enc", "visa_stage", "visa_type", "application_on",
    "extra", "email_verified_at", "last_login_at", "source", "created_at", "updated_at",
)  # fmt: skip
_PIECE = 2000


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """One line of a list."""

    id: UUID
    name: str
    email: str
    code: str
    external_id: str
    kind: str
    status: str
    country: str
    language: str
    referred_by_id: UUID | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of what somebody is owed; `amount` is negative where it left."""

    account: str
    kind: str
    amount: Money
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class About:
    """What a page about one participant shows beside the row itself."""

    personal: "PersonalDetails"
    balances: list[Balance]
    movements: list[Movement]


@dataclass(frozen=True, slots=True)
class PersonalDetails:
    """What is stored encrypted; empty where not known, or not readable any more."""

    phone: str
    visa_number: str


def participant_list(
    *,
    search: str = "",
    status: str = "",
    kind: str = "",
    page: int | str = 1,
    limit: int | str = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ParticipantRow]:
    """Participants, newest first; erased ones only when asked for by status.

    `search` finds parts of name, e-mail, external id and code from 3 characters on, below that a whole
    external id. With `cursor` the page goes on after it and is not counted.
    """
    rows = _found(search, status, kind).values(*_ROW)
    found: Page[Any] = listed(rows, order=ORDER, page=page, limit=limit, cursor=cursor)
    return found.showing([ParticipantRow(**row) for row in found.items])


def _found(search: str, status: str, kind: str) -> QuerySet[Participant]:
    rows: QuerySet[Participant] = Participant.objects.all()
    rows = rows.filter(status=status) if status else rows.exclude(status=ParticipantStatus.ERASED)
    if kind:
        rows = rows.filter(kind=kind)
    words = words_of(search)
    if can_search(search):
        return matching(rows, search)
    if words:
        term = " ".join(words)
        rows = rows.filter(external_id__in={term, term.upper()})
    return rows


def get_participant(participant_id: UUID) -> Participant:
    """The participant of that id. Raises Participant.DoesNotExist."""
    found: Participant = Participant.objects.select_related("referred_by").get(pk=participant_id)
    return found


def get_by_code(code: str) -> Participant:
    """The participant whose personal code this is, however written. Raises Participant.DoesNotExist."""
    found: Participant = Participant.objects.get(code=codes.normalize(code))
    return found


def find_by_email(email: str) -> Participant | None:
    """Who has this address (or its SHA-256), or None. Erased participants have none."""
    if not email.strip():
        return None
    index = crypto.blind_index(email, kind="email")
    found: Participant | None = _living().filter(email_index=index).first()
    return found


def _living() -> QuerySet[Participant]:
    rows: QuerySet[Participant] = Participant.objects.exclude(status=ParticipantStatus.ERASED)
    return rows


def export_rows(*, search: str = "", status: str = "", kind: str = "") -> Iterator[dict[str, Any]]:
    """Every participant of a list with all fields, oldest first, phone and visa number in clear text.

    Reads in pieces, so that a million take no more memory than a thousand. Iterate inside one transaction.
    """
    rows = _found(search, status, kind).order_by("created_at", "id").values(*_EXPORTED)
    pieces = rows.iterator(chunk_size=_PIECE)
    while piece := list(islice(pieces, _PIECE)):
        for column in ("phone_enc", "visa_number_enc"):
            _open_many(piece, column)
        codes_of = _codes_of({row["referred_by_id"] for row in piece if row["referred_by_id"]})
        for row in piece:
            row["referred_by_code"] = codes_of.get(row.pop("referred_by_id"), "")
            yield row


def _open_many(rows: list[dict[str, Any]], column: str) -> None:
    """Replace the encrypted column of each row by its clear text."""
    sealed = [row for row in rows if row[column] is not None]
    texts = crypto.decrypt_many(
        [crypto.Value(row["id"], sealed_in(column, row["id"]), row[column]) for row in sealed]
    )
    for row, text in zip(sealed, texts, strict=True):
        row[column] = text
    for row in rows:
        row[column.removesuffix("_enc")] = row.pop(column) or ""


def _codes_of(ids: set[UUID]) -> dict[UUID, str]:
    return dict(Participant.objects.filter(id__in=ids).values_list("id", "code")) if ids else {}


def personal_details(participant: Participant) -> PersonalDetails:
    """Decrypt what is encrypted of one participant."""
    return PersonalDetails(
        phone=opened(participant.id, "phone_enc", participant.phone_enc),
        visa_number=opened(participant.id, "visa_number_enc", participant.visa_number_enc),
    )


def about(participant: Participant, *, movements: int = 20) -> About:
    """Personal details in clear, balances, and the newest movements of money."""
    held = ledger.balances(participant.id)
    lines = [
        Movement(account.kind, entry.kind, entry.amount, entry.event_at)
        for account in held
        for entry in ledger.entries(account.account_id, limit=movements)
    ]
    newest = sorted(lines, key=lambda line: line.at, reverse=True)[:movements]
    return About(personal_details(participant), held, newest)


def opened(participant_id: UUID, column: str, sealed: Any) -> str:
    """One encrypted value, or nothing when there is none or its key is destroyed."""
    if sealed is None:
        return ""
    try:
        return crypto.decrypt(sealed, subject_id=participant_id, context=sealed_in(column, participant_id))
    except crypto.Undecryptable:
        return ""


def sealed_in(column: str, participant_id: UUID) -> str:
    """The place an encrypted value belongs to, as kit.crypto wants it."""
    return f"participants_participant.{column}:{participant_id}"


def phone_region() -> str:
    """The country that national phone numbers of the organization in force are read in."""
    return rules.country_of_timezone(current_tenant().timezone)
