"""Background jobs on procrastinate: enqueued in the caller's transaction, run by `kith worker`.

`Job` rows are the long pieces of work a person waits for; they carry progress, counts and files. A task whose
worker dies or loses the database is begun again (`reaper`), so every task may run twice.
"""

import datetime
import functools
import logging
import os
import signal
from collections.abc import Callable, Mapping
from typing import IO, Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils.translation import gettext_lazy as _
from procrastinate import PsycopgConnector, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition

from kith.kit import clock, files, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, DomainError, TooMany
from kith.kit.models import Job, JobState
from kith.kit.pagination import DEFAULT_LIMIT, Page, keyset
from kith.kit.reaper import BEAT_SECONDS, SILENT_SECONDS, TRIES

log = logging.getLogger("kith.jobs")

DATABASE_AWAY = (OperationalError, InterfaceError)
# 3, 9, 27 and 81 seconds: a restart or a short outage is over by then.
_AFTER_AN_OUTAGE = RetryStrategy(max_attempts=TRIES - 1, exponential_wait=3, retry_exceptions=DATABASE_AWAY)

MOST_WAITING, RETRY_SECONDS = 20, 60
"""Jobs of one organization that have not ended, each with a file perhaps; and when to ask again."""

Task = Callable[..., None]


def job(name: str, *, queue: str = "default", retry: int = 0) -> Callable[[Task], Task]:
    """Register a task. It gets keywords only, tolerates unknown ones and may run twice.

    It is tried again after an outage of the database, and `retry` times after any error.
    """

    def register(task: Task) -> Task:
        return app.task(name=name, queue=queue, retry=retry or _AFTER_AN_OUTAGE)(task)  # type: ignore[no-any-return]

    return register


def enqueue(
    name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    priority: int = 0,
    wait: int = 0,
    **arguments: Any,
) -> None:
    """Queue a task by name in the current transaction; those of a higher priority are begun first.

    It is begun after `wait` seconds at the earliest. Of those with the same `lock` one runs at a time, of those
    with the same `queueing_lock` one waits.
    """
    try:
        with transaction.atomic():
            task = app.configure_task(
                name=name, lock=lock, queueing_lock=queueing_lock, priority=priority,
                schedule_in={"seconds": wait} if wait else None,
            )  # fmt: skip
            task.defer(**arguments)
    except AlreadyEnqueued:
        log.debug("already queued", extra={"job": name})


def start(
    kind: str,
    *,
    params: Mapping[str, Any],
    actor: Actor,
    now: datetime.datetime,
    upload: IO[Any] | None = None,
) -> Job:
    """Create the job row, keep its file, and queue its task, which has the same name as `kind`.

    The queue is everybody's: an organization's jobs run one after the other and behind short tasks. Raises
    TooMany while MOST_WAITING of them have not ended, TooLarge.
    """
    _refuse_more()
    row: Job = Job.objects.create(
        tenant_id=tenancy.current_tenant_id(),
        kind=kind,
        params=dict(params),
        input_file=files.keep(upload, folder="imports") if upload is not None else "",
        created_by=actor.ref,
        created_at=now,
    )
    _queue(row)
    return row


class AlreadyStarted(Conflict):
    """The work is queued, running or done."""

    code, message = "already_started", _("This has been started already.")


def prepare(
    kind: str, *, params: Mapping[str, Any], actor: Actor, now: datetime.datetime, upload: IO[Any]
) -> Job:
    """A job with its file that waits for `begin`. The drafts of that kind the actor has left go, with their files.

    Raises TooLarge.
    """
    older = Job.objects.filter(kind=kind, state=JobState.DRAFT, created_by=actor.ref)
    for name in older.values_list("input_file", flat=True):
        files.remove(name)
    older.delete()
    kept = files.keep(upload, folder="imports")
    row: Job = Job.objects.create(
        tenant_id=tenancy.current_tenant_id(), kind=kind, state=JobState.DRAFT, params=dict(params),
        input_file=kept, created_by=actor.ref, created_at=now,
    )  # fmt: skip
    return row


def begin(row: Job, *, params: Mapping[str, Any], now: datetime.datetime) -> Job:
    """Queue a prepared job. Raises AlreadyStarted, and TooMany as `start`."""
    _refuse_more()
    mine = Job.objects.filter(pk=row.pk, state=JobState.DRAFT)
    if not mine.update(state=JobState.QUEUED, params=dict(params), created_at=now):
        raise AlreadyStarted
    _queue(row)
    return row


def _refuse_more() -> None:
    if Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).count() >= MOST_WAITING:
        raise TooMany(retry_after=RETRY_SECONDS, limit=MOST_WAITING)


def _queue(row: Job) -> None:
    enqueue(
        row.kind, lock=f"tenant-{row.tenant_id}", priority=-1, tenant_id=row.tenant_id, job_id=str(row.id)
    )


def tracked(task: Callable[[Job], Mapping[str, Any] | None]) -> Task:
    """Wrap the body of a tracked task: `body(job)` runs outside a transaction, its result is kept.

    The body may return {"counts": …, "result_file": …, "error_file": …}. A DomainError ends the job as
    failed with its code and sentence; any other exception does too and is logged as a defect. Only a lost
    database leaves it running, to be tried again. The input file goes when the job has ended, not before.
    """

    @functools.wraps(task)
    def run(*, tenant_id: int, job_id: str, **_: Any) -> None:
        row = _begin(tenant_id, job_id)
        if row is None:
            return
        try:
            outcome = dict(task(row) or {})
        except DomainError as error:
            _end(
                row,
                JobState.FAILED,
                error_code=error.code,
                error_message=error.text,
                **error.details.get("job", {}),
            )
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("job failed", extra={"job": row.kind, "job_id": job_id})
            _end(row, JobState.FAILED, error_code="internal", error_message="")
            raise
        else:
            _end(row, JobState.SUCCEEDED, **outcome)

    return run


def _begin(tenant_id: int, job_id: str) -> Job | None:
    """Mark the job as running, unless it has ended already (a task may be delivered twice)."""
    with tenancy.use(tenant_id):
        started = Job.objects.filter(pk=job_id, state__in=[JobState.QUEUED, JobState.RUNNING]).update(
            state=JobState.RUNNING, started_at=clock.now()
        )
        found: Job | None = Job.objects.filter(pk=job_id).first() if started else None
        return found


def _end(row: Job, state: JobState, **values: Any) -> None:
    """The first end counts, for a worker taken for dead may still come to one."""
    with tenancy.use(row.tenant_id):
        unended = Job.objects.filter(pk=row.pk, state=JobState.RUNNING)
        unended.update(state=state, finished_at=clock.now(), **values)
    with tenancy.use(row.tenant_id):
        files.remove(row.input_file)


def progress(
    row: Job, *, done: int, total: int | None = None, counts: Mapping[str, int] | None = None
) -> None:
    """Say how far the job is; its own transaction, so that people see it at once."""
    values: dict[str, Any] = {"done": done}
    if total is not None:
        values["total"] = total
    if counts is not None:
        values["counts"] = dict(counts)
    with tenancy.use(row.tenant_id):
        Job.objects.filter(pk=row.pk).update(**values)


def get_job(job_id: UUID) -> Job:
    """The tenant's job of that id. Raises Job.DoesNotExist."""
    found: Job = Job.objects.get(pk=job_id)
    return found


def recent(*, kind: str = "", cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Job]:
    """The tenant's jobs, newest first, from a cursor on; those that are still being prepared left out."""
    rows = Job.objects.exclude(state=JobState.DRAFT)
    rows = rows.filter(kind=kind) if kind else rows
    return keyset(rows, cursor=cursor, limit=limit)


class _FailStop(PsycopgConnector):
    """Ends the worker when the queue cannot be told how a job ended.

    The queue would show that job as running for as long as this worker says that it is alive.
    """

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        """As the library's, which uses it to tell how a job ended and that the worker lives."""
        try:
            await super().execute_query_async(query, **arguments)
        except ConnectorException:
            log.warning("the job queue cannot be written; this worker ends")
            os.kill(os.getpid(), signal.SIGTERM)
            raise


def run_worker(*, wait: bool = True, concurrency: int = 2) -> None:
    """Run queued jobs; with `wait=False` return when none is left."""
    connections.close_all()
    parameters = connector_params()
    connector = _FailStop(kwargs=parameters) if wait else PsycopgConnector(kwargs=parameters)
    worker_app = app.with_connector(connector)  # type: ignore[attr-defined]
    with worker_app.open():
        worker_app.run_worker(
            wait=wait,
            concurrency=concurrency,
            install_signal_handlers=wait,
            listen_notify=wait,
            fetch_job_polling_interval=1,
            update_heartbeat_interval=BEAT_SECONDS,
            stalled_worker_timeout=SILENT_SECONDS,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
        )
