"""What an import would do with a file, told before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from kith.kit.errors import DomainError
from kith.participants import queries, rules
from kith.participants.actions.importing import repeats
from kith.participants.actions.reading import Raw, open_raw
from kith.participants.actions.refusals import SENTENCES
from kith.participants.rules import BadRow, Layout
from kith.tenants.queries import current_tenant

SHOWN, SAMPLES = 10, 3
MOST_CHECKED = 5000
_MOST_TEXT = 8 << 20


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file: its place from 1 on, heading, first values, and what becomes of it."""

    place: int
    heading: str
    samples: list[str]
    target: str


@dataclass(frozen=True, slots=True)
class LookRow:
    """One row as it would be stored, its cells in the order of `Look.fields`, or what keeps it out."""

    line: int
    cells: list[str]
    remedies: list[str]


@dataclass(frozen=True, slots=True)
class Look:
    """How a file is understood. `refusal` says why it cannot be imported like this; then no row was checked.

    `checked` rows were looked at, `bad` of them cannot be stored; `is_all` when the file has no more.
    """

    raw: Raw
    columns: list[Column]
    fields: list[str]
    rows: list[LookRow]
    faults: list[LookRow]
    checked: int
    bad: int
    is_all: bool
    refusal: str


def look_into(
    stream: IO[bytes],
    *,
    keep_columns: bool = False,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Look:
    """Read the beginning of a file with the wishes of an import. Needs a tenant in force.

    Raises the refusals of `unreadable` where not even the columns can be told apart.
    """
    region = queries.phone_region()
    month_first = rules.is_month_first(current_tenant().locale, region)
    raw = open_raw(stream, sheet=sheet)
    how: dict[str, Any] = {
        "keep": keep_columns,
        "region": region,
        "month_first": month_first,
        "mapping": mapping,
    }
    layout, refusal = _layout(raw, how)
    lines, is_all = _beginning(raw)
    columns = _columns(layout, [cells for _line, cells in lines])
    if refusal:
        return Look(raw, columns, [], [], [], 0, 0, is_all, refusal)
    fields = _fields(layout)
    rows = [_row(layout, fields, line, result) for line, result in _checked(layout, lines)]
    faults = [row for row in rows if row.remedies]
    return Look(raw, columns, fields, rows[:SHOWN], faults[:SHOWN], len(rows), len(faults), is_all, "")


def _layout(raw: Raw, how: Mapping[str, Any]) -> tuple[Layout, str]:
    try:
        return raw.understood(**how).layout, ""
    except DomainError as error:
        if how["mapping"] and error.code in {"no_such_column", "no_such_target"}:
            how = {**how, "mapping": None}
        return rules.find_layout(raw.headings, **how, lenient=True), error.text


def _beginning(raw: Raw) -> tuple[list[tuple[int, list[str]]], bool]:
    """The first rows that are not empty, as many as can be checked while somebody waits; whether they are all."""
    lines, size = list[tuple[int, list[str]]](), 0
    for line, cells in raw.rows:
        if not any(cell and not cell.isspace() for cell in cells):
            continue
        if len(lines) == MOST_CHECKED or size > _MOST_TEXT:
            return lines, False
        lines.append((line, cells))
        size += sum(map(len, cells))
    return lines, True


def _columns(layout: Layout, rows: Sequence[Sequence[str]]) -> list[Column]:
    found = []
    for place, (heading, target) in enumerate(zip(layout.headings, layout.meanings, strict=True)):
        filled = (row[place].strip()[:60] for row in rows if len(row) > place and row[place].strip())
        found.append(Column(place + 1, heading, list(islice(filled, SAMPLES)), target))
    return found


def _fields(layout: Layout) -> list[str]:
    """What a stored row would have, in the order of the fields."""
    named = {"name" if field in ("first_name", "last_name") else field for field in layout.fields if field}
    return [field for field in rules.FIELDS if field in named]


def _checked(layout: Layout, lines: Sequence[tuple[int, list[str]]]) -> list[tuple[int, Any]]:
    twice = repeats(layout)
    found = []
    for line, cells in lines:
        result = rules.check_row(layout, cells, line=line)
        found.append((line, result if isinstance(result, list) else twice(line, result) or result))
    return found


def _row(layout: Layout, fields: Sequence[str], line: int, result: dict[str, Any] | list[BadRow]) -> LookRow:
    if isinstance(result, list):
        return LookRow(line, [], [_remedy(bad) for bad in result])
    return LookRow(line, [str(result.get(field) or "") for field in fields], [])


def _remedy(bad: BadRow) -> str:
    sentence = str(SENTENCES[bad.code])
    if bad.other_line:
        sentence = sentence % {"line": bad.other_line}
    shown = f"“{bad.value[:40]}” " if bad.value else ""
    return f"{bad.column}: {shown}{sentence}" if bad.column else f"{shown}{sentence}"
