"""All participants of a list as one file."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from kith.kit import files
from kith.kit.http import dumps
from kith.participants import queries, rules

Format = Literal["csv", "json"]

# Headings that the import reads, so that an exported file can be changed and imported again.
COLUMNS = (
    "name", "email", "phone", "external_id", "country", "language", "timezone", "kind", "status", "code",
    "referred_by_code", "picture_url", "visa_number", "visa_stage", "visa_type", "application_on",
    "email_verified_at", "last_login_at", "source", "created_at", "updated_at", "id",
)  # fmt: skip
_ROWS_PER_PIECE = 500
_MOST_BYTES = 4 << 30


def export_participants(
    *, format: Format, search: str = "", status: str = "", kind: str = ""
) -> tuple[str, int]:
    """Write the list into a stored file, row by row: its name and how many rows. Needs a tenant in force.

    CSV is UTF-8 with a byte order mark, as spreadsheets expect, and values they would run as formulas are
    made harmless; JSON is a list of objects with the values as they are.
    """
    counted = _Counted(queries.export_rows(search=search, status=status, kind=kind))
    pieces = as_csv(counted) if format == "csv" else as_json(counted)
    name = files.keep(pieces, folder="exports", suffix=f".{format}", limit=_MOST_BYTES)
    return name, counted.rows


def as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A CSV file in pieces."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, 1):
        writer.writerow([rules.neutral(_cell(row[column])) for column in COLUMNS])
        if number % _ROWS_PER_PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def as_json(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A JSON list in pieces."""
    before = b"[\n"
    for row in rows:
        yield before + dumps({column: row[column] for column in COLUMNS})
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


class _Counted:
    """Counts rows as they pass."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._from, self.rows = rows, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self._from:
            self.rows += 1
            yield row
