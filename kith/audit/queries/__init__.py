"""The chain as it stands, what waits to be sealed, and whether everything is as it was sealed."""

from kith.audit.queries.sealing import (
    SOURCES,
    Place,
    Row,
    head,
    header_of,
    is_intact,
    oldest_unsealed,
    place_of,
    rows,
    unsealed,
)
from kith.audit.queries.trail import entries, entry_page, every, known
from kith.audit.queries.verifying import FAULTS, LATE, Finding, Report, exported_heads, heads_file, verify

__all__ = [
    "FAULTS", "LATE", "SOURCES", "Finding", "Place", "Report", "Row", "entries", "entry_page", "every",
    "exported_heads", "head", "header_of", "heads_file", "is_intact", "known", "oldest_unsealed", "place_of", "rows",
    "unsealed", "verify",
]  # fmt: skip
