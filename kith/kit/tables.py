"""Rows as files that people open: CSV for spreadsheets, JSON for programs, in pieces whatever their number."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import orjson

Format = Literal["csv", "json"]
Rows = Iterable[Mapping[str, Any]]

# What a spreadsheet runs as a formula begins like this, blanks before it included. What looks like a value that
# was made harmless is made so once more, or it would come back without an apostrophe of its own.
_FORMULA = re.compile("'*(?:[\t\r\n]|\\s*[=+\\-@|%\uff1d\uff0b\uff0d\uff20])")
_ROWS_PER_PIECE = 500


def neutral(value: str) -> str:
    """The value for a cell of a CSV file: what a spreadsheet would run as a formula gets an apostrophe."""
    return f"'{value}" if _FORMULA.match(value) else value


def plain(value: str) -> str:
    """The value without the apostrophe that `neutral` adds."""
    return value[1:] if value[:1] == "'" and _FORMULA.match(value[1:]) else value


def as_file(columns: Sequence[str], rows: Rows, *, format: Format) -> Iterator[bytes]:
    """The file in pieces, in either format."""
    return as_csv(columns, rows) if format == "csv" else as_json(columns, rows)


def as_csv(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, as spreadsheets expect; no cell is run as a formula, None is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([_harmless(row[column]) for column in columns])
        if number % _ROWS_PER_PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def as_json(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A list of objects with the values as they are."""
    before = b"[\n"
    for row in rows:
        yield before + orjson.dumps({column: row[column] for column in columns}, option=orjson.OPT_UTC_Z)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _harmless(value: Any) -> str:
    """A number is no formula, also below zero: with an apostrophe it could not be added up."""
    return str(value) if isinstance(value, int | Decimal) else neutral(_cell(value))


def _cell(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken
