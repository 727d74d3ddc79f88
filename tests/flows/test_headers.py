"""Every answer of a real web process carries the security headers, and every cookie its fences."""

import http.client
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from conftest import api_client, signed_in
from kith.kit import clock, tenancy
from kith.kit.errors import DomainError, TooMany, Unavailable
from kith.participants import actions as people
from tests.flows.conftest import Organization
from tests.guards import surface
from tests.serving import serving

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

NO_ONE = "01977777-7777-7777-8777-777777777777"
# What anybody may keep; what other people's pages may show or run.
SHARED = re.compile(r"/static/|/r/[^/]+/(qr|card)\.|/[tw]\.js$|/p/[^/]+/(manifest\.webmanifest|sw\.js)$")
FOR_OTHERS = re.compile(r"/(qr|card)\.|/[tw]\.js$")
# A worker runs, so its answer is no sandbox; the letter is shown in a frame of ours, with the styles letters have.
WORKER = re.compile(r"/p/[^/]+/sw\.js$")
LETTER = re.compile(r"/start/email/letter/$")
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
HSTS = "max-age=63072000; includeSubDomains; preload"


@dataclass(frozen=True)
class Site:
    """A served installation as one caller sees it; each call comes from an address of its own."""

    url: str
    secure: bool
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ask(
        self, way: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> http.client.HTTPResponse:
        """The answer, unread. Header names are given with _ for -."""
        number = next(self.numbers)
        sent = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        if self.secure:
            sent["X-Forwarded-Proto"] = "https"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, way, body, sent)
        return connection.getresponse()

    def cookie(self, session: str) -> str:
        """What a browser with that session sends."""
        return f"{'__Host-' if self.secure else 'kith_'}session={session}"


@pytest.fixture(scope="module", params=["plain", "secure"])
def site(request: Any, django_db_setup: None, django_db_blocker: Any, files: Any) -> Iterator[Site]:
    """Once as on a desk, once as behind HTTPS."""
    secure = request.param == "secure"
    more = {"KITH_SECURE": "true", "KITH_BASE_URL": "https://kith.example"} if secure else {}
    with django_db_blocker.unblock(), serving(files, KITH_TRUSTED_PROXIES="1", **more) as url:
        yield Site(url, secure)


def lacking(headers: Mapping[str, str], way: str, *, secure: bool) -> list[str]:
    """What the answer fails to say, or says and should not."""
    found = {name.lower(): value for name, value in headers.items()}
    policy = found.get("content-security-policy", "")
    is_page = found.get("content-type", "").startswith("text/html") and "location" not in found
    good = {
        "x-content-type-options": {"nosniff"},
        "x-frame-options": {"DENY", *(["SAMEORIGIN"] if LETTER.search(way) else [])},
        "cross-origin-opener-policy": {"same-origin"},
        "cross-origin-resource-policy": {
            "same-origin",
            *(["cross-origin"] if FOR_OTHERS.search(way) else []),
        },
        "referrer-policy": {"strict-origin-when-cross-origin", "no-referrer", "same-origin"},
        "permissions-policy": {PERMISSIONS},
        "strict-transport-security": {HSTS if secure else None},
        "x-powered-by": {None},
        "server": {None, "granian"},
    }
    wrong = [f"{name}: {found.get(name)}" for name, values in good.items() if found.get(name) not in values]
    framed = LETTER.search(way) and "frame-ancestors 'self'" in policy
    wanted = {
        "frame-ancestors 'self'" if framed else "frame-ancestors 'none'",
        "base-uri 'none'",
        "default-src 'none'" if framed or not is_page else "default-src 'self'",
    }
    if framed or not (is_page or WORKER.search(way)):
        wanted.add("sandbox")
    loose_words = r"\*|https?:" if framed else r"unsafe|\*|https?:"
    if not wanted <= set(policy.split("; ")) or re.search(loose_words, policy):
        wrong.append(f"content-security-policy: {policy}")
    if not SHARED.search(way) and "no-store" not in found.get("cache-control", ""):
        wrong.append(f"cache-control: {found.get('cache-control')}")
    return wrong


def ways(slug: str, code: str) -> Iterator[tuple[str, str]]:
    """Method and path of each page and operation; ids are nobody's, names are the organization's."""
    known = {"tenant": slug, "code": code, "number": 1, "what": "customers", "uidb36": "1", "key": "a-b"}
    for entry in surface.entries():
        way = entry.url(lambda _kind, name: known.get(name, NO_ONE))
        way = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda part: str(known[part[1]]), way).rstrip("$")
        for method in [entry.method] if entry.method else ["GET", "POST"]:
            yield method, way


def loose(cookies: list[str] | None, secure: bool) -> list[str]:
    """What the cookies of an answer lack."""
    wrong = []
    for name, cookie in SimpleCookie("\r\n".join(cookies or ())).items():
        if not name.startswith("__Host-" if secure else "kith_"):
            wrong.append(f"{name}: its name")
        if cookie["path"] != "/" or cookie["domain"] or cookie["samesite"] != "Lax" or not cookie["httponly"]:
            wrong.append(f"{name}: {cookie.OutputString()}")
        if secure and not cookie["secure"]:
            wrong.append(f"{name}: not secure")
    return wrong


def test_every_route_answers_with_all_headers(site: Site, organization: Organization) -> None:
    owner, slug = organization.actor("owner"), organization.tenant.slug
    session = signed_in(owner).cookies[settings.SESSION_COOKIE_NAME].value
    token = api_client(owner).defaults["HTTP_AUTHORIZATION"]
    with tenancy.use(organization.tenant.id, actor=owner):
        person = people.create_participant(
            name="Dana", email="dana@example.com", actor=owner, now=clock.now()
        )
    signed = {"Cookie": site.cookie(session), "Authorization": token, "Content_Type": "application/json"}
    seen, wrong = set(), []
    for (method, way), sent in itertools.product(ways(slug, person.code), ({}, signed)):
        if sent and ("logout" in way or "sign-out" in way):
            continue
        answer = site.ask(way, method, b"{}" if way.startswith("/api") else b"", **sent)
        answer.read()
        seen.add(answer.status)
        found = lacking(answer.headers, way, secure=site.secure)
        found += loose(answer.headers.get_all("Set-Cookie"), site.secure)
        wrong += [f"{method} {way} {answer.status} {'signed in' if sent else ''}: {what}" for what in found]
    assert not wrong, "\n".join(wrong[:40])
    assert seen >= {200, 302, 401, 403, 404, 415}, seen


def test_what_is_answered_before_any_route_has_them_too(site: Site) -> None:
    """Static files, whole and not changed; another host; a slash too few; too much; too often."""
    page = site.ask("/accounts/login/").read().decode()
    style = re.search(r"/static/[^\"']+\.css", page)
    assert style, "the sign-in page names no style sheet"
    first = site.ask(style[0])
    asked: dict[int, list[tuple[str, str, dict[str, str]]]] = {
        200: [(style[0], "GET", {"Accept_Encoding": "gzip"}), (style[0], "HEAD", {})],
        304: [(style[0], "GET", {"If_Modified_Since": first.headers["Last-Modified"]})],
        400: [("/", "GET", {"Host": "elsewhere.example"}), ("/?a=%00", "GET", {})],
        301: [("/accounts/login", "GET", {})],
        404: [("/static/none.css", "GET", {}), ("/nowhere", "GET", {}), ("/api/nowhere", "GET", {})],
    }
    wrong = []
    for status, questions in asked.items():
        for way, method, sent in questions:
            answer = site.ask(way, method, **sent)
            assert answer.status == status, (way, answer.status, status)
            wrong += [f"{status} {way}: {what}" for what in lacking(answer.headers, way, secure=site.secure)]
    answer = site.ask("/accounts/login/", "POST", bytes(3 << 20))
    assert answer.status == 413
    wrong += lacking(answer.headers, "/accounts/login/", secure=site.secure)
    for _ in range(101):
        answer = site.ask("/api/v1/me", X_Forwarded_For="192.0.2.1")
    assert answer.status == 429
    wrong += lacking(answer.headers, "/api/v1/me", secure=site.secure)
    if site.secure:
        answer = site.ask("/accounts/login/", X_Forwarded_Proto="http")
        assert (answer.status, answer.headers["Location"][:8]) == (301, "https://")
        wrong += lacking({**answer.headers, "Strict-Transport-Security": HSTS}, "/", secure=True)
    assert not wrong, "\n".join(wrong)


def test_cookies_of_choices_and_of_sign_in(site: Site, organization: Organization) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": "https://kith.example"}
    if not site.secure:
        form["Origin"] = site.url
    page = site.ask("/accounts/login/")
    csrf = SimpleCookie(page.headers["Set-Cookie"])
    (name,) = csrf
    hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert hidden
    form |= {"Cookie": f"{name}={csrf[name].value}", "Referer": f"{form['Origin']}/accounts/login/"}
    if site.secure:
        form["Host"] = "kith.example"
    names = set(csrf)
    sign_in = f"login={organization.username('owner')}&password={organization.passwords['owner']}"
    for way, values in (
        ("/theme", "theme=dark"), ("/theme", "theme=pink"), ("/language", "language=nl"), ("/accounts/login/", sign_in)
    ):  # fmt: skip
        answer = site.ask(way, "POST", f"{values}&csrfmiddlewaretoken={hidden[1]}".encode(), **form)
        given = answer.headers.get_all("Set-Cookie")
        assert answer.status in (302, 303), (way, answer.status)
        assert given, way
        assert not loose(given, site.secure)
        for each in given:
            names |= set(SimpleCookie(each))
    prefix = "__Host-" if site.secure else "kith_"
    assert names == {f"{prefix}{word}" for word in ("csrf", "theme", "messages", "language", "session")}


def _fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a defect")


def _refuses(error: type[DomainError]) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error(retry_after=1)

    return view


urlpatterns = [
    *(path(f"{prefix}fails", _fails) for prefix in ("", "api/")),
    *(
        path(f"{prefix}{error.status}", _refuses(error))
        for prefix in ("", "api/")
        for error in (TooMany, Unavailable)
    ),
    path("", include("kith.urls")),
]


@override_settings(ROOT_URLCONF=__name__)
def test_errors_and_defects_have_them() -> None:
    client = Client(raise_request_exception=False)
    for way, status in (("fails", 500), ("429", 429), ("503", 503)):
        for prefix in ("/", "/api/"):
            answer = client.get(prefix + way)
            assert answer.status_code == status
            assert not lacking(answer.headers, prefix + way, secure=False)
