"""Hostile input at pages and in the request itself: forms, methods, hosts, redirects, addresses that are stored."""

import itertools
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.referrals.tests.factories import make_scene
from kith.tenants.forms import organization_facts
from kith.tenants.models import Tenant
from tests.faults.calls import browser, text
from tests.faults.worlds import CODE, THE_ID, World, build, rows_of, taken_back
from tests.guards.source import KITH
from tests.guards.surface import Entry, entries

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

PAGES = [each for each in entries() if each.operation is None and not each.path.startswith("api/")]
# Every name that a form of any template or form class has: a new field is sent without being named here.
NAMES = sorted(
    {
        name
        for path in KITH.rglob("*.html")
        for name in re.findall(r'name="([a-z][a-z0-9_]*)"', path.read_text())
    }
    | {
        name
        for path in KITH.rglob("forms.py")
        for name in re.findall(r"^    (\w+) = forms\.", path.read_text(), re.M)
    }
)
ODD = (
    "\0",
    "\x1b",
    "x" * 100_000,
    "9" * 400,
    "-1",
    "\u202egpj",
    "=cmd|' /C calc'!A0",
    "9999-12-31",
    "a\r\nBcc: x@y.example",
)
ELSEWHERE = (
    "//evil.example", "///evil.example", "\\\\evil.example", "/\\evil.example", "https:evil.example", "https://evil.example",
    "javascript:alert(1)", "data:text/html,x", "http://testserver@evil.example", "\t//evil.example",
    "%2f%2fevil.example",
)  # fmt: skip
_addresses = (f"203.0.{high}.{low}" for high in itertools.count() for low in range(1, 255))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    with django_db_blocker.unblock(), taken_back():
        yield build()


def address_of(entry: Entry, slug: str) -> str:
    """The page with values in its path."""
    known = {"uuid": THE_ID, "int": 1, "slug": CODE.lower()}
    return entry.url(lambda kind, name: slug if name in {"tenant", "slug"} else known.get(kind, CODE))


@pytest.mark.parametrize("entry", PAGES, ids=str)
def test_no_form_is_a_defect_and_no_control_character_is_taken(world: World, entry: Entry) -> None:
    wrong, page = [], address_of(entry, world.acme.slug)
    for value in ODD:
        with taken_back():
            client, refused = browser(world, "owner"), value in ("\0", "\x1b")
            before = rows_of(world.acme) if refused else {}
            response = client.post(page, dict.fromkeys(NAMES, value), REMOTE_ADDR=next(_addresses))
            taken = refused and (response.status_code < 400 or rows_of(world.acme) != before)
        if response.status_code >= 500 or taken:
            wrong.append(f"{value!r:.30}: {response.status_code}")
    assert not wrong, "\n".join([str(entry), *wrong])


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND"])
def test_pages_know_three_methods(world: World, method: str) -> None:
    client = browser(world, "owner")
    for path in ("/", f"/t/{world.acme.slug}/", "/accounts/login/", "/r/UNKNOWN1", f"/r/{CODE}"):
        answer = client.generic(method, path)
        assert answer.status_code == 405, (method, path, answer.status_code)
        assert "GET" in answer["Allow"]


def test_a_method_in_a_header_changes_nothing(world: World) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"}
    answer = browser(world, "owner").get(f"/t/{world.acme.slug}/", headers=headers)
    assert answer.status_code == 200
    refused = Client().post("/api/v1/me", headers=headers)
    assert refused.status_code == 405
    assert refused.json()["code"] == "method_not_allowed"


def test_an_unknown_address_of_the_api_says_so_in_its_envelope(world: World) -> None:
    for path in ("/api/v1/no-such", "/api/no-such", "/api/v1/programs/x"):
        answer = Client().get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_elsewhere(world: World, target: str) -> None:
    user = world.users["owner"]
    secret = {"password": "correct horse battery"}
    for path, form in (
        ("/accounts/login/", {"login": user.username, **secret, "next": target}),
        ("/theme", {"theme": "dark", "next": target}),
        ("/language", {"language": "nl", "next": target}),
        ("/accounts/logout/", {"next": target}),
    ):
        client = Client() if "login" in path else browser(world, "owner")
        for query in ("", f"?next={target}"):
            answer = client.post(
                path + query, form, headers={"referer": target}, REMOTE_ADDR=next(_addresses)
            )
            where = answer.get("Location", "/")
            assert answer.status_code < 500
            reached = urlsplit(urljoin("http://testserver/x", where.replace("\\", "/").strip()))
            assert (reached.scheme, reached.netloc) == ("http", "testserver"), f"{path} leads to {where}"


def test_what_a_host_claims_is_not_believed(world: World) -> None:
    claims = {"x-forwarded-host": "evil.example", "x-original-url": "/evil", "x-rewrite-url": "/evil",
              "forwarded": "host=evil.example"}  # fmt: skip
    for path in ("/accounts/login/", f"/t/{world.acme.slug}/", "/api/v1/openapi.json", f"/r/{CODE}/welcome"):
        answer = browser(world, "owner").get(path, headers=claims)
        assert "evil" not in text(answer) + str(answer.headers), path
    for host in ("evil.example", "localhost@evil.example", "a b", "[::1", "localhost:99999999", ""):
        answer = Client(raise_request_exception=False).get("/accounts/login/", headers={"host": host})
        assert answer.status_code < 500, host
        assert host not in ("evil.example",) or answer.status_code == 400


@pytest.mark.parametrize("given", ["a\r\nSet-Cookie: a=b", "x" * 5000, "\u0430bc", "<script>", "abc"])
def test_a_request_id_is_returned_only_when_it_is_one(given: str) -> None:
    answer = Client().get("/accounts/login/", headers={"x-request-id": given})
    assert answer["X-Request-ID"] != given
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer["X-Request-ID"])


@pytest.fixture
def canary() -> Iterator[tuple[str, list[Any], threading.Event]]:
    """The address of a listener on this machine, the connections it got, and whether there was any."""
    got: list[Any] = []
    heard = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    got.append(listener.accept())
                    heard.set()
                except OSError:
                    return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", got, heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_no_address_that_is_stored_is_ever_opened(
    acme: Tenant, alice: Actor, call: Any, browse: Any, canary: tuple[str, list[Any], threading.Event]
) -> None:
    """Every field that holds an address is saved and shown; the listener hears nothing."""
    url, got, heard = canary
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
    client, pages = call(alice), browse(alice)
    person = str(scene.dana.id)
    for method, path, body in (
        ("patch", f"/api/v1/participants/{person}", {"picture_url": url.replace("http", "https")}),
        ("patch", f"/api/v1/programs/{scene.program.id}", {"destination_url": url}),
        ("post", "/api/v1/links", {"participant_id": person, "destination_url": url}),
    ):
        answer = getattr(client, method)(path, body, content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
    organization = reverse("tenants:organization", args=[acme.slug])
    facts = {name: value for name, value in organization_facts(acme).items() if value}
    assert pages.post(organization, {**facts, "website": url}).status_code == 303
    code = scene.dana.code
    for path in (
        reverse("participants:detail", args=[acme.slug, person]), reverse("tenants:settings", args=[acme.slug]),
        f"/r/{code}", f"/r/{code}/welcome", f"/r/{code}/thanks",
    ):  # fmt: skip
        assert pages.get(path).status_code in (200, 302), path
    assert url in text(pages.get(f"/r/{code}/thanks"))
    assert pages.get(f"/r/{scene.dana.code}").get("Location", url).startswith(url)
    assert got == []
    with socket.create_connection(("127.0.0.1", int(url.split(":")[2].strip("/")))):
        assert heard.wait(10), "the listener would not have noticed"
