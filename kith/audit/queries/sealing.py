"""What is sealed and how far. Rows are hashed by the database, in the order in which they became visible."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from kith.audit.models import Block
from kith.audit.rules import START, Header, Leaf, block_hash


@dataclass(frozen=True, slots=True)
class Source:
    """An append-only table with `id`, `tenant_id` and `txid`; `told` is the column with the time of a row.

    `canonical` is the row as text that no setting of the server changes: a jsonb array, so that fields cannot
    run into one another, times in microseconds.
    """

    table: str
    told: str
    canonical: str


def _micros(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


SOURCES: Mapping[str, Source] = {
    "audit": Source(
        "audit_auditentry",
        "at",
        f"jsonb_build_array(r.id, {_micros('r.at')}, r.tenant_id, r.actor, r.request_id, r.table_name, r.row_id,"
        " r.op, r.diff, r.txid::text)",
    ),
    # A journal is sealed with its transfers, which are written in the same transaction.
    "ledger": Source(
        "ledger_journal",
        "created_at",
        "jsonb_build_array(r.id, r.tenant_id, r.idempotency_key, encode(r.request_hash, 'hex'),"  # noqa: S608
        " r.kind,"
        f" r.reverses_id, r.ref_type, r.ref_id, {_micros('r.event_at')}, {_micros('r.created_at')}, r.actor,"
        " r.request_id, r.meta, r.txid::text, (select jsonb_agg(jsonb_build_array(t.id, t.tenant_id, t.currency,"
        " t.debit_account_id, t.credit_account_id, t.amount, t.debit_seq, t.debit_balance, t.credit_seq,"
        " t.credit_balance) order by t.id) from ledger_transfer t where t.journal_id = r.id))",
    ),
}
"""What is sealed, by the name a block gives it."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a source is sealed; see `models.Block`."""

    upto_txid: int = 0
    upto_id: int = 0
    floor_id: int = -(2**63)
    highest_id: int = 0
    next_txid: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source, by its digest."""

    txid: int
    leaf: Leaf


def rows(source: str, condition: str, values: list[Any], *, limit: int | None = None) -> list[Row]:
    """Rows of a source in the order of (txid, id), as far as the tenant in force may see them."""
    found = SOURCES[source]
    with connection.cursor() as db:
        db.execute(
            "select r.txid::text::bigint, r.id, coalesce(r.tenant_id, 0),"  # noqa: S608 - texts of this package
            f" sha256(convert_to({found.canonical}::text, 'utf8')) from {found.table} r"
            f" where {condition} order by r.txid, r.id limit %s",
            [*values, limit],
        )
        return [Row(txid, Leaf(row_id, tenant_id, bytes(digest))) for txid, row_id, tenant_id, digest in db]


def head() -> Block | None:
    """The last block, without its leaves; None before anything was sealed."""
    return Block.objects.defer("leaves").order_by("-number").first()


def is_intact(block: Block) -> bool:
    """True when the block's hash is that of its content and of the block before it. Two statements."""
    before = Block.objects.filter(number=block.number - 1).values_list("hash", flat=True).first()
    known = bytes(before) if before is not None else START
    return block_hash(known, header_of(block), bytes(block.leaves)) == bytes(block.hash)


def header_of(block: Block) -> Header:
    """What the hash of a block covers beside its leaves."""
    return Header(
        block.number, block.source, micros(block.sealed_at), block.upto_txid, block.upto_id, block.floor_id,
        block.highest_id, block.next_txid,
    )  # fmt: skip


def micros(at: datetime.datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def place_of(source: str) -> Place:
    """How far a source is sealed."""
    last = Block.objects.filter(source=source).order_by("-number").defer("leaves", "hash").first()
    if last is None:
        return Place()
    return Place(last.upto_txid, last.upto_id, last.floor_id, last.highest_id, last.next_txid)


AFTER = "(r.txid, r.id) > (%s::xid8, %s) and r.id > %s"


def after(place: Place) -> list[Any]:
    """The values of `AFTER`."""
    return [str(place.upto_txid), place.upto_id, place.floor_id]


def unsealed(source: str, place: Place, *, limit: int) -> tuple[list[Row], int]:
    """Rows behind `place` that nothing can come before any more, and the next transaction's id."""
    with connection.cursor() as db:
        db.execute("select event_horizon()::text")
        (horizon,) = db.fetchone()
        # A later statement than the horizon's: whatever is sealed below was finished before this id was given.
        db.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (next_txid,) = db.fetchone()
    if place.upto_txid >= next_txid:
        # Sealed on a server whose numbers were ahead of this one's. What was not sealed there yet is finished.
        horizon = "18446744073709551615"
    return rows(source, f"{AFTER} and r.txid < %s::xid8", [*after(place), horizon], limit=limit), next_txid


def oldest_unsealed(source: str, place: Place) -> tuple[int, datetime.datetime | None]:
    """How many rows wait behind `place`, and the time of the oldest."""
    found = SOURCES[source]
    with connection.cursor() as db:
        db.execute(
            f"select count(*), min(r.{found.told}) from {found.table} r where {AFTER}",  # noqa: S608 - texts of this package
            after(place),
        )
        count, oldest = db.fetchone()
    return count, oldest
