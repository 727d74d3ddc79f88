"""Cookies and bearers: a browser's session opens pages, never calls; and pages insist on their token."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import make_member, signed_in
from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.tenants.models import Invitation, Member
from tests.faults.worlds import THE_ID
from tests.guards.surface import entries

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

# The others need nobody: a session makes no difference to them.
OPERATIONS = [entry for entry in entries() if entry.operation is not None and entry.operation.auth_callbacks]


def value(kind: str, name: str) -> Any:
    return 1 if kind == "int" else THE_ID if "uuid" in kind else "x"


def test_no_call_is_opened_by_a_session(acme: Any, alice: Actor) -> None:
    """Pass: every operation that asks who calls, with the owner's cookie and a token of the page: 401 each."""
    assert len(OPERATIONS) > 60
    wrong = []
    for number, entry in enumerate(OPERATIONS):
        client = signed_in(alice)
        client.defaults["REMOTE_ADDR"] = f"192.0.{number // 200}.{number % 200}"
        answer = client.generic(entry.method, entry.url(value), b"{}", content_type="application/json")
        if answer.status_code != 401:
            wrong.append(f"{entry}: {answer.status_code}")
    assert not wrong
    print(f"{len(OPERATIONS)} operations with a session and no bearer: 401 each")


def test_a_bearer_decides_and_the_cookie_beside_it_does_not(
    acme: Any, alice: Actor, bob: Actor, call: Any
) -> None:
    client = signed_in(alice)
    bearer = call(bob).defaults
    answer = client.get("/api/v1/me", **bearer)
    assert answer.json()["data"]["id"] == bob.id
    assert client.get("/api/v1/members", **bearer).status_code == 403
    assert client.get("/api/v1/me", headers={"authorization": "Bearer nothing"}).status_code == 401


def test_pages_that_change_something_insist_on_their_token(acme: Any, alice: Actor) -> None:
    """Pass: 6 forms sent from elsewhere with the owner's cookie: 403 each, and nothing has changed."""
    member = make_member(acme, "mia", "viewer")
    client = Client(enforce_csrf_checks=True)
    client.cookies.update(signed_in(alice).cookies)
    forms = {
        reverse("tenants:team", args=[acme.slug]): {"email": "new@example.com", "role": "admin"},
        reverse("tenants:member_role", args=[acme.slug, member.id]): {"role": "owner"},
        reverse("tenants:member_remove", args=[acme.slug, member.id]): {},
        reverse("tenants:sign_out_everywhere"): {},
        reverse("account_logout"): {},
        reverse("account_login"): {"login": "attacker", "password": "attacker's own"},
    }
    assert [client.post(url, sent).status_code for url, sent in forms.items()] == [403] * 6
    with tenancy.use(acme.id):
        assert Member.objects.get(pk=member.id).role == "viewer"
        assert not Invitation.objects.exists()
    assert client.get("/").status_code == 302
    assert client.get("/")["Location"] == f"/t/{acme.slug}/"
