"""Customers by the hundred thousand: check the whole file first, then store it in one transaction."""

import datetime
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import orjson
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, Invalid
from kith.participants import queries, rules
from kith.participants.actions.merging import Merge, Row
from kith.participants.actions.reading import Sheet, open_sheet
from kith.participants.actions.reporting import Report
from kith.participants.rules import BadRow, Layout
from kith.tenants.queries import current_tenant

Mode = Literal["all-or-nothing", "skip-bad-rows"]
Progress = Callable[[int, int], None]
"""Called with how many steps are done and how many there are; each line is checked and then stored."""

_CHUNK = 5000
_MERGE_TRIES = 3


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

    `repair_file` has the bad rows as they were, each with its remedy: mended, it can be imported again.

    `reading` says how the file was understood: columns kept and ignored, the sheet and those beside it, and
    which way round dates with slashes were read.
    """

    created: int
    updated: int
    unchanged: int
    bad: int
    error_file: str
    repair_file: str
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
    mapping: Mapping[str, str] | None = None,
    source: str = "import",
    actor: Actor,
    now: datetime.datetime,
    progress: Progress = lambda _done, _of: None,
) -> Imported:
    """Import a table (CSV, .xlsx, JSON as exported). Call it outside a transaction: it is stored in one of its own.

    People are recognized by external id, else by e-mail address; what is the same already is not touched,
    and an empty cell leaves what is known. With `keep_columns`, columns that mean nothing here are stored as
    they are. `sheet` names one of a workbook, `mapping` says what columns mean (`rules.find_layout`). Raises
    RowsRefused (its details carry the counts and the files), the refusals of `unreadable`, ImportOvertaken.
    """
    with tenancy.use(tenant_id, actor=actor):
        region, locale = queries.phone_region(), current_tenant().locale
    month_first = rules.is_month_first(locale, region)
    wishes: dict[str, Any] = {
        "region": region, "month_first": month_first, "keep": keep_columns, "sheet": sheet, "mapping": mapping,
    }  # fmt: skip
    table = open_sheet(stream, **wishes)
    with tempfile.TemporaryFile() as spool, Report(locale, table.delimiter) as report:
        rows = _check(table, spool, report, progress)
        if mode == "all-or-nothing" and report.bad:
            raise _refusal(tenant_id, report, open_sheet(stream, **wishes))
        for _try in range(_MERGE_TRIES):
            try:
                with tenancy.use(tenant_id, actor=actor):
                    merge = Merge(table.layout, source, now)
                    found = _store(merge, spool, rows, progress)
                    if found and mode == "all-or-nothing":
                        report.add(found)
                        raise _refusal(tenant_id, report, open_sheet(stream, **wishes))
                break
            except IntegrityError:
                # Somebody else stored one of these people between our look and our insert: look again.
                continue
        else:
            raise ImportOvertaken
        report.add(found)
        return _done(merge, report, tenant_id, table, wishes, stream)


def _done(
    merge: Merge, report: Report, tenant_id: int, table: Sheet, wishes: Mapping[str, Any], stream: IO[bytes]
) -> Imported:
    """What was done, with the files about what was not."""
    repair = report.keep_rows(tenant_id, open_sheet(stream, **wishes)) if report.bad else ""
    return Imported(
        merge.created,
        merge.updated,
        merge.unchanged,
        report.bad,
        report.keep(tenant_id),
        repair,
        _understood(table),
    )


def _understood(table: Sheet) -> dict[str, Any]:
    """How the file was read, without what did not occur in it."""
    layout = table.layout
    found = {
        "columns_kept": layout.others if layout.keep else [],
        "columns_ignored": layout.ignored,
        "sheet": table.title,
        "other_sheets": table.others,
        "dates": ("MDY" if layout.month_first else "DMY") if "application_on" in layout.fields else "",
    }
    return {name: value for name, value in found.items() if value}


def _check(sheet: Sheet, spool: IO[bytes], report: Report, progress: Progress) -> int:
    """Check every row; the good ones go to the spool in chunks. How many those are."""
    twice = repeats(sheet.layout)
    steps, good, chunk = 2 * sheet.lines, 0, list[Row]()
    for number, (line, result) in enumerate(sheet, 1):
        bad = result if isinstance(result, list) else twice(line, result)
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


def _refusal(tenant_id: int, report: Report, again: Sheet) -> RowsRefused:
    counts = {"created": 0, "updated": 0, "unchanged": 0, "bad": report.bad}
    made = {"error_file": report.keep(tenant_id), "result_file": report.keep_rows(tenant_id, again)}
    return RowsRefused(bad=report.bad, job={"counts": counts, **made})


def repeats(layout: Layout) -> Callable[[int, Any], list[BadRow]]:
    """A function of line and stored forms that remembers them: what is said twice, if anything."""
    return _Seen(layout).twice


@dataclass(slots=True)
class _Seen:
    """Keys of the rows so far, as numbers: a file of a million rows fits."""

    layout: Layout
    _lines: dict[int, int] = field(default_factory=dict)

    def twice(self, line: int, values: Any) -> list[BadRow]:
        """What says that an earlier line has the same e-mail address or external id."""
        bad = []
        for name in ("email", "external_id"):
            value = values.get(name)
            if value:
                earlier = self._lines.setdefault(hash((name, value)), line)
                if earlier != line:
                    heading = self.layout.heading(name)
                    bad.append(BadRow(line, heading, value, f"{name}_twice", earlier))
        return bad
