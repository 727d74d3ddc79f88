"""What an import could not take, in two files: a list of faults, and the rows themselves to be mended.

Both are separated as the imported file was, so that the same spreadsheet opens them, in UTF-8 with its mark.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import translation

from kith.kit import files, tenancy
from kith.kit.tables import neutral, plain
from kith.participants import rules
from kith.participants.actions.reading import Sheet
from kith.participants.actions.refusals import SENTENCES
from kith.participants.rules import BadRow

_IN_MEMORY = 8 << 20
_SHOWN = 200
# Whoever has more bad rows than this mends the file they came from.
_MOST_REPAIRED = 50_000


class Report:
    """The list of bad rows, written as it grows; `bad` counts rows, of which one may have several lines."""

    def __init__(self, locale: str, delimiter: str = "") -> None:
        self._locale = locale
        self._delimiter = delimiter or ","
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._text = io.TextIOWrapper(self._file, "utf-8-sig", newline="", write_through=True)  # type: ignore[arg-type]
        self._writer = csv.writer(self._text, delimiter=self._delimiter)
        self._writer.writerow(["line", "column", "value", "remedy"])
        self._last_line = 0
        self._remedies: dict[int, str] = {}
        self.bad = 0

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()

    def add(self, rows: Iterable[BadRow]) -> None:
        """Write down what keeps rows out."""
        with translation.override(self._locale):
            for row in rows:
                self.bad += row.line != self._last_line
                self._last_line = row.line
                cells = _as_cells(row)
                self._writer.writerow(cells)
                if len(self._remedies) < _MOST_REPAIRED or row.line in self._remedies:
                    earlier = self._remedies.get(row.line)
                    remedy = f"{cells[1]}: {cells[3]}" if cells[1] else cells[3]
                    self._remedies[row.line] = f"{earlier} {remedy}" if earlier else remedy

    def keep(self, tenant_id: int) -> str:
        """Store the list; its name, empty when no row is bad."""
        if not self.bad:
            return ""
        self._text.flush()
        self._file.seek(0)
        with tenancy.use(tenant_id):
            pieces: Iterator[bytes] = iter(lambda: self._file.read(1 << 16), b"")
            return files.keep(pieces, folder="import-errors", suffix=".csv")

    def keep_rows(self, tenant_id: int, sheet: Sheet) -> str:
        """Store the bad rows as `sheet`, opened once more, has them, each with what to mend: the file's name."""
        headings = [*sheet.layout.headings, rules.REMEDY_HEADING]
        width = len(sheet.layout.headings)

        def lines() -> Iterator[bytes]:
            yield b"\xef\xbb\xbf" + self._line([neutral(heading) for heading in headings])
            for number, cells in sheet.written():
                if number in self._remedies:
                    filled = [*cells, *[""] * (width - len(cells))]
                    yield self._line([*(neutral(plain(cell)) for cell in filled), self._remedies[number]])

        with tenancy.use(tenant_id):
            return files.keep(lines(), folder="import-errors", suffix=".csv")

    def _line(self, cells: list[str]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._delimiter).writerow(cells)
        return text.getvalue().encode()


def _as_cells(row: BadRow) -> list[Any]:
    remedy = str(SENTENCES[row.code])
    if row.other_line:
        remedy = remedy % {"line": row.other_line}
    shown = row.value if len(row.value) <= _SHOWN else f"{row.value[:_SHOWN]}…"
    return [row.line, neutral(row.column), neutral(shown), remedy]
