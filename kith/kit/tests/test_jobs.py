"""Jobs whose worker died, whose database went away, and whose task is gone."""

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app

from conftest import NOW
from kith.kit import clock, files, jobs, reaper
from kith.kit.actors import SYSTEM
from kith.kit.errors import Conflict
from kith.kit.models import Job

pytestmark = pytest.mark.django_db

SILENT = reaper.SILENT_SECONDS + 1


@pytest.fixture
def job(in_acme: Any) -> Job:
    """An export that is queued."""
    return jobs.start("participants.export", params={"format": "csv"}, actor=SYSTEM, now=NOW)


def fetched_by_a_worker(job: Job, *, silent: float, attempts: int = 0) -> int:
    """The job's task as a worker left it that was last heard of so many seconds ago; the task's id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat)"
            " values (now() - make_interval(secs => %s)) returning id",
            [silent],
        )
        (worker,) = cursor.fetchone()
        cursor.execute(
            "update procrastinate_jobs set status = 'doing', worker_id = %s, attempts = %s"
            " where args ->> 'job_id' = %s returning id",
            [worker, attempts, str(job.id)],
        )
        (task,) = cursor.fetchone()
    Job.objects.filter(pk=job.pk).update(state="running")
    return int(task)


def task_of(job: Job) -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select status, attempts from procrastinate_jobs where args ->> 'job_id' = %s", [str(job.id)]
        )
        status, attempts = cursor.fetchone()
        return str(status), int(attempts)


def test_what_a_dead_worker_left_is_queued_again(job: Job) -> None:
    fetched_by_a_worker(job, silent=SILENT)
    assert reaper.reap(now=clock.now()) == 1
    assert task_of(job) == ("todo", 1)
    assert jobs.get_job(job.id).state == "running"
    assert reaper.reap(now=clock.now()) == 0


def test_what_a_living_worker_does_is_left_alone(job: Job) -> None:
    fetched_by_a_worker(job, silent=reaper.BEAT_SECONDS)
    assert reaper.reap(now=clock.now()) == 0
    assert task_of(job) == ("doing", 0)


def test_what_a_worker_left_that_said_goodbye_is_queued_again_at_once(job: Job) -> None:
    fetched_by_a_worker(job, silent=0)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers")
    assert reaper.reap(now=clock.now()) == 1


def test_a_job_that_keeps_killing_its_workers_ends_as_failed(job: Job) -> None:
    fetched_by_a_worker(job, silent=SILENT, attempts=reaper.TRIES - 1)
    assert reaper.reap(now=NOW) == 0
    assert task_of(job)[0] == "failed"
    ended = jobs.get_job(job.id)
    assert (ended.state, ended.error_code, ended.finished_at) == ("failed", "interrupted", NOW)
    assert "Starting it again is safe" in ended.error_message


def test_a_job_whose_task_is_gone_ends_as_failed(job: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where args ->> 'job_id' = %s", [str(job.id)])
    reaper.reap(now=NOW)
    assert jobs.get_job(job.id).error_code == "interrupted"


def test_a_job_that_waits_does_not_end(job: Job) -> None:
    reaper.reap(now=NOW)
    assert jobs.get_job(job.id).state == "queued"


def test_work_that_is_queued_anew_already_is_not_queued_twice(in_acme: Any) -> None:
    def queue() -> None:
        jobs.enqueue("kit.forget_old", queueing_lock="kit.forget_old")

    queue()
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing' where task_name = 'kit.forget_old'")
        queue()
        assert reaper.reap(now=clock.now()) == 0
        cursor.execute(
            "select status::text from procrastinate_jobs where task_name = 'kit.forget_old' order by id"
        )
        assert cursor.fetchall() == [("aborted",), ("todo",)]


# ---- how a tracked job ends


def run(job: Job, body: Any) -> Job:
    jobs.tracked(body)(tenant_id=job.tenant_id, job_id=str(job.id))
    return jobs.get_job(job.id)


def with_file(job: Job) -> str:
    name = files.keep(io.BytesIO(b"name\nDana\n"), folder="imports")
    Job.objects.filter(pk=job.pk).update(input_file=name)
    return name


@pytest.mark.parametrize("away", [OperationalError("gone"), InterfaceError("closed")])
def test_a_lost_database_neither_ends_the_job_nor_takes_its_file(job: Job, away: Exception) -> None:
    name = with_file(job)

    def body(_: Job) -> None:
        raise away

    with pytest.raises(type(away)):
        run(job, body)
    assert jobs.get_job(job.id).state == "running"
    assert default_storage.exists(name)
    assert run(job, lambda _: {"done": 1}).state == "succeeded"
    assert not default_storage.exists(name)


def test_a_refusal_ends_it_and_takes_the_file(job: Job) -> None:
    name = with_file(job)

    def body(_: Job) -> None:
        raise Conflict

    assert run(job, body).state == "failed"
    assert not default_storage.exists(name)


def test_the_first_end_counts(job: Job) -> None:
    """A worker taken for dead comes to its end while another one works."""

    def body(row: Job) -> dict[str, Any]:
        assert run(row, lambda _: {"done": 1}).state == "succeeded"
        raise Conflict

    ended = run(job, body)
    assert (ended.state, ended.done, ended.error_code) == ("succeeded", 1, "")


def test_every_job_is_tried_again_after_an_outage_and_only_then() -> None:
    from procrastinate.jobs import Job as Task

    task = Task(id=1, queue="default", lock=None, queueing_lock=None, task_name="participants.export")
    retry = app.tasks["participants.export"].retry_strategy
    assert retry is not None
    assert retry.get_retry_decision(exception=OperationalError(), job=task) is not None
    assert retry.get_retry_decision(exception=ValueError(), job=task) is None
    assert (
        retry.get_retry_decision(exception=OperationalError(), job=task.evolve(attempts=reaper.TRIES - 1))
        is None
    )
