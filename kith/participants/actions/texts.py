"""Rows of a CSV file: which encoding, which separator, where the lines end."""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator
from typing import IO, Any

from kith.participants import rules
from kith.participants.actions.unreadable import FileEmpty, FileNotText, LineTooLong, QuoteNotClosed

Cells = Iterator[tuple[int, list[str]]]

LONGEST_LINE = 1 << 20
"""In characters, and in bytes what may come without a line end."""
_PIECE = LONGEST_LINE
_HEAD = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that are in no text: pictures, programs and archives are full of them.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def rows_of(stream: IO[bytes]) -> tuple[int, Cells, str, str]:
    """How many lines there are, about, and the rows with the number of the line they begin in; headings first.
    Then the encoding and the separator.

    One row is in memory at a time. Raises FileEmpty, FileNotText, LineTooLong, and while reading FileNotText,
    LineTooLong, QuoteNotClosed.
    """
    encoding, lines = _survey(stream)
    try:
        head = _opened(stream, encoding).read(_HEAD)
        announced = re.match(r"sep=(.)\r?\n?", head, re.IGNORECASE)
        body = head[announced.end() :] if announced else head
        skipped = (1 if announced else 0) + _blank_lines(body)
        delimiter, _headings = rules.split_headings(body.lstrip(" \r\n"))
    except UnicodeDecodeError:
        raise FileNotText from None
    except csv.Error:
        raise QuoteNotClosed(line=1) from None
    if not body.strip(' \r\n\t,;|"\ufeff'):
        raise FileEmpty
    return lines, _cells(_opened(stream, encoding), delimiter, skipped), encoding, delimiter


def _cells(text: io.TextIOWrapper, delimiter: str, skipped: int) -> Cells:
    line = skipped + 1
    try:
        rows = csv.reader(itertools.islice(_lines(text), skipped, None), delimiter=delimiter)
        for cells in rows:
            yield line, cells
            line = skipped + rows.line_num + 1
    except csv.Error:
        raise QuoteNotClosed(line=line) from None
    except UnicodeDecodeError:
        raise FileNotText from None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Line by line without reading a file that is a single line into memory."""
    for number in itertools.count(1):
        line = text.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE:
            raise LineTooLong(line=number)
        if not line:
            return
        yield line


def _blank_lines(body: str) -> int:
    """How many lines come before the headings."""
    before = body[: len(body) - len(body.lstrip(" \r\n"))].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n")


def _opened(stream: IO[bytes], encoding: str) -> io.TextIOWrapper:
    stream.seek(0)
    # Spreadsheets close what wraps them; the caller's stream stays the caller's.
    return io.TextIOWrapper(io.BufferedReader(_Unclosed(stream), _PIECE), encoding, newline="")


def _survey(stream: IO[bytes]) -> tuple[str, int]:
    """The encoding, UTF-8 unless a byte contradicts it, and the number of lines. Raises FileNotText, LineTooLong."""
    stream.seek(0)
    encoding = _encoding(stream.read(1 << 12))
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    newlines = returns = 0
    while piece := stream.read(_PIECE):
        if encoding == "utf-8":
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                encoding = "cp1252"
        if len(piece) == LONGEST_LINE and b"\n" not in piece and b"\r" not in piece:
            raise LineTooLong(line=newlines + 1)
        newlines, returns = newlines + piece.count(b"\n"), returns + piece.count(b"\r")
    if encoding == "utf-8" and decoder.getstate()[0]:  # ends within a character
        encoding = "cp1252"
    return encoding, (newlines or returns) + 1


def _encoding(start: bytes) -> str:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    # Separators and line ends are ASCII: in UTF-16 their other byte is zero, always on the same side.
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) * 8 > len(start) and max(even, odd) > 3 * min(even, odd):
        return "utf-16-le" if odd else "utf-16-be"
    if len(_BINARY.findall(start)) * 20 > len(start):  # a few of them are a row's fault
        raise FileNotText
    return "utf-8"


class _Unclosed(io.RawIOBase):
    """A readable view of a stream that is not closed with the view."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the stream."""
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
