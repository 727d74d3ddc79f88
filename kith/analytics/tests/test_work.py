"""Long work: its list, its state, its files."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django import app

from conftest import make_member
from kith.analytics.queries import JOB_KINDS
from kith.kit import clock, files, jobs, tenancy
from kith.kit.actors import Actor
from kith.kit.models import Job

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def made(acme: Any, actor: Actor, kind: str = "participants.export", **values: Any) -> Job:
    """A job brought to a state, with a file."""
    with tenancy.use(acme.id, actor=actor):
        row = jobs.start(kind, params={}, actor=actor, now=clock.now())
        if values.pop("file", False):
            values["result_file"] = files.keep(io.BytesIO(b"name"), folder="exports", suffix=".csv")
        Job.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
        return row


def url(acme: Any, name: str, *rest: Any) -> str:
    return reverse(f"analytics:{name}", args=[acme.slug, *rest])


def shown(client: Any, address: str, **wanted: str) -> str:
    return " ".join(client.get(address, wanted).content.decode().split()).partition("<main")[2]


def test_every_kind_of_long_work_has_words_of_its_own() -> None:
    body = jobs.tracked(lambda _row: None).__code__
    kinds = {name for name, task in app.tasks.items() if getattr(task.func, "__code__", None) is body}
    assert len(kinds) > 5
    assert kinds == set(JOB_KINDS)
    assert len({str(kind.words) for kind in JOB_KINDS.values()}) == len(kinds)


def test_nothing_yet_teaches_and_filters_lead_back(acme: Any, alice: Actor, browse: Any) -> None:
    client = browse(alice)
    assert "No imports or exports yet" in shown(client, url(acme, "jobs"))
    made(acme, alice)
    assert "No work like that" in shown(client, url(acme, "jobs"), state="failed")


def test_the_list_asks_again_only_while_something_runs(acme: Any, alice: Actor, browse: Any) -> None:
    client = browse(alice)
    row = made(acme, alice, state="running", done=3, total=10)
    page = shown(client, url(acme, "jobs"))
    assert 'hx-trigger="every 2s"' in page
    assert "3 / 10" in page
    with tenancy.use(acme.id):
        Job.objects.filter(pk=row.pk).update(state="succeeded", done=10)
    assert 'hx-trigger="every 2s"' not in shown(client, url(acme, "jobs"))


def test_a_failure_says_why(acme: Any, alice: Actor, browse: Any) -> None:
    row = made(acme, alice, state="failed", error_code="table_unreadable", error_message="This is no table.")
    page = shown(browse(alice), url(acme, "job", row.id))
    assert "This is no table." in page
    assert "table_unreadable" in page


def test_files_are_for_those_who_may_have_what_is_in_them(
    acme: Any, rival: Any, alice: Actor, charlie: Actor, browse: Any
) -> None:
    people = made(acme, alice, state="succeeded", file=True)
    trail = made(acme, alice, kind="analytics.export_trail", state="succeeded", file=True)
    manager = make_member(acme, "mia", "manager")
    assert browse(manager).get(url(acme, "job_result", people.id)).status_code == 200
    assert browse(manager).get(url(acme, "job_result", trail.id)).status_code == 403
    assert url(acme, "job_result", trail.id) not in shown(browse(manager), url(acme, "jobs"))
    assert url(acme, "job_result", people.id) in shown(browse(manager), url(acme, "jobs"))
    got = browse(alice).get(url(acme, "job_result", trail.id))
    assert b"".join(got.streaming_content) == b"name"
    assert browse(alice).get(url(acme, "job_errors", trail.id)).status_code == 404
    for name in ("job", "job_result"):
        assert browse(charlie).get(url(rival, name, people.id)).status_code == 404


def test_thirty_jobs_cost_as_many_statements_as_three(acme: Any, alice: Actor, browse: Any) -> None:
    client, counts = browse(alice), []
    for number in (3, 12):
        for _each in range(number):
            made(acme, alice, state="succeeded")
        with CaptureQueriesContext(connection) as seen:
            client.get(url(acme, "jobs"))
        counts.append(len(seen))
    assert counts[0] == counts[1]
