"""Keys for an organization's own pages: which pages they serve, what those may ask, and what they leave behind."""

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from clients.web import build
from conftest import signed_in
from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import Invalid
from kith.referrals import actions, queries
from kith.referrals.models import Click, Referral, SiteKey
from kith.referrals.pages import sites
from kith.referrals.tests.factories import NOW, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

PAGE = "https://www.example.com"
FRIEND = {"name": "Eli Friend", "email": "eli@example.com", "booking_reference": "BK-1", "consent": True}


@pytest.fixture
def scene(acme: Any) -> Any:
    """Acme's program, Dana, and a key for Acme's pages."""
    with tenancy.use(acme.id):
        found = make_scene()
        found.site = actions.create_site_key(name="site", origins=[PAGE], actor=SYSTEM, now=NOW)
    return found


def ask(scene: Any, what: str, body: Any = None, *, origin: str = PAGE, key: str = "") -> Any:
    """One request of a page; with a body it is a report."""
    path, headers = (
        f"/s/{key or scene.site.key}/{what}",
        {"Origin": origin, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
    )
    if body is None:
        return Client().get(path, headers=headers)
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(enforce_csrf_checks=True).post(path, text, content_type="text/plain", headers=headers)


def test_a_page_reads_the_offer_of_a_code_in_its_language(scene: Any) -> None:
    answer = ask(scene, f"offer?code={scene.dana.code}&lang=nl")
    data = answer.json()["data"]
    assert (answer.status_code, data["known"]) == (200, True)
    assert [field[0] for field in data["fields"]] == ["name", "email", "booking_reference", "consent"]
    assert answer["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in answer["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer
    assert not answer.cookies


@pytest.mark.parametrize("code", ["", "ZZZZ9999"])
def test_without_a_known_code_the_page_may_ask_for_one(scene: Any, code: str) -> None:
    assert ask(scene, f"offer?code={code}").json()["data"]["known"] is False


def test_a_visit_and_a_lead_are_recorded_as_from_the_site(scene: Any, acme: Any) -> None:
    rid = ask(scene, "click", {"code": scene.dana.code}).json()["data"]["rid"]
    answer = ask(scene, "lead", {**FRIEND, "code": scene.dana.code, "rid": rid})
    assert answer.status_code == 201, answer.content
    with tenancy.use(acme.id):
        assert [(str(row.id), row.channel) for row in Click.objects.all()] == [(rid, "site")]
        made = Referral.objects.get()
        agreed = queries.agreement(made.id)
    assert (made.source, made.referrer_id, str(made.click_id)) == ("site", scene.dana.id, rid)
    assert agreed is not None, "what the friend agreed to is kept, as of the landing page"
    assert "may use these details" in agreed.text
    assert agreed.language == "en"


REFUSED = {
    "another origin": ({"origin": "https://evil.example"}, 403),
    "a lookalike": ({"origin": f"{PAGE}.evil.example"}, 403),
    "no origin": ({"origin": ""}, 403),
    "a sandbox": ({"origin": "null"}, 403),
    "another key": ({"key": "kith_pub_nobody"}, 404),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_pages_get_nothing_and_leave_nothing(scene: Any, acme: Any, name: str) -> None:
    how, status = REFUSED[name]
    for what, body in (
        ("offer", None),
        ("click", {"code": scene.dana.code}),
        ("lead", {**FRIEND, "code": scene.dana.code}),
    ):
        answer = ask(scene, what, body, **how)
        assert answer.status_code == status
        assert "Access-Control-Allow-Origin" not in answer
    with tenancy.use(acme.id):
        assert not Click.objects.exists()
        assert not Referral.objects.exists()


def test_a_key_opens_its_own_organization_only(scene: Any, acme: Any, rival: Any) -> None:
    with tenancy.use(rival.id):
        theirs = make_scene().dana.code
    assert ask(scene, f"offer?code={theirs}").json()["data"]["known"] is False
    assert ask(scene, "click", {"code": theirs}).status_code == 404
    assert ask(scene, "lead", {**FRIEND, "code": theirs}).status_code == 404
    with tenancy.use(rival.id):
        assert not Click.objects.exists()
        assert not Referral.objects.exists()


BROKEN: dict[str, tuple[Any, int, str]] = {
    "no JSON": (b"code=1", 400, "body"),
    "no object": ([1], 400, "body"),
    "no consent": ({**FRIEND, "consent": False}, 422, "consent"),
    "no address": ({**FRIEND, "email": "eli"}, 422, "email"),
    "a NUL": ({**FRIEND, "name": "a\0b"}, 400, "name"),
    "a number": ({**FRIEND, "email": 5}, 422, "email"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_bad_lead_is_refused_at_its_field(scene: Any, acme: Any, name: str) -> None:
    body, status, field = BROKEN[name]
    given = {"code": scene.dana.code, **body} if isinstance(body, dict) else body
    answer = ask(scene, "lead", given)
    assert (answer.status_code, list(answer.json()["details"]["fields"])) == (status, [field])
    with tenancy.use(acme.id):
        assert not Referral.objects.exists()


def test_a_revoked_key_works_no_more(scene: Any, acme: Any) -> None:
    with tenancy.use(acme.id):
        actions.revoke_site_key(site=scene.site, actor=SYSTEM, now=NOW)
    assert ask(scene, "offer").status_code == 404


def test_an_address_has_a_hundred_calls(scene: Any) -> None:
    statuses = [ask(scene, "offer").status_code for _ in range(sites.CALLS + 1)]
    assert statuses == [200] * sites.CALLS + [429]


ORIGINS = {
    "https://www.example.com/path?x=1": PAGE,
    "HTTPS://WWW.Example.com:443": PAGE,
    "http://localhost:3000": "http://localhost:3000",
    "https://bücher.example": "https://xn--bcher-kva.example",
}


def test_addresses_are_stored_as_browsers_send_them(acme: Any) -> None:
    with tenancy.use(acme.id):
        made = actions.create_site_key(name="x", origins=list(ORIGINS), actor=SYSTEM, now=NOW)
    assert made.origins == list(dict.fromkeys(ORIGINS.values()))


@pytest.mark.parametrize(
    "origin", ["", "www.example.com", "http://example.com", "https://u@example.com", "javascript:1", "*"]
)
def test_addresses_that_are_none_are_refused(acme: Any, db: None, origin: str) -> None:
    with tenancy.use(acme.id), pytest.raises(Invalid) as refusal:
        actions.create_site_key(name="x", origins=[origin], actor=SYSTEM, now=NOW)
    assert list(refusal.value.fields) == ["origins"]
    with tenancy.use(acme.id):
        assert not SiteKey.objects.exists()


def test_staff_make_change_and_revoke_a_key(acme: Any, alice: Any, scene: Any) -> None:
    client = signed_in(alice)
    made = client.post(f"/t/{acme.slug}/settings/sites/", {"name": "Shop", "origins": "https://shop.example"})
    assert made.status_code == 303, made.content
    page = client.get(made["Location"]).content.decode()
    with tenancy.use(acme.id):
        row = SiteKey.objects.get(name="Shop")
    assert row.key in page
    assert "sha384-" in page
    client.post(made["Location"], {"name": "Shop", "origins": "https://a.example\nhttps://b.example"})
    client.post(f"{made['Location']}revoke/")
    with tenancy.use(acme.id):
        row.refresh_from_db()
    assert (row.origins, row.revoked_at is not None) == (["https://a.example", "https://b.example"], True)


@pytest.mark.parametrize(("name", "most"), [("t.js", 1200), ("w.js", 2000)])
def test_scripts_are_served_as_they_are_built_and_small(
    client: Client, name: str, most: int, db: None
) -> None:
    answer = client.get(f"/{name}")
    assert answer.content == build.built(name), "run `make clients`"
    assert len(gzip.compress(answer.content, 9)) <= most
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Type"].startswith("text/javascript")
