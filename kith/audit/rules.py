"""How rows become leaves, and leaves become blocks. Plain bytes in and out."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BLOCK_ROWS = 1_000
"""Rows in a block, at most."""
START = bytes(32)
"""What stands before the first block."""

_LEAF = struct.Struct(">qi32s")


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a block keeps of a row: its id, its tenant (0 for the platform's own) and its SHA-256."""

    id: int
    tenant_id: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a block says beside its leaves; see `models.Block`. `sealed_at` is in microseconds since 1970."""

    number: int
    source: str
    sealed_at: int
    upto_txid: int
    upto_id: int
    floor_id: int
    highest_id: int
    next_txid: int


def pack(leaves: Iterable[Leaf]) -> bytes:
    """The leaves as a block stores them, 44 bytes each."""
    return b"".join(_LEAF.pack(leaf.id, leaf.tenant_id, leaf.digest) for leaf in leaves)


def unpack(packed: bytes) -> Iterator[Leaf]:
    """The leaves of a block; a torn one at the end is left out, for the hash has told already."""
    whole = len(packed) - len(packed) % _LEAF.size
    return (Leaf(*fields) for fields in _LEAF.iter_unpack(packed[:whole]))


def block_hash(previous: bytes, header: Header, leaves: bytes) -> bytes:
    """SHA-256 over the hash before, the header and the leaves."""
    words = (getattr(header, name) for name in header.__slots__)
    return hashlib.sha256(previous + "\n".join(map(str, words)).encode() + b"\n\n" + leaves).digest()
