"""Customers by the hundred thousand: check the whole file first, then store it in one transaction."""

import csv
import datetime
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import orjson
from django.db import IntegrityError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kith.kit import files, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, Invalid
from kith.kit.tables import neutral
from kith.participants import queries, rules
from kith.participants.actions.merging import Merge, Row
from kith.participants.actions.reading import Sheet, open_sheet
from kith.participants.actions.refusals import SENTENCES
from kith.participants.rules import BadRow
from kith.tenants.queries import current_tenant

Mode = Literal["all-or-nothing", "skip-bad-rows"]
Progress = Callable[[int, int], None]
"""Called with how many steps are done and how many there are; each line is checked and then stored."""

_CHUNK = 5000
_MERGE_TRIES = 3
_IN_MEMORY = 8 << 20
_SHOWN = 200


class RowsRefused(Invalid):
    """All or nothing was asked for and some rows are bad; nothing was stored."""

    code = "rows_refused"
    message = _(
        "Rows with errors: %(bad)s, so nothing was imported. The error file names each with its remedy."
    )


class ImportOvertaken(Conflict):
    """Others kept changing the same people while the file was being stored; nothing was stored."""

    code = "import_overtaken"
    message = _(
        "Some of these people were changed at the same moment. Nothing was imported; please try again."
    )


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `error_file` is the stored name of the list of bad rows, empty without any.

    `reading` says how the file was understood: columns kept and ignored, the sheet and those beside it, and
    which way round dates with slashes were read.
    """

    created: int
    updated: int
    unchanged: int
    bad: int
    error_file: str
    reading: dict[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """The numbers a person wants to see."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "bad": self.bad,
        }


def import_customers(
    *,
    tenant_id: int,
    stream: IO[bytes],
    mode: Mode = "all-or-nothing",
    keep_columns: bool = False,
    sheet: str = "",
    source: str = "import",
    actor: Actor,
    now: datetime.datetime,
    progress: Progress = lambda _done, _of: None,
) -> Imported:
    """Import a table (CSV, .xlsx, JSON as exported). Call it outside a transaction: it is stored in one of its own.

    People are recognized by external id, else by e-mail address; what is the same already is not touched,
    and an empty cell leaves what is known. With `keep_columns`, columns that mean nothing here are stored as
    they are. `sheet` names one of a workbook. Raises RowsRefused (its details carry the counts and the error
    file), the refusals of `unreadable`, ImportOvertaken.
    """
    with tenancy.use(tenant_id, actor=actor):
        region, locale = queries.phone_region(), current_tenant().locale
    month_first = rules.is_month_first(locale, region)
    table = open_sheet(stream, region=region, month_first=month_first, keep=keep_columns, sheet=sheet)
    with tempfile.TemporaryFile() as spool, _Report(locale) as report:
        rows = _check(table, spool, report, progress)
        if mode == "all-or-nothing" and report.bad:
            raise _refusal(tenant_id, report)
        for _try in range(_MERGE_TRIES):
            try:
                with tenancy.use(tenant_id, actor=actor):
                    merge = Merge(table.layout, source, now)
                    found = _store(merge, spool, rows, progress)
                    if found and mode == "all-or-nothing":
                        report.add(found)
                        raise _refusal(tenant_id, report)
                break
            except IntegrityError:
                # Somebody else stored one of these people between our look and our insert: look again.
                continue
        else:
            raise ImportOvertaken
        report.add(found)
        return Imported(
            merge.created,
            merge.updated,
            merge.unchanged,
            report.bad,
            report.keep(tenant_id),
            _understood(table),
        )


def _understood(table: Sheet) -> dict[str, Any]:
    """How the file was read, without what did not occur in it."""
    layout = table.layout
    found = {
        "columns_kept": layout.others if layout.keep else [],
        "columns_ignored": [] if layout.keep else layout.others,
        "sheet": table.title,
        "other_sheets": table.others,
        "dates": ("MDY" if layout.month_first else "DMY") if "application_on" in layout.fields else "",
    }
    return {name: value for name, value in found.items() if value}


def _check(sheet: Sheet, spool: IO[bytes], report: "_Report", progress: Progress) -> int:
    """Check every row; the good ones go to the spool in chunks. How many those are."""
    seen = _Seen(sheet)
    steps, good, chunk = 2 * sheet.lines, 0, list[Row]()
    for number, (line, result) in enumerate(sheet, 1):
        bad = result if isinstance(result, list) else seen.twice(line, result)
        if bad:
            report.add(bad)
        else:
            chunk.append((line, result))  # type: ignore[arg-type]
        if len(chunk) >= _CHUNK:
            good += _spool(chunk, spool)
        if number % 1000 == 0:
            progress(min(line, sheet.lines), steps)
    good += _spool(chunk, spool)
    progress(sheet.lines, steps)
    return good


def _spool(chunk: list[Row], spool: IO[bytes]) -> int:
    written = len(chunk)
    spool.write(orjson.dumps(chunk) + b"\n")
    chunk.clear()
    return written


def _store(merge: Merge, spool: IO[bytes], rows: int, progress: Progress) -> list[BadRow]:
    """Merge the spooled rows in the transaction in force; those that clash with what is stored already."""
    bad: list[BadRow] = []
    merge.start()
    spool.seek(0)
    done = 0
    for text in spool:
        chunk = orjson.loads(text)
        bad += merge.stage(chunk)
        done += len(chunk)
        progress(rows + done, 2 * rows)
    merge.finish()
    return bad


def _refusal(tenant_id: int, report: "_Report") -> RowsRefused:
    counts = {"created": 0, "updated": 0, "unchanged": 0, "bad": report.bad}
    return RowsRefused(bad=report.bad, job={"counts": counts, "error_file": report.keep(tenant_id)})


@dataclass(slots=True)
class _Seen:
    """Keys of the rows so far, as numbers: a file of a million rows fits."""

    sheet: Sheet
    _lines: dict[int, int] = field(default_factory=dict)

    def twice(self, line: int, values: Any) -> list[BadRow]:
        """What says that an earlier line has the same e-mail address or external id."""
        bad = []
        for name in ("email", "external_id"):
            value = values.get(name)
            if value:
                earlier = self._lines.setdefault(hash((name, value)), line)
                if earlier != line:
                    heading = self.sheet.layout.heading(name)
                    bad.append(BadRow(line, heading, value, f"{name}_twice", earlier))
        return bad


class _Report:
    """The list of bad rows, written as it grows; `bad` counts rows, of which one may have several lines."""

    def __init__(self, locale: str) -> None:
        self._locale = locale
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._text = io.TextIOWrapper(self._file, "utf-8-sig", newline="", write_through=True)  # type: ignore[arg-type]
        self._writer = csv.writer(self._text)
        self._writer.writerow(["line", "column", "value", "remedy"])
        self._last_line = 0
        self.bad = 0

    def __enter__(self) -> "_Report":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()

    def add(self, rows: Iterable[BadRow]) -> None:
        """Write down what keeps rows out."""
        with translation.override(self._locale):
            for row in rows:
                self.bad += row.line != self._last_line
                self._last_line = row.line
                self._writer.writerow(_as_cells(row))

    def keep(self, tenant_id: int) -> str:
        """Store the list; its name, empty when no row is bad."""
        if not self.bad:
            return ""
        self._text.flush()
        self._file.seek(0)
        with tenancy.use(tenant_id):
            pieces: Iterator[bytes] = iter(lambda: self._file.read(1 << 16), b"")
            return files.keep(pieces, folder="import-errors", suffix=".csv")


def _as_cells(row: BadRow) -> list[Any]:
    remedy = str(SENTENCES[row.code])
    if row.other_line:
        remedy = remedy % {"line": row.other_line}
    shown = row.value if len(row.value) <= _SHOWN else f"{row.value[:_SHOWN]}…"
    return [row.line, neutral(row.column), neutral(shown), remedy]
