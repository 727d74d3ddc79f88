"""From a file as people have it to checked rows, one at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from kith.participants import rules
from kith.participants.actions import objects, texts, workbooks
from kith.participants.actions.unreadable import TABLES, FileEmpty
from kith.participants.rules import BadRow, BadTable, Layout


@dataclass(slots=True)
class Sheet:
    """An open table; iterate over it once. `lines` is about how many lines it has, for whoever shows progress.

    `title` is the sheet of a workbook that is read, `others` are those that are not.
    """

    layout: Layout
    lines: int
    title: str
    others: list[str]
    _rows: texts.Cells

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any] | list[BadRow]]]:
        """Line and either the row's stored forms or what is wrong with it. Raises what the readers raise."""
        for line, cells in self._rows:
            if any(cell and not cell.isspace() for cell in cells):
                yield line, rules.check_row(self.layout, cells, line=line)


def open_sheet(
    stream: IO[bytes], *, region: str, month_first: bool = False, keep: bool = False, sheet: str = ""
) -> Sheet:
    """Recognize the table in a seekable stream. Raises the refusals of `unreadable`."""
    title, titles = "", list[str]()
    if workbooks.refuse_other_kinds(stream):
        lines, rows, title, titles = workbooks.rows_of(stream, sheet=sheet)
    elif objects.is_json(stream):
        lines, rows = objects.rows_of(stream)
    else:
        lines, rows = texts.rows_of(stream)
    headings = next((cells for _line, cells in rows if any(cell.strip() for cell in cells)), None)
    if headings is None:
        raise FileEmpty
    try:
        layout = rules.find_layout(headings, keep=keep, region=region, month_first=month_first)
    except BadTable as bad:
        details: dict[str, Any] = dict(bad.details)
        raise TABLES[bad.code](**details) from None
    return Sheet(layout, max(lines, 1), title, [name for name in titles if name != title], rows)
