"""Is every row as it was sealed, and every block where it was? Digests are computed anew from the rows."""

import bisect
import datetime
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import kith.env
from kith.audit import rules
from kith.audit.models import Block
from kith.audit.queries import sealing
from kith.audit.queries.sealing import Place, Row
from kith.audit.rules import Leaf

LATE = datetime.timedelta(hours=1)
"""How old a row may be before it must be sealed."""
_BLOCKS_AT_ONCE = 50

FAULTS: Mapping[str, str] = {
    "block_missing": "a block is missing",
    "block_changed": "a block is not as it was sealed",
    "row_changed": "a row is not as it was sealed",
    "row_deleted": "a row is gone",
    "row_inserted": "a row was put among sealed ones",
    "row_backdated": "a new row has an old id",
    "head_missing": "a head that was exported is not in the chain any more",
    "unsealed": "rows wait too long to be sealed",
}
"""What `verify` looks for, in words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, with the block and, where there is one, the row."""

    fault: str
    detail: str
    block: int | None = None
    source: str = ""
    row_id: int | None = None
    tenant_id: int | None = None

    @property
    def sentence(self) -> str:
        """The finding in words, with the place where it is."""
        place = [f"block {self.block}"] if self.block is not None else []
        if self.row_id is not None:
            place.append(f"{sealing.SOURCES[self.source].table} {self.row_id}")
        where = f" ({', '.join(place)})" if place else ""
        return f"{FAULTS[self.fault]}{where}: {self.detail}"


@dataclass
class Report:
    """What a verification saw. `head` is the last block's hash, in hex."""

    blocks: int = 0
    rows: int = 0
    head: str = ""
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExportedHead:
    """One line of the file of heads."""

    at: datetime.datetime
    number: int
    hash: str


def heads_file() -> Path:
    """Where heads are written, one line a day."""
    return kith.env.env.data_dir / "heads" / "heads.txt"


def exported_heads() -> list[ExportedHead]:
    """What the file of heads says, oldest first; empty without one. Lines of another form are left out."""
    path = heads_file()
    lines = path.read_text().splitlines() if path.exists() else []
    found = (re.fullmatch(r"(\S+) (\d+) ([0-9a-f]{64})", line) for line in lines)
    return [
        ExportedHead(datetime.datetime.fromisoformat(match[1]), int(match[2]), match[3])
        for match in found
        if match
    ]


def verify(*, now: datetime.datetime, tenant_id: int | None = None, heads: Sequence[str] = ()) -> Report:
    """Walk the whole chain. With `tenant_id`, which must be in force, only its rows are compared with it.

    `heads` are hashes in hex that must be in the chain, beside those that were exported to the file.
    """
    walk = _Walk(tenant_id)
    walk.through_blocks()
    walk.behind_the_end(now)
    exported = [(head.hash, head.number, f"{head.at:%Y-%m-%d}") for head in exported_heads()]
    for wanted, number, when in [*exported, *((head.lower(), None, "given") for head in heads)]:
        if wanted not in walk.hashes or number not in (None, walk.hashes[wanted]):
            place = "no block" if number is None else f"not block {number}"
            walk.found("head_missing", f"{wanted} ({when}) is the hash of {place}", block=number)
    return walk.report


class _Walk:
    """One pass over the chain, in pieces of 50 blocks."""

    def __init__(self, tenant_id: int | None) -> None:
        self.tenant_id = tenant_id
        self.report = Report()
        self.hashes: dict[str, int] = {}
        self.places: dict[str, Place] = defaultdict(Place)
        # Per source: from which transaction on rows have a larger id than which.
        self.since: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        self.ceilings = _ceilings()

    def found(self, fault: str, detail: str, **place: object) -> None:
        """Note a difference."""
        self.report.findings.append(Finding(fault, detail, **place))  # type: ignore[arg-type]

    def through_blocks(self) -> None:
        """The chain itself, and the rows under each block."""
        number, last_hash = 0, rules.START
        while blocks := list(Block.objects.filter(number__gt=number).order_by("number")[:_BLOCKS_AT_ONCE]):
            for block in blocks:
                self._link(block, number, last_hash)
                number, last_hash = block.number, bytes(block.hash)
            for run in _runs(blocks):
                self._compare(run)
        self.report.head = last_hash.hex() if number else ""

    def _link(self, block: Block, last_number: int, last_hash: bytes) -> None:
        self.report.blocks += 1
        self.hashes[bytes(block.hash).hex()] = block.number
        if block.number != last_number + 1:
            missing = range(last_number + 1, block.number)
            self.found("block_missing", f"{_span(missing)} between its neighbors", block=missing[0])
        elif rules.block_hash(last_hash, sealing.header_of(block), bytes(block.leaves)) != bytes(block.hash):
            self.found(
                "block_changed",
                "its hash is not that of its content and the block before",
                block=block.number,
            )

    def _compare(self, run: list[Block]) -> None:
        """Blocks of one source and one server, which follow one another, with the rows they cover."""
        source, last = run[0].source, run[-1]
        place = self.places[source]
        if last.floor_id != place.floor_id:
            place = Place(floor_id=last.floor_id)
            self.since.pop(source, None)
        upper = "(r.txid, r.id) <= (%s::xid8, %s) and r.id <= %s"
        ceiling = self.ceilings.get((source, last.floor_id), 2**63 - 1)
        rows = sealing.rows(
            source, f"{sealing.AFTER} and {upper}",
            [*sealing.after(place), str(last.upto_txid), last.upto_id, ceiling],
        )  # fmt: skip
        self.report.rows += len(rows)
        ends = [(block.upto_txid, block.upto_id) for block in run]
        under: list[list[Row]] = [[] for _ in run]
        for row in rows:
            under[bisect.bisect_left(ends, (row.txid, row.leaf.id))].append(row)
        for block, present in zip(run, under, strict=True):
            self._compare_block(block, present)
        self.places[source] = Place(
            last.upto_txid, last.upto_id, last.floor_id, last.highest_id, last.next_txid
        )

    def _compare_block(self, block: Block, present: list[Row]) -> None:
        sealed = {leaf.id: leaf for leaf in rules.unpack(bytes(block.leaves)) if self._ours(leaf)}
        there = {row.leaf.id: row.leaf for row in present}
        if sealed != there:
            self._name_differences(block, sealed, there)
        self._find_backdated(block.source, present, block=block.number)
        since, highest = self.since[block.source]
        if not since or block.next_txid > since[-1]:
            since.append(block.next_txid)
            highest.append(block.highest_id)

    def _ours(self, leaf: Leaf) -> bool:
        return self.tenant_id is None or leaf.tenant_id == self.tenant_id

    def _name_differences(self, block: Block, sealed: Mapping[int, Leaf], there: Mapping[int, Leaf]) -> None:
        missing = sorted(set(sealed) - set(there))
        elsewhere = (
            {row.leaf.id for row in sealing.rows(block.source, "r.id = any(%s)", [missing])}
            if missing
            else set()
        )
        for row_id in missing:
            if row_id in elsewhere:
                self._at("row_changed", "it was written by another transaction", block, sealed[row_id])
            else:
                self._at("row_deleted", "it was sealed and does not exist", block, sealed[row_id])
        for row_id in sorted(set(there) - set(sealed)):
            self._at("row_inserted", "it was not there when its neighbors were sealed", block, there[row_id])
        for row_id in sorted(set(there) & set(sealed)):
            if there[row_id] != sealed[row_id]:
                self._at("row_changed", "its content has another digest", block, sealed[row_id])

    def _at(self, fault: str, detail: str, block: Block, leaf: Leaf) -> None:
        self.found(
            fault,
            detail,
            block=block.number,
            source=block.source,
            row_id=leaf.id,
            tenant_id=leaf.tenant_id or None,
        )

    def _find_backdated(self, source: str, rows: Iterable[Row], *, block: int | None) -> None:
        # A journal takes its number a moment before its transaction has one, so the order says nothing there.
        if source != "audit":
            return
        since, highest = self.since[source]
        for row in rows:
            place = bisect.bisect_right(since, row.txid) - 1
            if place >= 0 and row.leaf.id <= highest[place]:
                self.found(
                    "row_backdated", f"ids up to {highest[place]} had been given out before it was written",
                    block=block, source=source, row_id=row.leaf.id, tenant_id=row.leaf.tenant_id or None,
                )  # fmt: skip

    def behind_the_end(self, now: datetime.datetime) -> None:
        """Rows that no block covers yet."""
        for source in sealing.SOURCES:
            place = self.places[source]
            late = sealing.rows(
                source, f"{sealing.AFTER} and r.id <= %s", [*sealing.after(place), place.highest_id]
            )
            self._find_backdated(source, late, block=None)
            count, oldest = sealing.oldest_unsealed(source, place)
            if oldest is not None and oldest < now - LATE:
                table = sealing.SOURCES[source].table
                self.found(
                    "unsealed",
                    f"{count} of {table}, the oldest of {oldest:%Y-%m-%d %H:%M} UTC; does the worker run, or is a"
                    " transaction open since then?",
                    source=source,
                )


def _ceilings() -> dict[tuple[str, int], int]:
    """(source, floor) -> the largest id that was written on that server, for all but the present one."""
    floors: dict[str, list[int]] = defaultdict(list)
    for source, floor_id in (
        Block.objects.values_list("source", "floor_id").distinct().order_by("source", "floor_id")
    ):
        floors[source].append(floor_id)
    return {
        (source, floor): ceiling
        for source, found in floors.items()
        for floor, ceiling in itertools.pairwise(found)
    }


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks by source and floor, each group in its order."""
    groups: dict[tuple[str, int], list[Block]] = defaultdict(list)
    for block in blocks:
        if block.source in sealing.SOURCES:  # a falsified one has been named already
            groups[block.source, block.floor_id].append(block)
    yield from groups.values()


def _span(numbers: range) -> str:
    first, last = numbers[0], numbers[-1]
    return f"{first} is missing" if first == last else f"{first} to {last} are missing"
