"""Lists of participants: filtered, ordered, counted as far as it matters, and written out."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from kith.kit import crypto
from kith.kit.pagination import DEFAULT_LIMIT, Page, listed
from kith.kit.search import can_search, matching, words_of
from kith.participants.models import GONE, Participant
from kith.participants.queries.people import sealed_in
from kith.tenants.queries import current_tenant

ORDER = ("-created_at", "-id")
ORDERS: dict[str, tuple[str, str]] = {
    "-joined": ORDER,
    "joined": ("created_at", "id"),
    "name": ("name", "id"),
    "-name": ("-name", "-id"),
}
"""What a list can be ordered by, as `sort` in the address says it."""

_ROW = (
    "id", "name", "email", "code", "external_id", "kind", "status", "country", "language", "referred_by_id",
    "created_at", "updated_at", "source", "last_login_at", "first_referral_at",
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
    source: str
    last_login_at: datetime.datetime | None
    first_referral_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which participants: everything that is said must hold, and what is empty says nothing.

    `referred` is "yes" for those who have referred somebody and "no" for the others; `since` and `until` are
    the first and the last day of joining; `ids` are rows that somebody ticked. Those who were merged or
    erased come only when asked for by `status`, or ticked.
    """

    search: str = ""
    status: str = ""
    kind: str = ""
    country: str = ""
    source: str = ""
    referred: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    ids: tuple[UUID, ...] = field(default=())

    @property
    def are_set(self) -> bool:
        """True when anybody is left out on purpose."""
        return self != Filters()

    def as_json(self) -> dict[str, Any]:
        """What a job keeps of them."""
        plain = {name: value for name, value in asdict(self).items() if value}
        for name in ("since", "until"):
            if name in plain:
                plain[name] = plain[name].isoformat()
        return plain | ({"ids": [str(each) for each in self.ids]} if self.ids else {})

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "Filters":
        """The filters that `as_json` wrote; names it does not know are left out."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in kept.items() if name in known}
        for name in ("since", "until"):
            if values.get(name):
                values[name] = datetime.date.fromisoformat(values[name])
        return cls(**values | {"ids": tuple(UUID(each) for each in values.get("ids", ()))})


def participant_list(
    *,
    search: str = "",
    status: str = "",
    kind: str = "",
    page: int | str = 1,
    limit: int | str = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ParticipantRow]:
    """Participants, newest first; erased and merged ones only when asked for by status.

    `search` finds parts of name, e-mail, external id and code from 3 characters on, below that a whole
    external id. With `cursor` the page goes on after it and is not counted.
    """
    wanted = Filters(search=search, status=status, kind=kind)
    return page_of(wanted, page=page, limit=limit, cursor=cursor)


def page_of(
    wanted: Filters,
    *,
    sort: str = "-joined",
    page: int | str = 1,
    limit: int | str = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ParticipantRow]:
    """Some of the participants, in one of `ORDERS`; after the cursor where there is one, and then not counted."""
    rows = found(wanted).values(*_ROW)
    order = ORDERS.get(sort, ORDER)
    seen: Page[Any] = listed(rows, order=order, page=page, limit=limit, cursor=cursor)
    return seen.showing([ParticipantRow(**row) for row in seen.items])


def found(wanted: Filters) -> QuerySet[Participant]:
    """Everybody the filters leave, in no order."""
    rows: QuerySet[Participant] = Participant.objects.all()
    if wanted.ids:
        rows = rows.filter(id__in=wanted.ids)
    elif wanted.status:
        rows = rows.filter(status=wanted.status)
    else:
        rows = rows.exclude(status__in=GONE)
    plain = {name: getattr(wanted, name) for name in ("kind", "country", "source") if getattr(wanted, name)}
    rows = _joined(rows.filter(**plain), wanted)
    if wanted.referred:
        rows = rows.filter(first_referral_at__isnull=wanted.referred != "yes")
    return _searched(rows, wanted.search)


def _joined(rows: QuerySet[Participant], wanted: Filters) -> QuerySet[Participant]:
    if not (wanted.since or wanted.until):
        return rows
    zone, day = ZoneInfo(current_tenant().timezone), datetime.timedelta(days=1)
    if wanted.since:
        rows = rows.filter(created_at__gte=datetime.datetime.combine(wanted.since, datetime.time(), zone))
    if wanted.until and wanted.until < datetime.date.max:
        end = datetime.datetime.combine(wanted.until + day, datetime.time(), zone)
        rows = rows.filter(created_at__lt=end)
    return rows


def _searched(rows: QuerySet[Participant], typed: str) -> QuerySet[Participant]:
    if can_search(typed):
        return matching(rows, typed)
    words = words_of(typed)
    if words:
        term = " ".join(words)
        rows = rows.filter(external_id__in={term, term.upper()})
    return rows


def ids_of(wanted: Filters, *, after: UUID | None, limit: int) -> list[UUID]:
    """Ids of those the filters leave, by id, after one: how long work goes through a list of any length."""
    rows = found(wanted).order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.values_list("id", flat=True)[:limit])


def total_of(wanted: Filters) -> int:
    """How many the filters leave: all of them are counted, since somebody is about to change them."""
    return found(wanted).count()


def export_rows(
    *, search: str = "", status: str = "", kind: str = "", filters: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Every participant of a list with all fields, oldest first, phone and visa number in clear text.

    `filters` are `Filters` as a job keeps them, instead of the three. Reads in pieces, so that a million take
    no more memory than a thousand. Iterate inside one transaction.
    """
    wanted = Filters.of_json(filters) if filters else Filters(search=search, status=status, kind=kind)
    rows = found(wanted).order_by("created_at", "id").values(*_EXPORTED)
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


def _codes_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Participant.objects.filter(id__in=list(ids)).values_list("id", "code")) if ids else {}
