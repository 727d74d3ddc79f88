"""Checked rows into the table: each found or new, then one insert and one update for all of them.

Rows are staged in a temporary table that ends with the transaction. Phones and visa numbers are encrypted
before they get there. A staged null means "leave as it is", so that what a file does not say, and what
others change meanwhile, stays.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from kith.kit import codes, crypto, outbox, tenancy
from kith.kit.errors import Unavailable
from kith.kit.ids import uuid7
from kith.participants import queries
from kith.participants.actions.portal import close_ways_in
from kith.participants.events import ParticipantCreated, ParticipantUpdated
from kith.participants.models import ParticipantStatus
from kith.participants.rules import BadRow, Layout

_CODE_TRIES = 5

# Stored as they are: field and column have one name.
_PLAIN = (
    "name", "email", "external_id", "country", "language", "timezone", "kind", "picture_url", "visa_stage",
    "visa_type", "application_on",
)  # fmt: skip
# Columns of the organization's own, added to those that are known.
_EXTRA = "extra"
_DERIVED = ("email_index", "phone_enc", "phone_index", "visa_number_enc", "visa_number_index")
_SEALED = ("phone", "visa_number")
_APART = (*_SEALED, _EXTRA)
_INDEXED: tuple[tuple[str, crypto.Kind], ...] = (
    ("email", "email"),
    ("phone", "phone"),
    ("visa_number", "raw"),
)
_COLUMNS = (*_PLAIN, _EXTRA, *_DERIVED)
_READ = ("id", "status", "email_index", "phone_index", "visa_number_index", _EXTRA, *_PLAIN)
_TYPES = dict.fromkeys(_DERIVED, "bytea") | {"application_on": "date", _EXTRA: "jsonb"}
_OPTIONAL = frozenset({"application_on", *_DERIVED})

Values = Mapping[str, Any]
Row = tuple[int, Values]


@dataclass(slots=True)
class Merge:
    """One merge in the transaction and tenant in force: `stage` chunks of rows, then `finish`."""

    layout: Layout
    source: str
    now: datetime.datetime
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    _lines: dict[UUID, int] = field(default_factory=dict)

    def start(self) -> None:
        """Take turns with other imports of the tenant and make the staging table."""
        columns = ", ".join(f"{column} {_TYPES.get(column, 'text')}" for column in _COLUMNS)
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtext('participants.import'), %s)",
                [tenancy.current_tenant_id()],
            )
            cursor.execute("drop table if exists pg_temp.staged")
            # nosemgrep: sql-made-of-values - names and types of our own columns
            cursor.execute(
                f"create temporary table staged (id uuid, is_new boolean, code text, {columns}) on commit drop"
            )

    def stage(self, rows: Sequence[Row]) -> list[BadRow]:
        """Find whom the rows are about and stage what is new or different; the rows that cannot be stored."""
        known = _Known(rows)
        bad: list[BadRow] = []
        staged: list[tuple[UUID, bool, dict[str, Any]]] = []
        for line, values in rows:
            found = self._target(line, values, known)
            if isinstance(found, BadRow):
                bad.append(found)
                continue
            changes = _changes(values, known, found)
            if found is None or changes:
                staged.append((uuid7() if found is None else found.id, found is None, changes))
            self._count(found, changes)
        _seal([(row_id, changes) for row_id, _is_new, changes in staged])
        _copy(staged)
        moved = [row_id for row_id, is_new, changes in staged if "email" in changes and not is_new]
        if moved:
            close_ways_in(participant_ids=moved, now=self.now)
        outbox.publish_many(self._events(staged), subject_type="participant", now=self.now)
        return bad

    def finish(self) -> None:
        """Insert and update. Raises IntegrityError when somebody else stored one of the people meanwhile."""
        _insert(self.source, self.now)
        with connection.cursor() as cursor:
            assignments = ", ".join(
                f"{column} = coalesce({'p.extra || ' * (column == _EXTRA)}s.{column}, p.{column})"
                for column in _COLUMNS
            )
            cursor.execute(
                f"update participants_participant p set {assignments}, updated_at = %s,"  # noqa: S608
                " email_verified_at = case when s.email is null then p.email_verified_at end"
                " from staged s where p.id = s.id and not s.is_new and p.tenant_id = %s",
                [self.now, tenancy.current_tenant_id()],
            )

    def _count(self, found: "_Person | None", changes: Values) -> None:
        if found is None:
            self.created += 1
        elif changes:
            self.updated += 1
        else:
            self.unchanged += 1

    def _target(self, line: int, values: Values, known: "_Known") -> "_Person | BadRow | None":
        """The person the row is about, None for somebody new, or why it is neither."""
        number, address = values.get("external_id", ""), values.get("email", "")
        by_number, by_address = known.by_number.get(number), known.by_address(address)
        if by_number and by_number.status == ParticipantStatus.ERASED:
            return BadRow(line, self.layout.heading("external_id"), number, "erased")
        if by_address and by_number and by_address.id != by_number.id:
            return BadRow(line, self.layout.heading("email"), address, "email_taken")
        if by_address and not by_number and number and by_address.external_id:
            return BadRow(line, self.layout.heading("external_id"), number, "external_id_taken")
        found = by_number or by_address
        if found and found.status == ParticipantStatus.MERGED:
            name = "external_id" if by_number else "email"
            return BadRow(line, self.layout.heading(name), str(values[name]), "merged")
        if found:
            earlier = self._lines.setdefault(found.id, line)
            if earlier != line:
                return BadRow(line, self.layout.heading("name"), values["name"], "person_twice", earlier)
        return found

    def _events(self, staged: Sequence[tuple[UUID, bool, Values]]) -> Iterator[tuple[UUID, Any]]:
        for row_id, is_new, changes in staged:
            if is_new:
                kind = changes.get("kind") or "person"
                yield row_id, ParticipantCreated(participant_id=row_id, kind=kind, source=self.source)
            else:
                names = sorted(name for name in changes if name not in _DERIVED)
                yield row_id, ParticipantUpdated(participant_id=row_id, fields=names)


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody in the table whom a row may be about."""

    id: UUID
    status: str
    external_id: str
    stored: Values


class _Known:
    """Everybody whom a chunk of rows may be about, read in two statements, and the rows' look-up values."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.indexes = {name: _indexes(rows, name, kind) for name, kind in _INDEXED}
        numbers = {values["external_id"] for _line, values in rows if values.get("external_id")}
        named = _read(
            "external_id <> '' and external_id = any(array(select jsonb_array_elements_text(%s::jsonb)))",
            numbers,
        )
        addressed = _read(
            "status <> 'erased' and email_index ="
            " any(array(select decode(jsonb_array_elements_text(%s::jsonb), 'hex')))",
            {index.hex() for index in self.indexes["email"].values()},
        )
        self.by_number = {row["external_id"]: _person(row) for row in named}
        self._by_index = {bytes(row["email_index"]): _person(row) for row in addressed}

    def by_address(self, address: str) -> _Person | None:
        """Whoever has this e-mail address."""
        return self._by_index.get(self.indexes["email"][address]) if address else None


def _indexes(rows: Sequence[Row], name: str, kind: crypto.Kind) -> dict[str, bytes]:
    """What each value of the field is looked up by."""
    found = [values[name] for _line, values in rows if values.get(name)]
    return dict(zip(found, crypto.blind_indexes(found, kind=kind), strict=True))


def _read(condition: str, wanted: Set[str]) -> list[Values]:
    """Rows by thousands of values, which go as one text: the driver is slow with long lists."""
    if not wanted:
        return []
    with connection.cursor() as cursor:
        # nosemgrep: sql-made-of-values - conditions written in this file
        cursor.execute(
            f"select {', '.join(_READ)} from participants_participant where tenant_id = %s and {condition}",  # noqa: S608
            [tenancy.current_tenant_id(), orjson.dumps(list(wanted)).decode()],
        )
        return [dict(zip(_READ, row, strict=True)) for row in cursor.fetchall()]


def _person(row: Values) -> _Person:
    return _Person(row["id"], row["status"], row["external_id"], row)


def _changes(values: Values, known: _Known, found: _Person | None) -> dict[str, Any]:
    """The fields to store, with look-up values; for somebody known only those that differ."""
    stored: Values = found.stored if found else {}
    changes = {
        name: value
        for name, value in values.items()
        if name not in _APART and value != _as_written(stored.get(name))
    }
    if values.get(_EXTRA):
        present = orjson.loads(stored.get(_EXTRA, "{}"))
        if present != present | values[_EXTRA]:
            changes[_EXTRA] = orjson.dumps(values[_EXTRA]).decode()
    if "email" in changes:
        changes["email_index"] = known.indexes["email"][values["email"]]
    for name in _SEALED:
        if values.get(name):
            index = known.indexes[name][values[name]]
            present = stored.get(f"{name}_index")
            if present is None or bytes(present) != index:
                changes |= {name: values[name], f"{name}_index": index}
    return changes


def _as_written(value: Any) -> Any:
    """Checked rows have been through JSON, where a day is text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def _seal(staged: Sequence[tuple[UUID, dict[str, Any]]]) -> None:
    """Put the encrypted values beside the clear ones, which are never staged."""
    wanted = [
        (
            changes,
            f"{name}_enc",
            crypto.Value(row_id, queries.sealed_in(f"{name}_enc", row_id), changes[name]),
        )
        for row_id, changes in staged
        for name in _SEALED
        if name in changes
    ]
    if not wanted:
        return
    blobs = crypto.encrypt_many([value for _changes, _column, value in wanted])
    for (changes, column, _value), blob in zip(wanted, blobs, strict=True):
        changes[column] = blob


def _copy(staged: Sequence[tuple[UUID, bool, Values]]) -> None:
    names = ", ".join(("id", "is_new", "code", *_COLUMNS))
    with connection.cursor() as cursor, cursor.copy(f"copy pg_temp.staged ({names}) from stdin") as copy:
        for row_id, is_new, changes in staged:
            code = codes.referral_code() if is_new else None
            copy.write_row((row_id, is_new, code, *(changes.get(column) for column in _COLUMNS)))


def _insert(source: str, now: datetime.datetime) -> None:
    """Insert the new people; whoever drew a code that is taken draws again."""
    values = ", ".join(
        f"s.{column}" if column in _OPTIONAL else f"coalesce(s.{column}, '{_default(column)}')"
        for column in _COLUMNS
    )
    statement = (
        f"insert into participants_participant (id, tenant_id, code, {', '.join(_COLUMNS)},"  # noqa: S608
        " status, source, created_at, updated_at)"
        f" select s.id, %s, s.code, {values}, 'active', %s, %s, %s from pg_temp.staged s"
        " where s.is_new order by s.id on conflict (code) do nothing"
    )
    for _try in range(_CODE_TRIES):
        with connection.cursor() as cursor:
            cursor.execute(statement, [tenancy.current_tenant_id(), source, now, now])
        if not _draw_again():
            return
    raise Unavailable


def _draw_again() -> int:
    """Mark those who are in as done and give the others new codes; how many those are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from pg_temp.staged s using participants_participant p where s.is_new and p.id = s.id"
        )
        cursor.execute("select id from pg_temp.staged where is_new")
        left = [row[0] for row in cursor.fetchall()]
        for row_id in left:
            cursor.execute(
                "update pg_temp.staged set code = %s where id = %s", [codes.referral_code(), row_id]
            )
    return len(left)


def _default(column: str) -> str:
    return {"kind": "person", _EXTRA: "{}"}.get(column, "")
