"""Jobs of a killed worker are taken up again; one that keeps killing its workers ends as failed.

A worker says every BEAT_SECONDS that it is alive. Nobody tells us of a killed one: its silence does.
"""

import datetime
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job as Task
from procrastinate.jobs import Status

from kith.kit import tenancy, turns
from kith.kit.models import Job, JobState

log = logging.getLogger("kith.reaper")

TRIES = 5
"""How often a job may be begun; a worker's death and a lost database each cost one."""
BEAT_SECONDS = 5
SILENT_SECONDS = 20
_REAPING = 0x72656170
GIVEN_UP = _(
    "The work was interrupted several times and has been given up. Starting it again is safe: what was done "
    "already is not done twice."
)


def reap(*, now: datetime.datetime) -> int:
    """Queue what silent workers left, and end Job rows nobody works on. Returns how many tasks were queued."""
    with tenancy.across_tenants("workers serve every tenant"):
        if not turns.is_mine(_REAPING):
            return 0
        stalled = async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=SILENT_SECONDS)
        queued = sum(_take_up(task, now) for task in stalled)
        _end_forsaken(now)
        return queued


def _take_up(task: Task, now: datetime.datetime) -> bool:
    named = {"job": task.task_name, "task_id": task.id, "attempts": task.attempts + 1}
    if task.attempts + 1 >= TRIES:
        log.error("job given up: its workers keep dying", extra=named)
        _run(app.job_manager.finish_job, job=task, status=Status.FAILED, delete_job=False)
        return False
    try:
        with transaction.atomic():
            _run(app.job_manager.retry_job, job=task, retry_at=now)
    except UniqueViolation:
        # The same work was queued anew meanwhile, and at most one of it waits.
        _run(app.job_manager.finish_job, job=task, status=Status.ABORTED, delete_job=False)
        return False
    log.warning("job of a dead worker queued again", extra=named)
    return True


def _run(call: Callable[..., Any], **arguments: Any) -> None:
    async_to_sync(call)(**arguments)


def _end_forsaken(now: datetime.datetime) -> None:
    """A Job row and its task are made in one transaction, and the task ends last: without a task nobody will."""
    unended = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
    waited_for = {str(job_id) for job_id in unended.values_list("id", flat=True)}
    if not waited_for:
        return
    tasks = ProcrastinateJob.objects.filter(Q(status="todo") | Q(status="doing"), args__has_key="job_id")
    forsaken = waited_for - set(tasks.values_list("args__job_id", flat=True))
    ended = unended.filter(id__in=forsaken).update(
        state=JobState.FAILED, finished_at=now, error_code="interrupted", error_message=str(GIVEN_UP)
    )
    if ended:
        log.error("jobs without a task ended", extra={"jobs": sorted(forsaken)})
