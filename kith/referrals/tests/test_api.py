"""The API: shapes, permissions, other tenants' ids, statements per list."""

import csv
import io
import json
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.models import Job
from kith.referrals import actions, jobs
from kith.referrals.models import Click, Conversion, Link, Note, Referral
from kith.referrals.tests.factories import make_participant, make_scene, refer

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
API = "/api/v1"


@pytest.fixture
def scene(acme):
    with tenancy.use(acme.id):
        return make_scene()


@pytest.fixture
def staff(call, alice):
    return call(alice)


def send(client, path, body=None, method="post", **headers):
    return getattr(client, method)(
        API + path, json.dumps(body or {}), content_type="application/json", headers=headers
    )


def given(scene, **values):
    return {
        "code": scene.dana.code, "email": "eli@example.com", "name": "Eli", "booking_reference": "BK123456", **values,
    }  # fmt: skip


def stored(scene, model=Referral):
    with tenancy.use(scene.dana.tenant_id):
        return list(model.objects.all())


def existing(scene, count=1):
    with tenancy.use(scene.dana.tenant_id):
        return [refer(scene, now=clock.now()) for _ in range(count)]


def test_a_referral_is_created_and_shown(scene, staff):
    body = given(
        scene, phone="+31612345678", amount={"amount_minor": 120000, "currency": "EUR"}, travel_on="2026-08-01",
        utm={"source": "letter"}, country="NL", visa_type="work",
    )  # fmt: skip
    answer = send(staff, "/referrals", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()["data"]
    assert made["referrer"] == {"id": str(scene.dana.id), "name": scene.dana.name, "code": scene.dana.code}
    assert made["referred"] == {
        "name": "Eli",
        "email": "eli@example.com",
        "country": "NL",
        "participant_id": None,
    }
    assert (made["category"], made["stage"]["code"], made["method"]) == ("qualified", "qualified", "code")
    assert made["conversions"][0]["gross"] == {"amount_minor": 120000, "currency": "EUR"}
    assert made["conversions"][0]["effective_on"] == "2026-08-01"
    assert (made["phone"], made["utm"]["source"]) == ("+31612345678", "letter")
    assert made["history"][0]["to_state"] == "qualified"
    assert staff.get(f"{API}/referrals/{made['id']}").json()["data"] == made


def test_the_same_request_again_has_one_effect(scene, staff):
    first = send(staff, "/referrals", given(scene), **{"idempotency-key": "k1"})
    again = send(staff, "/referrals", given(scene), **{"idempotency-key": "k1"})
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replay"] == "true"
    other = send(staff, "/referrals", given(scene), **{"idempotency-key": "k2"})
    assert (other.status_code, other.json()["code"]) == (409, "duplicate_booking")
    assert len(stored(scene)) == 1


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"code": "23456789"}, 404, "code_unknown"),
        ({"code": "\0"}, 400, "malformed"),
        ({"booking_reference": ""}, 422, "booking_reference_missing"),
        ({"email": "nobody"}, 422, "invalid"),
        ({"email": "a\0@example.com"}, 400, "malformed"),
        ({"name": "\0"}, 400, "malformed"),
        ({"phone": "12"}, 422, "invalid"),
        ({"unknown": 1}, 422, "invalid"),
        ({"amount": {"amount_minor": 1, "currency": "XXZ"}}, 422, "currency_unknown"),
        ({"program": "nope"}, 404, "not_found"),
        ({"campaign": "nope"}, 404, "not_found"),
    ],
)
def test_refusals_have_a_code_and_change_nothing(scene, staff, values, status, code):
    answer = send(staff, "/referrals", given(scene, **values))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert stored(scene) == []
    assert stored(scene, Conversion) == []


def test_anybody_may_refer_by_code_email_and_booking(scene):
    anybody = Client()
    answer = send(anybody, "/public/referrals", given(scene))
    assert answer.status_code == 201, answer.content
    (made,) = stored(scene)
    told = answer.json()["data"]
    assert (told.pop("created_at")[-1], told) == ("Z", {"id": str(made.id), "category": "qualified"})
    assert made.source == "public"
    assert send(anybody, "/public/referrals", given(scene, code="23456789")).json()["code"] == "code_unknown"
    assert send(anybody, "/public/referrals", given(scene)).json()["code"] == "duplicate_booking"
    assert send(anybody, "/public/referrals", given(scene, program="main")).status_code == 422
    assert len(stored(scene)) == 1


def test_a_public_call_repeated_with_its_key_gets_its_first_answer(scene):
    anybody = Client(headers={"idempotency-key": f"form-{uuid.uuid4()}"})
    first, again = (send(anybody, "/public/referrals", given(scene)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotent-Replay"] == "true"
    assert len(stored(scene)) == 1


def test_public_calls_are_limited_per_address(scene):
    caller = Client(REMOTE_ADDR=f"2001:db8::{uuid.uuid4().int & 0xFFFF:x}")
    answers = [send(caller, "/public/referrals", given(scene)).status_code for _ in range(101)]
    assert answers.count(201) == 1
    assert answers[-1] == 429


@pytest.mark.parametrize("rows", [3, 30])
def test_a_list_costs_the_same_for_3_and_30(scene, staff, rows):
    existing(scene, rows)
    staff.get(f"{API}/referrals")
    with CaptureQueriesContext(connection) as counted:
        answer = staff.get(f"{API}/referrals?limit=50").json()
    assert len(answer["data"]) == rows
    assert sum("referrals_referral" in query["sql"] for query in counted.captured_queries) == 2
    assert answer["pagination"]["total"] == rows
    assert len(counted) < 15


def test_a_list_goes_on_by_page_and_by_cursor(scene, staff):
    existing(scene, 5)
    first = staff.get(f"{API}/referrals?limit=2").json()
    second = staff.get(f"{API}/referrals?limit=2&page=2").json()
    by_cursor = staff.get(f"{API}/referrals", {"limit": 2, "cursor": first["pagination"]["next"]}).json()
    assert by_cursor["data"] == second["data"]
    assert (first["pagination"]["pages"], by_cursor["pagination"]["total"]) == (3, None)
    assert staff.get(f"{API}/referrals?cursor=rubbish").status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [("search=nobody%20such", 0), ("search=friend", 3), ("category=qualified", 3), ("category=completed", 0),
     ("stage=qualified", 3), ("created_from=2026-01-01", 3), ("created_from=9000-01-01", 0),
     ("created_to=2026-01-01", 0), ("created_to=9999-12-31", 3)],
)  # fmt: skip
def test_a_list_is_narrowed(scene, staff, query, found):
    existing(scene, 3)
    assert len(staff.get(f"{API}/referrals?{query}").json()["data"]) == found


def test_a_referral_moves(scene, staff):
    (referral,) = existing(scene)
    answer = send(staff, f"/referrals/{referral.id}/move", {"category": "completed"})
    assert answer.json()["data"]["category"] == "completed"
    refused = send(staff, f"/referrals/{referral.id}/move", {"stage": "pending"})
    assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed")


def test_many_referrals_move(scene, staff):
    rows = existing(scene, 3)
    unknown = str(uuid.uuid4())
    ids = [str(row.id) for row in rows] + [unknown]
    results = send(staff, "/referrals/move", {"ids": ids, "category": "completed"}).json()["data"]
    assert [(row["id"], row["ok"]) for row in results] == [*((i, True) for i in ids[:3]), (unknown, False)]
    assert {row.category for row in stored(scene)} == {"completed"}
    assert (
        send(staff, "/referrals/move", {"ids": [unknown] * 1001, "category": "completed"}).status_code == 422
    )
    assert send(staff, "/referrals/move", {"ids": [], "category": "completed"}).status_code == 422


def test_notes_are_written_and_shown(scene, staff):
    (referral,) = existing(scene)
    answer = send(staff, f"/referrals/{referral.id}/notes", {"text": "Called"})
    assert (answer.status_code, answer.json()["data"]["text"]) == (201, "Called")
    assert staff.get(f"{API}/referrals/{referral.id}").json()["data"]["notes"][0]["text"] == "Called"


def test_links_are_made_listed_and_switched_off(scene, staff):
    body = {
        "participant_id": str(scene.dana.id),
        "slug": "summer-26",
        "destination_url": "https://example.com/x",
    }
    answer = send(staff, "/links", body)
    assert answer.status_code == 201, answer.content
    link = answer.json()["data"]
    assert (link["slug"], link["url"].rsplit("/", 2)[1:]) == ("SUMMER26", ["r", "SUMMER26"])
    assert staff.get(f"{API}/links?participant_id={scene.dana.id}").json()["data"] == [link]
    assert send(staff, "/links", body).json()["code"] == "slug_taken"
    assert send(staff, "/links", {**body, "slug": "admin"}).json()["code"] == "slug_not_allowed"
    assert staff.get(f"{API}/codes/summer26").json()["data"]["link_id"] == link["id"]
    off = send(staff, f"/links/{link['id']}", {"active": False}, method="patch")
    assert off.json()["data"]["active"] is False
    assert staff.get(f"{API}/codes/summer26").status_code == 404
    code = staff.get(f"{API}/codes/{scene.dana.code.lower()}").json()["data"]
    assert (code["code"], code["is_live"], code["participant"]["id"]) == (
        scene.dana.code,
        True,
        str(scene.dana.id),
    )


def test_conversions_are_reported_refunded_and_cancelled(scene, staff):
    (referral,) = existing(scene)
    body = {
        "event": "paid", "external_id": "inv-1", "occurred_at": clock.now().isoformat(),
        "amount": {"amount_minor": 9000, "currency": "EUR"}, "email": referral.referred_email,
    }  # fmt: skip
    answers = [send(staff, "/conversions", body), send(staff, "/conversions", body)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["data"]["referral_id"] == str(referral.id)
    assert len([row for row in stored(scene, Conversion) if row.event == "paid"]) == 1
    other = {**body, "amount": {"amount_minor": 1, "currency": "EUR"}}
    assert send(staff, "/conversions", other).json()["code"] == "conversion_known"
    assert send(staff, "/conversions", {**body, "email": "nobody@example.com"}).status_code == 404
    refund = {"amount": {"amount_minor": 1000, "currency": "EUR"}, "external_id": "r1"}
    for _again in range(2):
        refunded = send(staff, "/conversions/paid/inv-1/refund", refund).json()["data"]
        assert refunded["refunded"]["amount_minor"] == 1000
    cancelled = send(staff, "/conversions/paid/inv-1/cancel", {"external_id": "c1"}).json()["data"]
    assert (cancelled["status"], cancelled["refunded"]["amount_minor"]) == ("cancelled", 9000)
    assert send(staff, "/conversions/paid/nope/refund", refund).status_code == 404
    booking = referral.booking_reference.lower()
    assert send(staff, f"/conversions/booking/{booking}/cancel", {"external_id": "c2"}).status_code == 200


def requests_of(scene, referral, link):
    return [
        ("get", f"/referrals/{referral.id}", None),
        ("post", f"/referrals/{referral.id}/move", {"category": "completed"}),
        ("post", f"/referrals/{referral.id}/notes", {"text": "x"}),
        ("patch", f"/links/{link.id}", {"active": False}),
        ("post", "/links", {"participant_id": str(scene.dana.id)}),
        ("get", f"/codes/{scene.dana.code}", None),
        ("post", "/referrals", given(scene)),
        ("post", f"/conversions/booking/{referral.booking_reference}/cancel", {"external_id": "x"}),
        ("post", "/conversions", {"event": "paid", "external_id": "i", "occurred_at": clock.now().isoformat(),
                                  "referral_id": str(referral.id)}),
    ]  # fmt: skip


def everything(scene):
    return [
        sorted(str(sorted(row.items())) for row in model.objects.values())
        for model in (Referral, Conversion, Link, Note, Click)
    ]


@pytest.fixture
def foreign(scene):
    with tenancy.use(scene.dana.tenant_id):
        link = actions.create_link(participant=scene.dana, slug="SUMMER", actor=SYSTEM, now=clock.now())
        return requests_of(scene, refer(scene, now=clock.now()), link)


def test_another_organization_finds_nothing_and_changes_nothing(scene, foreign, call, charlie):
    with tenancy.use(charlie.tenant_id):
        make_scene()
    with tenancy.use(scene.dana.tenant_id):
        before = everything(scene)
    stranger = call(charlie)
    for method, path, body in foreign:
        answer = stranger.get(API + path) if method == "get" else send(stranger, path, body, method)
        assert answer.status_code == 404, (method, path, answer.content)
    with tenancy.use(scene.dana.tenant_id):
        assert everything(scene) == before
    assert stranger.get(f"{API}/referrals").json()["data"] == []
    assert stranger.get(f"{API}/links").json()["data"] == []


def test_viewers_read_only_and_strangers_nothing(scene, foreign, call, bob):
    with tenancy.use(scene.dana.tenant_id):
        before = everything(scene)
    viewer, nobody = call(bob), Client()
    bulk = [("post", "/referrals/move", {"ids": [str(uuid.uuid4())]}), ("post", "/referrals/export", {})]
    for method, path, body in [*foreign, *bulk]:
        for client, status in ((viewer, 200 if method == "get" else 403), (nobody, 401)):
            answer = client.get(API + path) if method == "get" else send(client, path, body, method)
            assert answer.status_code == status, (method, path, answer.content)
    with tenancy.use(scene.dana.tenant_id):
        assert everything(scene) == before


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_export_is_a_job_with_a_file(scene, staff, kind):
    with tenancy.use(scene.dana.tenant_id):
        dana = make_participant("=cmd()", email="cmd@example.com")
        for _ in range(3):
            refer(scene, code=dana.code)
        refer(scene)
    answer = send(staff, "/referrals/export", {"format": kind, "referrer_id": str(dana.id)})
    assert answer.status_code == 202, answer.content
    job_id = answer.json()["data"]["id"]
    jobs.export(tenant_id=scene.dana.tenant_id, job_id=job_id)
    with tenancy.use(scene.dana.tenant_id):
        job = Job.objects.get(pk=job_id)
    assert (job.state, job.done, job.counts) == ("succeeded", 3, {"referrals": 3})
    answer = staff.get(f"{API}/jobs/{job_id}/result")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = json.loads(text) if kind == "json" else list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 3
    assert rows[0]["referrer_name"] == ("'=cmd()" if kind == "csv" else "=cmd()")
