"""Long work on participants, done by a worker."""

from typing import Any

from django.db import connection

from kith.kit import clock, files, jobs, tenancy
from kith.kit.actors import Actor
from kith.kit.models import Job
from kith.participants import actions


@jobs.job("participants.import_customers")
@jobs.tracked
def import_customers(job: Job) -> dict[str, Any]:
    """Import the uploaded file. Begun again, it finds what it has stored and stores the rest."""

    def progress(done: int, of: int) -> None:
        # Inside the storing transaction nobody would see it before the end.
        if not connection.in_atomic_block:
            jobs.progress(job, done=done, total=of)

    with tenancy.use(job.tenant_id):
        stream = files.opened(job.input_file)
    with stream:
        done = actions.import_customers(
            **job.params, tenant_id=job.tenant_id, stream=stream, actor=_asker(job), now=clock.now(),
            progress=progress,
        )  # fmt: skip
    rows = sum(done.counts.values())
    counts = {**done.counts, **done.reading}
    return {"counts": counts, "error_file": done.error_file, "done": rows, "total": rows}


@jobs.job("participants.export")
@jobs.tracked
def export(job: Job) -> dict[str, Any]:
    """Write the asked-for list into a file."""
    with tenancy.use(job.tenant_id, actor=_asker(job)):
        name, rows = actions.export_participants(**job.params)
    return {"counts": {"rows": rows}, "result_file": name, "done": rows, "total": rows}


def _asker(job: Job) -> Actor:
    """Whoever asked for the job, as the audit trail and events name them."""
    kind, _, actor_id = job.created_by.partition(":")
    return Actor(kind=kind, id=actor_id, tenant_id=job.tenant_id)  # type: ignore[arg-type]
