"""Long work on participants, done by a worker."""

from typing import Any

from django.db import connection

from kith.kit import clock, files, jobs, tenancy
from kith.kit.actors import Actor
from kith.kit.models import Job
from kith.participants import actions
from kith.participants import queries as people
from kith.participants.providers import mail
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules
from kith.tenants.queries import active_tenant_ids, current_tenant


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
    files_made = {"error_file": done.error_file, "result_file": done.repair_file}
    return {"counts": counts, **files_made, "done": rows, "total": rows}


@jobs.job("participants.export")
@jobs.tracked
def export(job: Job) -> dict[str, Any]:
    """Write the asked-for list into a file."""
    with tenancy.use(job.tenant_id, actor=_asker(job)):
        name, rows = actions.export_participants(**job.params)
    return {"counts": {"rows": rows}, "result_file": name, "done": rows, "total": rows}


@jobs.job("participants.bulk")
@jobs.tracked
def bulk(job: Job) -> dict[str, Any]:
    """Do one thing to everybody a list showed, some hundred at a time. Begun again, it finds most done already."""
    wanted, actor = people.Filters.of_json(job.params["filters"]), _asker(job)
    with tenancy.use(job.tenant_id):
        total = people.total_of(wanted)
    counts, after, done = {"changed": 0, "unchanged": 0}, None, 0
    while True:
        with tenancy.use(job.tenant_id, actor=actor):
            ids = people.ids_of(wanted, after=after, limit=actions.PIECE)
            if not ids:
                return {"counts": counts, "done": done, "total": done}
            made = actions.do_to_many(
                ids=ids, deed=job.params["deed"], reason=job.params["reason"], actor=actor, now=clock.now()
            )
        counts = {name: counts[name] + made[name] for name in counts}
        after, done = ids[-1], done + len(ids)
        jobs.progress(job, done=done, total=max(total, done))


def _asker(job: Job) -> Actor:
    """Whoever asked for the job, as the audit trail and events name them."""
    kind, _, actor_id = job.created_by.partition(":")
    return Actor(kind=kind, id=actor_id, tenant_id=job.tenant_id)  # type: ignore[arg-type]


@jobs.job("participants.send_sign_in", retry=5)
def send_sign_in(*, tenant_id: int, participant_id: str, person_id: str, language: str, **_: Any) -> None:
    """Mail a code and a link. Without a participant there is nobody to write to."""
    if not participant_id:
        return
    with tenancy.use(tenant_id):
        found = queries.mailbox(participant_id, person_id)
        if found is None:
            return
        made = actions.make_sign_in_code(
            participant=found.participant, person=found.person, lifetime=rules.CODE_LIFETIME, now=clock.now()
        )
        tenant = current_tenant()
    whom = found.person or found.participant
    mail.send_sign_in(
        tenant=tenant, to=whom.email, name=queries.greeted(found.participant, found.person), code=made.code,
        token=made.token, language=found.participant.language or language,
    )  # fmt: skip


@jobs.job("participants.invite_to_portal", retry=5)
def invite_to_portal(*, tenant_id: int, participant_id: str, person_id: str = "", **_: Any) -> None:
    """Mail the first way in. Run twice, the later letter has the link that works."""
    with tenancy.use(tenant_id):
        found = queries.mailbox(participant_id, person_id)
        if found is None:
            return
        made = actions.make_sign_in_code(
            participant=found.participant, person=found.person, lifetime=rules.INVITATION_LIFETIME,
            now=clock.now(),
        )  # fmt: skip
    mail.send_invitation(participant=found.participant, person=found.person, token=made.token)


@jobs.job("participants.forget_old")
def forget_old(**_: Any) -> None:
    """Daily: codes and sessions of the portal that ended long ago."""
    for tenant_id in active_tenant_ids():
        with tenancy.use(tenant_id):
            actions.forget_old_ways_in(now=clock.now())
