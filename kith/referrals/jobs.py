"""Background work: exports, and the upkeep of clicks."""

from typing import Any

from kith.kit import clock, jobs, tenancy
from kith.kit.models import Job
from kith.referrals import actions


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
def export(job: Job) -> dict[str, Any]:
    """Write the asked-for list into a file."""
    with tenancy.use(job.tenant_id):
        name, rows = actions.export_referrals(**job.params)
    return {"counts": {"referrals": rows}, "result_file": name, "done": rows, "total": rows}
