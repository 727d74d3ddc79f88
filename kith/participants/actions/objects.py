"""Rows of a JSON file as an export writes it: a list with one object per line."""

from collections.abc import Iterator
from typing import IO, Any

import orjson

from kith.kit.tables import neutral
from kith.participants.actions.texts import LONGEST_LINE, Cells
from kith.participants.actions.unreadable import FileEmpty, JsonNotRows, LineTooLong


def is_json(stream: IO[bytes]) -> bool:
    """Whether the stream begins as a list or an object does, which no list of columns does."""
    stream.seek(0)
    return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"[", b"{"))


def rows_of(stream: IO[bytes]) -> tuple[int, Cells]:
    """How many lines there are, about, and the rows with their lines; the first object names the columns.

    Raises FileEmpty, and while reading JsonNotRows, LineTooLong.
    """
    stream.seek(0)
    lines = sum(piece.count(b"\n") for piece in iter(lambda: stream.read(1 << 20), b""))
    found = _objects(stream)
    first = next(found, None)
    if first is None:
        raise FileEmpty
    return lines, _cells(first, found)


def _cells(first: tuple[int, dict[str, Any]], others: Iterator[tuple[int, dict[str, Any]]]) -> Cells:
    line, row = first
    headings = list(row)
    yield line, [neutral(name) for name in headings]
    while True:
        unknown = [_text(row[name]) for name in row if name not in headings]
        yield line, [*(_text(row.get(name)) for name in headings), *unknown]
        found = next(others, None)
        if found is None:
            return
        line, row = found


def _objects(stream: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    stream.seek(0)
    number = 0
    while text := stream.readline(LONGEST_LINE):
        number += 1
        if len(text) == LONGEST_LINE:
            raise LineTooLong(line=number)
        bare = (
            text.removeprefix(b"\xef\xbb\xbf")
            .strip()
            .removeprefix(b"[")
            .removesuffix(b"]")
            .strip()
            .strip(b",")
        )
        if not bare:
            continue
        try:
            found = orjson.loads(bare)
        except orjson.JSONDecodeError:
            raise JsonNotRows(line=number) from None
        if not isinstance(found, dict):
            raise JsonNotRows(line=number)
        yield number, found


def _text(value: Any) -> str:
    """The value as a cell of a CSV file would have it, which is how all cells are read."""
    if value is None:
        return ""
    return neutral(value if isinstance(value, str) else orjson.dumps(value).decode())
