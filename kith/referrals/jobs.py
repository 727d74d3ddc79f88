"""Background work: exports, and the upkeep of clicks."""

import csv
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage

from kith.kit import clock, http, jobs, pagination, tenancy
from kith.kit.models import Job
from kith.participants.rules import neutral
from kith.referrals import actions, queries

_BATCH = pagination.LARGEST_LIMIT
COLUMNS = (
    "id", "created_at", "status", "category", "program", "campaign", "referrer_name", "referrer_code",
    "referrer_external_id", "referred_name", "referred_email", "referred_country", "booking_reference", "visa_type",
    "code", "method", "source", "converted_at", "completed_at",
)  # fmt: skip


@jobs.job("referrals.prepare_partitions")
def prepare_partitions(**_: Any) -> None:
    """Make the coming months' tables of clicks."""
    actions.prepare_partitions(now=clock.now())


@jobs.job("referrals.forget_salts")
def forget_salts(**_: Any) -> None:
    """Destroy the salts of visitors' hashes that are older than 48 hours."""
    actions.forget_salts(now=clock.now())


@jobs.job("referrals.export")
@jobs.tracked
def export(job: Job) -> Mapping[str, Any]:
    """Write the organization's referrals into a file, page by page, each in a short transaction."""
    kind = "json" if job.params.get("format") == "json" else "csv"
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", newline="", suffix=f".{kind}") as out:
        written = (_write_json if kind == "json" else _write_csv)(out, _rows(job))
        out.flush()
        with open(out.name, "rb") as finished:
            name = default_storage.save(f"exports/{job.tenant_id}/referrals-{job.id}.{kind}", File(finished))
    return {"result_file": name, "done": written, "total": written, "counts": {"referrals": written}}


def _rows(job: Job) -> Iterator[dict[str, Any]]:
    wanted = {name: value for name, value in job.params.items() if name != "format" and value}
    cursor, done = None, 0
    while True:
        with tenancy.use(job.tenant_id):
            found = pagination.keyset(queries.referral_list(**wanted), cursor=cursor, limit=_BATCH)
            rows = [_row(referral) for referral in found.items]
        yield from rows
        done += len(rows)
        if found.next_cursor is None:
            return
        cursor = found.next_cursor
        if done % (_BATCH * 10) == 0:
            jobs.progress(job, done=done)


def _row(referral: Any) -> dict[str, Any]:
    values = (
        str(referral.id), _time(referral.created_at), referral.stage.code, referral.category, referral.program.code,
        referral.campaign.code if referral.campaign else "", referral.referrer.name, referral.referrer.code,
        referral.referrer.external_id, referral.referred_name, referral.referred_email, referral.referred_country,
        referral.booking_reference, referral.visa_type, referral.code, referral.method, referral.source,
        _time(referral.converted_at), _time(referral.completed_at),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _time(at: Any) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _write_csv(out: IO[str], rows: Iterator[dict[str, Any]]) -> int:
    """Spreadsheets must not take a cell for a formula, hence `neutral`."""
    writer, written = csv.writer(out), 0
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([neutral(str(value)) for value in row.values()])
        written += 1
    return written


def _write_json(out: IO[str], rows: Iterator[dict[str, Any]]) -> int:
    written = 0
    out.write("[")
    for row in rows:
        out.write(",\n" if written else "\n")
        out.write(http.dumps(row).decode())
        written += 1
    out.write("\n]\n")
    return written
