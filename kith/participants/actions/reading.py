"""From a file as people have it to checked rows, one at a time: encoding, separator, headings, lines."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Invalid
from kith.participants import rules
from kith.participants.rules import BadRow, BadTable, Layout

_PIECE = 1 << 20
_LONGEST_FIRST_LINE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class FileEmpty(Invalid):
    """There is no heading in the file."""

    code, message = "file_empty", _("The file is empty. Its first line must name the columns.")


class FileNotText(Invalid):
    """The file is neither UTF-8 nor Windows-1252."""

    code, message = (
        "file_not_text",
        _("The file is not a CSV file. Save the sheet as “CSV UTF-8” and try again."),
    )


class QuoteNotClosed(Invalid):
    """A quotation mark swallows the rest of the file."""

    code, message = (
        "quote_not_closed",
        _("A quotation mark in line %(line)s is not closed. Close or double it."),
    )


class NameColumnMissing(Invalid):
    """No column is recognized as the name."""

    code = "name_column_missing"
    message = _(
        "No column is called “name”. The first line says: %(headings)s. Rename the column with the names."
    )


class KeyColumnMissing(Invalid):
    """No column tells people apart."""

    code = "key_column_missing"
    message = _("Add a column “email” or “customer id”, so that the next import finds the same people again.")


class ColumnTwice(Invalid):
    """Two columns mean the same."""

    code, message = "column_twice", _("Two columns mean the same as “%(column)s”. Remove one of them.")


_TABLES = {"no_name": NameColumnMissing, "no_key": KeyColumnMissing, "column_twice": ColumnTwice}


@dataclass(slots=True)
class Sheet:
    """An open table; iterate over it once. `lines` is how many lines it has, the heading and blanks included."""

    layout: Layout
    lines: int
    region: str
    _text: IO[str]
    _headed: int

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any] | list[BadRow]]]:
        """Line and either the row's stored forms or what is wrong with it. Raises FileNotText, QuoteNotClosed."""
        rows = csv.reader(self._text, delimiter=self.layout.delimiter)
        line = self._headed + 1
        try:
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield line, rules.check_row(self.layout, cells, line=line, region=self.region)
                line = self._headed + rows.line_num + 1
        except csv.Error:
            raise QuoteNotClosed(line=line) from None
        except UnicodeDecodeError:
            raise FileNotText from None


def open_sheet(stream: IO[bytes], *, region: str) -> Sheet:
    """Recognize the table in a seekable stream. Raises the refusals above."""
    encoding, lines = _survey(stream)
    stream.seek(0)
    # Spreadsheets close what wraps them; the caller's stream stays the caller's.
    text = io.TextIOWrapper(io.BufferedReader(_Unclosed(stream), _PIECE), encoding, newline="")
    try:
        first, headed = text.readline(_LONGEST_FIRST_LINE), 1
        if first.lower().startswith("sep="):
            first, headed = text.readline(_LONGEST_FIRST_LINE), 2
        layout = rules.find_layout(first.rstrip("\r\n"))
    except UnicodeDecodeError:
        raise FileNotText from None
    except csv.Error:
        raise QuoteNotClosed(line=1) from None
    except BadTable as bad:
        if not first.strip():
            raise FileEmpty from None
        details: dict[str, Any] = dict(bad.details)
        raise _TABLES[bad.code](**details) from None
    return Sheet(layout, lines, region, text, headed)


def _survey(stream: IO[bytes]) -> tuple[str, int]:
    """The encoding, UTF-8 unless a byte contradicts it, and the number of lines."""
    stream.seek(0)
    start = stream.read(4)
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    lines, last = 0, b"\n"
    while True:
        piece = stream.read(_PIECE)
        if encoding == "utf-8":
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError:
                encoding = "cp1252"
        if not piece:
            break
        lines, last = lines + piece.count(b"\n"), piece[-1:]
    return encoding, lines + (last != b"\n")


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
