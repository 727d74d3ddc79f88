"""Sealing the trail and taking its head out of the database's reach."""

import datetime
import logging
import os
from pathlib import Path

from kith.audit import queries, rules
from kith.audit.models import Block
from kith.kit import turns
from kith.kit.tenancy import across_tenants

log = logging.getLogger("kith.audit")

BLOCKS_AT_ONCE = 25
_SEALING = 0x6B697461


def seal(*, now: datetime.datetime) -> int:
    """Seal what can be sealed of every source, at most 25 blocks of each. Returns how many rows that were.

    Of two sealers at once one does the work; an open transaction holds back what came after it, no more.
    """
    with across_tenants("one chain over everybody's rows"):
        if not turns.is_mine(_SEALING):
            return 0
        last = queries.head()
        chain = _Chain(last.number if last else 0, bytes(last.hash) if last else rules.START, now)
        sealed = sum(_seal(source, chain) for source in queries.SOURCES)
        Block.objects.bulk_create(chain.blocks)
    if chain.blocks:
        # One more witness, where logs are collected.
        log.info("sealed", extra={"rows": sealed, "block": chain.number, "head": chain.hash.hex()})
    return sealed


class _Chain:
    """The end of the chain while blocks are added to it."""

    def __init__(self, number: int, last_hash: bytes, now: datetime.datetime) -> None:
        self.number, self.hash, self.now = number, last_hash, now
        self.blocks: list[Block] = []

    def add(self, source: str, place: queries.Place, leaves: bytes) -> None:
        """One more block, which ends at `place`."""
        self.number += 1
        block = Block(
            number=self.number, source=source, sealed_at=self.now, upto_txid=place.upto_txid, upto_id=place.upto_id,
            floor_id=place.floor_id, highest_id=place.highest_id, next_txid=place.next_txid, leaves=leaves,
        )  # fmt: skip
        block.hash = self.hash = rules.block_hash(self.hash, queries.header_of(block), leaves)
        self.blocks.append(block)


def _seal(source: str, chain: _Chain) -> int:
    place = queries.place_of(source)
    found, next_txid = queries.unsealed(source, place, limit=BLOCKS_AT_ONCE * rules.BLOCK_ROWS)
    moved = place.upto_txid >= next_txid
    if moved and not found:
        # The server before is sealed to its end; from here on this one's transactions count, above its ids.
        chain.add(source, queries.Place(0, 0, place.highest_id, place.highest_id, next_txid), b"")
    elif moved:
        next_txid = place.next_txid
    for start in range(0, len(found), rules.BLOCK_ROWS):
        rows = found[start : start + rules.BLOCK_ROWS]
        highest_id = max(place.highest_id, *(row.leaf.id for row in rows))
        place = queries.Place(rows[-1].txid, rows[-1].leaf.id, place.floor_id, highest_id, next_txid)
        chain.add(source, place, rules.pack(row.leaf for row in rows))
    return len(found)


def export_head(*, now: datetime.datetime) -> Path | None:
    """Add today's line, `time number hash`, to the file of heads, once a day. None while nothing is sealed."""
    head = queries.head()
    if head is None:
        return None
    path = queries.heads_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(line.at.date() == now.date() for line in queries.exported_heads()):
        return path
    line = f"{now.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ} {head.number} {bytes(head.hash).hex()}\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return path
