"""From a file as people have it to checked rows, one at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Literal

from kith.participants import rules
from kith.participants.actions import objects, texts, workbooks
from kith.participants.actions.unreadable import TABLES, FileEmpty
from kith.participants.rules import BadRow, BadTable, Layout


@dataclass(slots=True)
class Sheet:
    """An open table; iterate over it once. `lines` is about how many lines it has, for whoever shows progress.

    `title` is the sheet of a workbook that is read, `others` are those that are not; `delimiter` is what
    separates the cells of a text.
    """

    layout: Layout
    lines: int
    _rows: texts.Cells
    title: str
    others: list[str]
    delimiter: str

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any] | list[BadRow]]]:
        """Line and either the row's stored forms or what is wrong with it. Raises what the readers raise."""
        for line, cells in self.written():
            yield line, rules.check_row(self.layout, cells, line=line)

    def written(self) -> texts.Cells:
        """Line and cells of each row that is not empty, as the file has them. Raises what the readers raise."""
        for line, cells in self._rows:
            if any(cell and not cell.isspace() for cell in cells):
                yield line, cells


@dataclass(slots=True)
class Raw:
    """A table whose headings are read and not yet understood."""

    lines: int
    kind: Literal["workbook", "json", "text"]
    title: str
    others: list[str]
    encoding: str
    delimiter: str
    headings: list[str]
    rows: texts.Cells

    def understood(self, **how: Any) -> Sheet:
        """The table with its columns recognized as `rules.find_layout` does. Raises the refusals of `unreadable`."""
        try:
            layout = rules.find_layout(self.headings, **how)
        except BadTable as bad:
            details: dict[str, Any] = dict(bad.details)
            raise TABLES[bad.code](**details) from None
        return Sheet(layout, self.lines, self.rows, self.title, self.others, self.delimiter)


def open_raw(stream: IO[bytes], *, sheet: str = "") -> Raw:
    """Find the headings in a seekable stream. Raises the refusals of `unreadable`."""
    title, titles, encoding, delimiter = "", list[str](), "", ""
    kind: Literal["workbook", "json", "text"]
    if workbooks.refuse_other_kinds(stream):
        kind = "workbook"
        lines, rows, title, titles = workbooks.rows_of(stream, sheet=sheet)
    elif objects.is_json(stream):
        kind = "json"
        lines, rows = objects.rows_of(stream)
    else:
        kind = "text"
        lines, rows, encoding, delimiter = texts.rows_of(stream)
    headings = next((cells for _line, cells in rows if any(cell.strip() for cell in cells)), None)
    if headings is None:
        raise FileEmpty
    others = [name for name in titles if name != title]
    return Raw(max(lines, 1), kind, title, others, encoding, delimiter, headings, rows)


def open_sheet(stream: IO[bytes], *, sheet: str = "", **how: Any) -> Sheet:
    """Recognize the table in a seekable stream; `how` is for `rules.find_layout`. Raises as `Raw.understood`."""
    return open_raw(stream, sheet=sheet).understood(**how)
