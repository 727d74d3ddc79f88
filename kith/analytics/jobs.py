"""Counting clicks by the clock, and writing the audit trail into files."""

from typing import Any

from kith.analytics import actions
from kith.kit import clock, jobs, tenancy
from kith.kit.models import Job


@jobs.job("analytics.count_clicks")
def count_clicks(**_: Any) -> None:
    """Batches until a small one; the next run takes the rest."""
    while actions.count_clicks(now=clock.now()) >= actions.CLICK_BATCH:
        pass


@jobs.job("analytics.export_trail")
@jobs.tracked
def export_trail(job: Job) -> dict[str, Any]:
    """Write the asked-for part of the trail into a file."""
    with tenancy.use(job.tenant_id):
        name, rows = actions.export_trail(**job.params)
    return {"counts": {"rows": rows}, "result_file": name, "done": rows, "total": rows}
