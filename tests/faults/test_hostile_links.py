"""Addresses in pages: only those a browser may open, and strangers' sites get neither the window nor the address."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import reverse

from conftest import api_client, signed_in
from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Invalid
from kith.referrals.tests.factories import make_scene, refer
from kith.tenants import actions
from kith.tenants.forms import organization_facts
from tests.faults.calls import browser, pages, text
from tests.faults.worlds import CODE, THE_ID, World, build, taken_back
from tests.guards.surface import Entry

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

SITE = "https://elsewhere.example/a?b=1"
OPENING = {
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "data",
    "hx-get",
    "hx-post",
    "srcset",
    "xlink:href",
}
BAD = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)", "data:text/html,x",
    "vbscript:x", "file:///etc/passwd", "ftp://example.com/", "//evil.example", "\\\\evil.example",
    "https:evil.example", "https://user:secret@evil.example/", "https://good.example\\@evil.example", "https://",
    "https:///x", "blob:x",
    "https://exa mple.com/", "https://[::1", "https://a\u0000.example/", "https://evil.example:99999/",
    "/path", "evil.example", "https://-x.example/", "https://" + "a" * 300 + ".example/",
)  # fmt: skip


class Opened(HTMLParser):
    """Every address in a page that a browser opens by itself or when clicked: (tag, address, rel)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep its addresses."""
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on")], f"a handler in <{tag}>"
        self.found += [
            (tag, value or "", given.get("rel") or "") for name, value in given.items() if name in OPENING
        ]


# Pages link to themselves; letters, which are shown on a page too, by the address that Kith is known under.
OWN = {"testserver", urlsplit(settings.KITH_PUBLIC_URL).netloc}


def faults(page: str) -> list[str]:
    """What is wrong with the addresses of a page."""
    wrong = []
    for tag, address, rel in Opened(page).found:
        scheme, netloc = urlsplit(address.strip())[:2]
        if scheme not in ("", "http", "https", "mailto", "tel") or "\\" in address:
            wrong.append(f"<{tag}> opens {address}")
        if netloc and netloc not in OWN and not {"noopener", "noreferrer"} <= set(rel.split()):
            wrong.append(f"<{tag}> leads to {address} with rel={rel!r}")
        if scheme == "mailto" and set("?&") & set(address):
            wrong.append(f"<{tag}> writes more than an address: {address}")
    return wrong


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    with django_db_blocker.unblock(), taken_back():
        made = build()
        with tenancy.use(made.rival.id, actor=made.charlie):
            actions.update_tenant(tenant=made.rival, changes={"website": SITE}, actor=made.charlie)
        made.users["charlie"] = made.users["owner"].__class__.objects.get(username__endswith="-charlie")
        yield made


@pytest.mark.parametrize("entry", pages(), ids=str)
def test_every_page_opens_only_what_it_may(world: World, entry: Entry) -> None:
    known = {"uuid": THE_ID, "int": 1, "slug": CODE.lower()}
    url = entry.url(
        lambda kind, name: world.rival.slug if name in {"tenant", "slug"} else known.get(kind, CODE)
    )
    with taken_back():
        answer = browser(world, "charlie").get(url)
    if answer.get("Content-Type", "").startswith("text/html"):
        assert faults(text(answer)) == []


def test_links_to_strangers_are_seen_and_cut_off(acme: Any, alice: Actor) -> None:
    """The two pages with the organization's own site, and one with an address that could write a letter."""
    with tenancy.use(acme.id, actor=alice):
        actions.update_tenant(tenant=acme, changes={"website": SITE}, actor=alice)
        scene = make_scene()
        referral = refer(scene, email="a?bcc=eve@example.com")
    client = signed_in(alice)
    for path in (reverse("tenants:settings", args=[acme.slug]), f"/r/{scene.dana.code}/thanks"):
        shown = text(client.get(path))
        assert [rel for _, address, rel in Opened(shown).found if address == SITE] == [
            "noopener noreferrer"
        ], path
        assert faults(shown) == []
    shown = text(client.get(f"/t/{acme.slug}/referrals/{referral.id}/"))
    assert "a?bcc=eve@example.com" in shown.replace("<wbr>", "")
    assert faults(shown) == []


def test_a_fault_would_be_found() -> None:
    for page in (
        '<a href="javascript:alert(1)">', '<img src="data:text/html,x">', '<a href="https://x.example">',
        '<a href="https://x.example" rel="noopener">', '<a href="mailto:a?bcc=b@example.com">',
    ):  # fmt: skip
        assert faults(page), page
    with pytest.raises(AssertionError):
        faults('<p onclick="x">')


# --- addresses that are stored ------------------------------------------------------------------------


def test_every_stored_address_is_tried() -> None:
    stored = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.URLField)
    }
    assert stored == {
        "Participant.picture_url",
        "Program.destination_url",
        "Link.destination_url",
        "Tenant.website",
    }


@pytest.mark.parametrize("address", BAD)
def test_no_address_is_stored_that_a_browser_should_not_open(acme: Any, alice: Actor, address: str) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
    client, person = api_client(alice), str(scene.dana.id)
    program = {"name": "P", "code": "p", "pipeline_id": str(scene.program.pipeline_id), "currency": "EUR"}
    for method, path, field, body in (
        ("patch", f"/api/v1/participants/{person}", "picture_url", {}),
        ("post", "/api/v1/participants", "picture_url", {"name": "P"}),
        ("patch", f"/api/v1/programs/{scene.program.id}", "destination_url", {}),
        ("post", "/api/v1/programs", "destination_url", program),
        ("post", "/api/v1/links", "destination_url", {"participant_id": person}),
    ):
        sent = json.dumps({**body, field: address})
        answer = getattr(client, method)(path, sent, content_type="application/json")
        assert answer.status_code in (400, 422), (path, address, answer.content)
        assert [name.split(".")[-1] for name in answer.json()["details"]["fields"]] == [field]
    page = reverse("tenants:organization", args=[acme.slug])
    facts = {name: value for name, value in organization_facts(acme).items() if value}
    shown = signed_in(alice).post(page, {**facts, "website": address})
    acme.refresh_from_db()
    # The page completes an address without a scheme, as people write it.
    assert shown.status_code in (400, 422) or acme.website.startswith("https://")
    if "://" not in address and not address.startswith("//"):
        with pytest.raises(Invalid):
            actions.update_tenant(tenant=acme, changes={"website": address}, actor=alice)
