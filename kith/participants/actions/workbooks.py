"""Rows of an Excel workbook (.xlsx), read piece by piece and never unpacked beyond bounds."""

import datetime
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

from openpyxl.reader.excel import SHARED_STRINGS, ExcelReader
from openpyxl.utils.exceptions import InvalidFileException

from kith.participants import rules
from kith.participants.actions.texts import Cells
from kith.participants.actions.unreadable import FileDamaged, FileOtherKind, FileTooBigInside, SheetMissing

MOST_UNPACKED = 1 << 30
# Held in memory while a sheet is read: the table of texts, and everything else that is not a sheet.
MOST_TEXTS, MOST_OF_A_PART = 128 << 20, 16 << 20
MOST_RATIO, _RATIO_FROM = 250, 1 << 20
_MOST_PARTS, _MOST_ROWS = 10_000, 1 << 20
# A row is filled up with empty cells to its last one, which may be the 18,278th, however small the file.
_MOST_CELLS_OF_WIDE_ROWS = 20_000_000
_PIECE = 1 << 14
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_DAMAGED = (
    zipfile.BadZipFile, InvalidFileException, expat.ExpatError, SyntaxError, KeyError, ValueError, TypeError,
    IndexError, AttributeError, EOFError, NotImplementedError, zipfile.zlib.error,  # type: ignore[attr-defined]
)  # fmt: skip
_ZEROS = re.compile("0{2,}")


def refuse_other_kinds(stream: IO[bytes]) -> bool:
    """Whether the stream is a workbook. Raises FileOtherKind for what people take for one, FileDamaged."""
    stream.seek(0)
    start = stream.read(8)
    if start.startswith(b"%PDF-"):
        raise FileOtherKind("pdf")
    if start == _OLE:
        # A protected workbook is in the container of the old ones; its directory names the encrypted package.
        locked = "EncryptedPackage".encode("utf-16-le") in stream.read(1 << 20)
        raise FileOtherKind("locked" if locked else "xls")
    if not start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return False
    try:
        names = zipfile.ZipFile(stream).namelist()
    except _DAMAGED:
        raise FileDamaged from None
    if "xl/workbook.xml" not in names:
        raise FileOtherKind(_kind_of_archive(names))
    return True


def _kind_of_archive(names: list[str]) -> str:
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("Index/") or name.endswith(".iwa") for name in names):
        return "numbers"
    if any(name.startswith("word/") for name in names):
        return "word"
    return "ods" if "content.xml" in names else "zip"


def rows_of(stream: IO[bytes], *, sheet: str = "") -> tuple[int, Cells, str, list[str]]:
    """The rows of the named sheet, else of the first that is not hidden: how many there are, about, each with
    its number, the sheet's name and the names of all that can be seen.

    Raises FileDamaged, FileTooBigInside, SheetMissing, and while reading FileDamaged.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            _bound(archive)
        seen = {found.title: found for found in _book(stream).worksheets if found.sheet_state == "visible"}
        wanted = sheet.strip().casefold()
        title = next((name for name in seen if not wanted or name.strip().casefold() == wanted), None)
        if title is None:
            raise SheetMissing(sheet=sheet, sheets=", ".join(seen))
        rows = seen[title].max_row or 0
    except _DAMAGED:
        raise FileDamaged from None
    return rows, _cells(seen[title]), title, list(seen)


def _cells(sheet: Any) -> Cells:
    wide = 0
    try:
        sheet.reset_dimensions()  # programs write wrong ones
        for number, row in enumerate(sheet.iter_rows(), 1):
            if number > _MOST_ROWS:
                raise FileDamaged
            if len(row) > rules.MOST_COLUMNS and (wide := wide + len(row)) > _MOST_CELLS_OF_WIDE_ROWS:
                raise FileTooBigInside
            yield number, [_text(cell) for cell in row]
    except _DAMAGED:
        raise FileDamaged from None


def _text(cell: Any) -> str:
    """The cell as people see it; whole numbers without a fraction and with the zeros that their format adds."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int) and abs(value) < 10**15:
        return (
            str(value).zfill(len(cell.number_format)) if _ZEROS.fullmatch(cell.number_format) else str(value)
        )
    # Beyond fifteen digits a spreadsheet has rounded: written so that the fields refuse it.
    return f"{value:E}" if isinstance(value, (int, float)) and abs(value) >= 1e15 else str(value)


def _bound(archive: zipfile.ZipFile) -> None:
    """Refuse what would fill memory or disk. What a part says about its size is as far as it is unpacked."""
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise FileTooBigInside
    for part in parts:
        if part.file_size > _RATIO_FROM and part.file_size > MOST_RATIO * max(part.compress_size, 1):
            raise FileTooBigInside


def _book(stream: IO[bytes]) -> Any:
    reader = _Reader(stream, read_only=True, data_only=True, keep_links=False)
    reader.archive = _Parts(stream)
    reader.read()
    return reader.wb


class _Reader(ExcelReader):  # type: ignore[misc]
    """Reads no more than what leads to the cells of a sheet."""

    def read_strings(self) -> None:
        """The table of texts, which lies where the list of contents says."""
        texts = self.package.find(SHARED_STRINGS)
        if texts is not None and self.archive.getinfo(texts.PartName[1:]).file_size > MOST_TEXTS:
            raise FileTooBigInside
        super().read_strings()

    def read_chartsheet(self, *_: Any) -> None:
        """Nothing: it holds no cells."""


class _Parts(zipfile.ZipFile):
    """Bounds every part where it is opened, for a workbook may call its parts what it likes."""

    def open(self, name: Any, *arguments: Any, **named: Any) -> IO[bytes]:
        """As usual, for streaming. Raises FileDamaged for a part that declares a document type."""
        _refuse_doctype(super().open(name, *arguments, **named))
        return super().open(name, *arguments, **named)

    def read(self, name: Any, *arguments: Any) -> bytes:
        """As usual, all of it. Raises FileTooBigInside."""
        if self.getinfo(name).file_size > MOST_OF_A_PART:
            raise FileTooBigInside
        return super().read(name, *arguments)


def _refuse_doctype(part: IO[bytes]) -> None:
    """A workbook declares no document type; who does wants entities that grow or point outside."""
    with part:
        parser, begun = expat.ParserCreate(), list[str]()

        def declared(*_: Any) -> None:
            raise FileDamaged

        parser.StartDoctypeDeclHandler = declared
        parser.StartElementHandler = lambda name, _attributes: begun.append(name)
        for piece in _pieces(part):
            parser.Parse(piece)
            if begun:
                return


def _pieces(part: IO[bytes]) -> Iterator[bytes]:
    while piece := part.read(_PIECE):
        yield piece
