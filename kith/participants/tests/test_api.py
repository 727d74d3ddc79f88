"""The participants' part of the JSON API."""

import csv
import datetime
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from kith.audit.models import AuditEntry
from kith.kit import clock, tenancy
from kith.kit import files as stored_files
from kith.kit.models import Job
from kith.participants import jobs
from kith.participants.models import Participant
from kith.participants.tests.factories import make_participant
from kith.tenants.jobs import forget_old

PEOPLE = "/api/v1/participants"
FILE = b"name,email,phone,country\nJan,jan@example.com,0612345678,NL\nEli,eli@,,\n"


def post(client, path, body, **headers):
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def patch(client, path, body):
    return client.patch(path, json.dumps(body), content_type="application/json")


@pytest.fixture
def dana(acme):
    with tenancy.use(acme.id):
        return make_participant(name="Dana", email="dana@example.com", phone="+31612345678", country="NL")


def upload(client, content=FILE, **fields):
    return client.post(f"{PEOPLE}/import", {"file": SimpleUploadedFile("c.csv", content), **fields})


def run(job_id, tenant, task):
    task(tenant_id=tenant.id, job_id=job_id)


def test_enrolling_and_reading(acme, alice, call, dana):
    client = call(alice)
    made = post(
        client, PEOPLE,
        {"name": "Jan", "email": "Jan@example.com", "phone": "06 12345679", "referred_by_code": dana.code.lower(),
         "application_on": "2026-06-15"},
    )  # fmt: skip
    assert made.status_code == 201, made.content
    person = made.json()["data"]
    assert person["phone"] == "+31612345679"
    assert person["referred_by_id"] == str(dana.id)
    assert client.get(f"{PEOPLE}/{person['id']}").json()["data"] == person
    page = client.get(PEOPLE, {"search": "jan@"}).json()
    assert [row["name"] for row in page["data"]] == ["Jan"]
    assert "phone" not in page["data"][0]
    assert page["pagination"] == {
        "page": 1, "limit": 20, "total": 1, "pages": 1, "next": None, "total_is_capped": False
    }  # fmt: skip


def test_changing_suspending_and_reactivating(acme, alice, call, dana):
    client, path = call(alice), f"{PEOPLE}/{dana.id}"
    changed = patch(client, path, {"phone": "06 87654321", "language": "nl"}).json()["data"]
    assert (changed["phone"], changed["language"], changed["name"]) == ("+31687654321", "nl", "Dana")
    assert post(client, f"{path}/suspend", {"reason": "complaint"}).json()["data"]["status"] == "suspended"
    assert post(client, f"{path}/reactivate", {}).json()["data"]["status"] == "active"


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"name": "X", "email": "nonsense"}, 422, "invalid", "email"),
        ({"name": "X", "phone": "12"}, 422, "invalid", "phone"),
        ({"name": ""}, 422, "invalid", "body.name"),
        ({"name": "X", "surprise": 1}, 422, "invalid", "body.surprise"),
        ({"name": "X", "referred_by_code": "NOBODY22"}, 422, "invalid", "referred_by_code"),
        ({"name": "X", "code": "admin"}, 422, "invalid", "code"),
        ({"name": "X", "email": "DANA@example.com"}, 409, "duplicate_email", "email"),
    ],
)
def test_refusals_name_the_field_and_keep_nothing(acme, alice, call, dana, body, status, code, field):
    answer = post(call(alice), PEOPLE, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert list(answer.json()["details"]["fields"]) == [field]
    with tenancy.use(acme.id):
        assert Participant.objects.count() == 1


@pytest.mark.django_db(databases=["default", "counters"])
def test_who_may_not(acme, alice, bob, charlie, call, client, dana):
    path = f"{PEOPLE}/{dana.id}"
    assert client.get(path).status_code == 401
    assert call(bob).get(path).status_code == 200
    for refused in (
        post(call(bob), PEOPLE, {"name": "X"}), patch(call(bob), path, {"name": "X"}),
        post(call(bob), f"{path}/suspend", {}), post(call(bob), f"{path}/reactivate", {}), upload(call(bob)),
        post(call(bob), f"{PEOPLE}/export", {}), call(bob).get("/api/v1/jobs"),
    ):  # fmt: skip
        assert refused.status_code == 403
    for refused in (call(charlie).get(path), patch(call(charlie), path, {"name": "X"}),
                    post(call(charlie), f"{path}/suspend", {})):  # fmt: skip
        assert refused.status_code == 404
    with tenancy.use(acme.id):
        assert Participant.objects.get().name == "Dana"
        assert Job.objects.count() == 0


def test_the_same_key_enrolls_once(acme, alice, call):
    client, body = call(alice), {"name": "Jan", "email": "jan@example.com"}
    first, again = (post(client, PEOPLE, body, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replay"] == "true"
    assert post(client, PEOPLE, {"name": "Other"}, **{"Idempotency-Key": "k1"}).status_code == 422


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_an_upload_with_a_key_starts_one_import(acme, alice, call):
    client = call(alice)
    answers = [
        client.post(
            f"{PEOPLE}/import",
            {"file": SimpleUploadedFile("c.csv", content)},
            headers={"Idempotency-Key": "k2"},
        )
        for content in (FILE, FILE, FILE + b"\n")
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert answers[0].json() == answers[1].json()
    with tenancy.use(acme.id):
        assert Job.objects.count() == 1


def test_an_import_runs_as_a_job_and_names_bad_rows(acme, alice, bob, charlie, call, files):
    """What was uploaded is gone afterwards, and the trail names who asked."""
    client = call(alice)
    started = upload(client, mode="skip-bad-rows")
    assert started.status_code == 202, started.content
    path = f"/api/v1/jobs/{started.json()['data']['id']}"
    assert client.get(path).json()["data"]["state"] == "queued"
    assert client.get(f"{path}/errors").status_code == 404
    run(started.json()["data"]["id"], acme, jobs.import_customers)
    ended = client.get(path).json()["data"]
    assert (ended["state"], ended["done"], ended["total"]) == ("succeeded", 2, 2)
    assert ended["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "bad": 1}
    listed = client.get(f"/api/v1{ended['errors']}")
    assert "attachment" in listed["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(listed.streaming_content).decode("utf-8-sig"))))
    assert [(row["line"], row["column"], row["value"]) for row in rows] == [("3", "email", "eli@")]
    assert call(charlie).get(path).status_code == call(charlie).get(f"{path}/errors").status_code == 404
    assert call(bob).get(f"{path}/errors").status_code == 403
    assert [job["id"] for job in client.get("/api/v1/jobs").json()["data"]] == [ended["id"]]
    assert not list(files.glob(f"tenant-{acme.id}/imports/*"))
    with tenancy.use(acme.id):
        jan = Participant.objects.get()
        assert AuditEntry.objects.get(row_id=str(jan.id)).actor == alice.ref


def test_a_refused_import_keeps_nothing_but_its_report(acme, alice, call):
    client = call(alice)
    job_id = upload(client).json()["data"]["id"]
    run(job_id, acme, jobs.import_customers)
    ended = client.get(f"/api/v1/jobs/{job_id}").json()["data"]
    assert (ended["state"], ended["error_code"]) == ("failed", "rows_refused")
    assert ended["error_message"].startswith("Rows with errors: 1,")
    assert client.get(f"/api/v1{ended['errors']}").status_code == 200
    with tenancy.use(acme.id):
        assert Participant.objects.count() == 0


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_export_is_a_file_to_download(acme, alice, bob, call, dana, format):
    client = call(alice)
    job_id = post(client, f"{PEOPLE}/export", {"format": format}).json()["data"]["id"]
    assert client.get(f"/api/v1/jobs/{job_id}/result").status_code == 404
    run(job_id, acme, jobs.export)
    ended = client.get(f"/api/v1/jobs/{job_id}").json()["data"]
    assert ended["counts"] == {"rows": 1}
    content = b"".join(client.get(f"/api/v1{ended['result']}").streaming_content)
    if format == "json":
        (row,) = json.loads(content)
        assert row["phone"] == "+31612345678"
    else:
        (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        assert row["phone"] == "'+31612345678"
    assert row["name"] == "Dana"
    assert call(bob).get(f"/api/v1/jobs/{job_id}/result").status_code == 403


def test_a_job_of_nothing_known_is_not_there(acme, alice, call):
    assert call(alice).get("/api/v1/jobs/01890000-0000-7000-8000-000000000000").status_code == 404


@pytest.mark.parametrize("path", [PEOPLE, "/api/v1/jobs"])
def test_thirty_rows_cost_as_many_statements_as_three(acme, alice, call, path):
    client = call(alice)

    def cost():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path, {"limit": 50}).status_code == 200
        return len(seen)

    def add(rows):
        for _ in range(rows):
            with tenancy.use(acme.id):
                make_participant()
            post(client, f"{PEOPLE}/export", {})

    add(3)
    few = cost()
    add(27)
    assert cost() == few


def test_old_files_of_jobs_are_removed(acme, alice, call, dana, now):
    job_id = post(call(alice), f"{PEOPLE}/export", {}).json()["data"]["id"]
    run(job_id, acme, jobs.export)
    with tenancy.use(acme.id):
        assert stored_files.remove_old(clock.now()) == 0
        assert stored_files.remove_old(clock.now() + datetime.timedelta(days=8)) == 1
        assert stored_files.remove_old(clock.now() + datetime.timedelta(days=8)) == 0
    assert call(alice).get(f"/api/v1/jobs/{job_id}/result").status_code == 404


@pytest.mark.django_db(databases=["default", "counters"])
def test_the_hourly_housekeeping_removes_them(acme, alice, call, dana, now):
    job_id = post(call(alice), f"{PEOPLE}/export", {}).json()["data"]["id"]
    run(job_id, acme, jobs.export)
    forget_old()
    assert call(alice).get(f"/api/v1/jobs/{job_id}/result").status_code == 200
    with clock.frozen(clock.now() + datetime.timedelta(days=8)):
        forget_old()
    assert call(alice).get(f"/api/v1/jobs/{job_id}/result").status_code == 404
