"""All referrals of a list as one file."""

import datetime
from typing import Any

from kith.kit import files, jobs
from kith.kit.actors import Actor
from kith.kit.models import Job
from kith.kit.tables import Format
from kith.referrals import queries
from kith.referrals.models import Referral

EXPORT = "referrals.export"
COLUMNS = (
    "id", "created_at", "status", "category", "program", "campaign", "referrer_name", "referrer_code",
    "referrer_external_id", "referred_name", "referred_email", "referred_country", "booking_reference", "visa_type",
    "code", "method", "source", "converted_at", "completed_at",
)  # fmt: skip
_PIECE = 2000


def request_export(*, format: Format, actor: Actor, now: datetime.datetime, **filters: Any) -> Job:
    """Queue an export of the referrals that a list with these filters shows."""
    params = {name: str(value) for name, value in filters.items() if value}
    return jobs.start(EXPORT, params={"format": format, **params}, actor=actor, now=now)


def export_referrals(*, format: Format, **filters: Any) -> tuple[str, int]:
    """Write the list into a stored file, newest first: its name and how many rows. Needs a tenant in force.

    `filters` are arguments of `queries.referral_list`; ids may be text.
    """
    found = queries.referral_list(**filters)
    rows = map(_row, found.iterator(chunk_size=_PIECE))
    return files.keep_table(COLUMNS, rows, folder="exports", format=format)


def _row(referral: Referral) -> dict[str, str]:
    values = (
        str(referral.id), _time(referral.created_at), referral.stage.code, referral.category, referral.program.code,
        referral.campaign.code if referral.campaign else "", referral.referrer.name, referral.referrer.code,
        referral.referrer.external_id, referral.referred_name, referral.referred_email, referral.referred_country,
        referral.booking_reference, referral.visa_type, referral.code, referral.method, referral.source,
        _time(referral.converted_at), _time(referral.completed_at),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _time(at: datetime.datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
