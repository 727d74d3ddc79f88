"""Attacks by calls: characters no column can hold, and roles and keys that reach around a permission."""

import datetime
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import make_member
from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.kit.models import IdempotencyKey
from kith.referrals.models import Referral
from kith.referrals.tests.factories import make_scene, refer
from kith.tenants import actions
from kith.tenants.models import Member

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def holding(text: str) -> Client:
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {text}"})


def with_key(tenant: Any, actor: Actor, *scopes: str) -> Client:
    """A server with a key of these scopes."""
    with tenancy.use(tenant.id, actor=actor):
        made = actions.create_api_key(name="server", scopes=list(scopes), actor=actor, now=clock.now())
    return holding(made.text)


def with_token(actor: Actor) -> Client:
    """A colleague's client."""
    with tenancy.use(actor.tenant_id):
        return holding(actions.open_token_family(member_id=actor.id, now=clock.now()).access)


def browser(actor: Actor) -> Client:
    """A colleague's browser."""
    client = Client(raise_request_exception=False)
    with tenancy.use(actor.tenant_id):
        client.force_login(Member.objects.select_related("user").get(pk=actor.id).user)
    return client


# --- text that cannot be stored -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "programs?search=%00",
        "jobs?kind=a%00b",
        "referrals?stage=%00",
        "codes/%00",
        "conversions/%00/%00/refund",
    ],
)
def test_a_nul_in_an_address_is_refused_not_a_defect(acme: Any, alice: Actor, path: str) -> None:
    answer = with_key(acme, alice, "programs.*", "jobs.*", "referrals.*").get(f"/api/v1/{path}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "malformed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("auth/token", {"username": "a\0b", "password": "some"}),
        ("participants", {"name": "a\0b"}),
        ("participants/export", {"format": "csv", "search": "\0"}),
        ("public/referrals", {"code": "\0", "email": "a@example.com"}),
        ("referrals", {"utm": {"source": ["\0"]}}),
        ("referrals", {"a\0": 1}),
    ],
)
def test_a_nul_in_a_body_is_refused_not_a_defect(
    acme: Any, alice: Actor, path: str, body: dict[str, Any]
) -> None:
    client = with_key(acme, alice, "participants.*", "referrals.*")
    answer = client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
    assert answer.status_code == 400, answer.content


def test_a_backslash_before_the_escape_is_ordinary_text(acme: Any, alice: Actor) -> None:
    """The six characters of the escape itself may be written."""
    client = with_key(acme, alice, "participants.*")
    answer = client.post(
        "/api/v1/participants", json.dumps({"name": "\\u0000"}), content_type="application/json"
    )
    assert answer.status_code == 201, answer.content


def test_a_nul_in_a_form_is_refused_not_a_defect(acme: Any, alice: Actor, bob: Actor) -> None:
    page = reverse("tenants:member_role", args=[acme.slug, bob.id])
    assert browser(alice).post(page, {"role": "vie\0wer"}).status_code == 400


def test_a_body_beyond_the_limits_is_refused_before_it_is_read(acme: Any, settings: Any) -> None:
    """Nobody fills the disk with an upload that no page takes, signed in or not."""
    for path, kind, most in (
        ("/api/v1/public/referrals", "application/json", settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        ("/accounts/login/", "multipart/form-data; boundary=B", settings.MAX_UPLOAD_BYTES + 2**20),
    ):
        answer = Client().generic("POST", path, b"{}", content_type=kind, CONTENT_LENGTH=str(most + 1))
        assert answer.status_code == 413, path


# --- permissions --------------------------------------------------------------------------------------


@pytest.fixture
def referral(acme: Any) -> Referral:
    """One that waits for a decision."""
    with tenancy.use(acme.id):
        return refer(make_scene())


@pytest.mark.parametrize("category", ["completed", "rejected"])
def test_who_only_moves_referrals_decides_no_rewards(acme: Any, referral: Referral, category: str) -> None:
    """Completing a referral approves its rewards, rejecting refuses them: both need the permission for that."""
    agent = make_member(acme, "ann", "agent")
    client = with_token(agent)
    body = {"category": category, "reason": "because"}
    one = client.post(
        f"/api/v1/referrals/{referral.id}/move", json.dumps(body), content_type="application/json"
    )
    assert (one.status_code, one.json()["details"]["permission"]) == (403, "rewards.approve")
    many = client.post(
        "/api/v1/referrals/move",
        json.dumps({"ids": [str(referral.id)], **body}),
        content_type="application/json",
    )
    assert [row["code"] for row in many.json()["data"]] == ["forbidden"]
    page = browser(agent).post(
        reverse("referrals:move", args=[acme.slug, referral.id]), {"to": category, "reason": "because"}
    )
    assert page.status_code == 403
    category_before = referral.category
    with tenancy.use(acme.id):
        referral.refresh_from_db()
    assert referral.category == category_before
    manager = with_token(make_member(acme, "max", "manager"))
    agreed = manager.post(
        f"/api/v1/referrals/{referral.id}/move", json.dumps(body), content_type="application/json"
    )
    assert agreed.status_code == 200, agreed.content


def test_a_key_makes_no_key_that_outlives_or_outruns_it(acme: Any, alice: Actor) -> None:
    """Else a key lent for a day is a key for good."""
    end = clock.now() + datetime.timedelta(days=1)
    with tenancy.use(acme.id, actor=alice):
        lent = actions.create_api_key(
            name="lent", scopes=["tenants.keys"], expires_at=end, rate_limit=50, actor=alice, now=clock.now()
        )
    client = holding(lent.text)
    given = {"name": "own", "scopes": ["tenants.keys"], "rate_limit": 50, "expires_at": end.isoformat()}
    for more in (
        {"expires_at": None},
        {"expires_at": (end + datetime.timedelta(seconds=1)).isoformat()},
        {"rate_limit": 51},
    ):
        answer = client.post(
            "/api/v1/api-keys", json.dumps({**given, **more}), content_type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "scopes_not_yours")
    same = client.post("/api/v1/api-keys", json.dumps(given), content_type="application/json")
    assert same.status_code == 201, same.content


def test_a_key_for_customers_exports_no_referrals(acme: Any, alice: Actor) -> None:
    client = with_key(acme, alice, "participants.export")
    assert client.get("/api/export/customers").status_code == 200
    assert client.get("/api/export/referrals").status_code == 403


def test_a_key_ends_no_key_that_may_do_more(acme: Any, alice: Actor) -> None:
    """Pass: a stolen key for rotating keys ends 0 of the organization's stronger keys, and itself."""
    with tenancy.use(acme.id, actor=alice):
        made = [
            actions.create_api_key(name=name, scopes=scopes, actor=alice, now=clock.now())
            for name, scopes in (("shop", ["referrals.*", "tenants.keys"]), ("stolen", ["tenants.keys"]))
        ]
    client = holding(made[1].text)
    answers = [client.delete(f"/api/v1/api-keys/{key.row.pk}") for key in made]
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[0].json()["code"] == "scopes_not_yours"
    assert [holding(key.text).get("/api/v1/me").status_code for key in made] == [200, 401]


# --- what is kept ------------------------------------------------------------------------------------


def test_a_kept_answer_does_not_keep_its_secret_readable(acme: Any, alice: Actor) -> None:
    """A new key's text is shown once; the answer kept for a repeated request holds it sealed."""
    client = with_token(alice)
    body = json.dumps({"name": "shop", "scopes": ["referrals.view"]})
    first, again = (
        client.post(
            "/api/v1/api-keys", body, content_type="application/json", headers={"Idempotency-Key": "once"}
        )
        for _attempt in range(2)
    )
    text = first.json()["data"]["text"]
    assert again.content == first.content
    with tenancy.use(acme.id):
        kept = IdempotencyKey.objects.get()
    assert text.encode() not in bytes(kept.body)
    assert b"kith_live_" not in bytes(kept.body)


def test_no_cache_keeps_what_one_person_was_shown(acme: Any, alice: Actor) -> None:
    """Tokens, keys and customers' details; a page after signing out on a shared computer."""
    for answer in (
        with_key(acme, alice, "participants.*").get("/api/v1/participants"),
        Client().post("/api/v1/auth/token", "{}", content_type="application/json"),
        browser(alice).get(reverse("tenants:team", args=[acme.slug])),
    ):
        assert "no-store" in answer["Cache-Control"]
