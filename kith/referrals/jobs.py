"""Background work: exports, and the upkeep of clicks."""

from typing import Any

from kith.kit import clock, jobs, tenancy
from kith.kit.models import Job
from kith.referrals import actions, queries
from kith.referrals.models import Note
from kith.referrals.providers import mail


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


@jobs.job("referrals.send_question", retry=5)
def send_question(*, tenant_id: int, note_id: str, reply_to: str, **_: Any) -> None:
    """Mail a question to the referrer, unless it was erased meanwhile."""
    with tenancy.use(tenant_id):
        rows = Note.objects.select_related("referral", "referral__referrer", "referral__program", "tenant")
        note = rows.filter(pk=note_id).first()
        question = queries.read_note(note).text if note else None
    if note is not None and question and note.referral.referrer.email:
        mail.send_question(referral=note.referral, tenant=note.tenant, question=question, reply_to=reply_to)
