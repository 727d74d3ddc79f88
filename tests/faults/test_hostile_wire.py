"""Bytes that are no proper request, sent to a real `kith web`: one well-formed answer each, nothing done twice."""

import http.client
import io
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conftest import make_member, make_tenant
from kith.kit import clock, tenancy
from kith.kit.models import Job
from kith.tenants import actions
from tests.serving import serving

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

COUNTED = b"/api/v1/auth/refresh"
THREADS = 4  # of one web process
HEAD = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d) [^\r\n]*\r\n(?:[!#-'*+.^-`|~\w-]+:[^\r\n\0]*\r\n)*\r\n")


@dataclass
class Site:
    """A web process, and addresses that were never counted."""

    host: str
    port: int
    used: int = 0

    def address(self) -> bytes:
        """Another caller's."""
        self.used += 1
        return f"198.51.{self.used >> 8}.{self.used & 255}".encode()

    def connect(self) -> socket.socket:
        """A connection that gives up after 10 seconds."""
        return socket.create_connection((self.host, self.port), timeout=10)

    def say(self, raw: bytes) -> list[tuple[int, bytes]]:
        """What the server answers to those bytes, and that it then ends or waits: (status, the whole answer)."""
        with self.connect() as wire:
            try:
                wire.sendall(raw)
                wire.shutdown(socket.SHUT_WR) if raw.startswith(b"\x16") else None
            except ConnectionError:
                pass
            return answers(wire)

    def left(self, caller: bytes) -> int:
        """How many of its public calls that caller has left, before this one."""
        (_status, answer) = self.say(refresh(caller))[0]
        found = re.search(rb"ratelimit-remaining: (\d+)", answer, re.IGNORECASE)
        assert found, answer
        return int(found[1]) + 1


class Received(io.BytesIO):
    """Bytes that came, as http.client wants to read them; what follows an answer stays readable."""

    def makefile(self, _mode: str) -> "Received":
        """Itself."""
        return self

    def close(self) -> None:
        """Stays open for the next answer."""


def answers(wire: socket.socket) -> list[tuple[int, bytes]]:
    """Every answer that comes, each of proper form, until the server has nothing more to say."""
    got = b""
    try:
        while piece := wire.recv(65536):
            got += piece
            if parsed(got) is not None:
                wire.settimeout(0.3)
    except (TimeoutError, ConnectionResetError):
        pass
    found = parsed(got)
    assert found is not None, f"half an answer: {got[:300]!r}"
    return found


def parsed(got: bytes) -> list[tuple[int, bytes]] | None:
    """(status, head and body) of each answer in it; None while the last one is not whole."""
    stream, found = Received(got), []
    while (start := stream.tell()) < len(got):
        if b"\r\n\r\n" not in got[start:]:
            return None
        assert HEAD.match(got, start), f"no answer of HTTP: {got[start:][:200]!r}"
        answer = http.client.HTTPResponse(stream)  # type: ignore[arg-type]
        try:
            answer.begin()
            answer.read()
        except http.client.HTTPException:
            return None
        found.append((answer.status, got[start : stream.tell()]))
    return found


def refresh(caller: bytes, head: bytes = b"", body: bytes = b"{}", length: bytes | None = None) -> bytes:
    """A public call that is counted for that caller."""
    sized = b"Content-Length: %d\r\n" % len(body) if length is None else length
    return (
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\nContent-Type: application/json\r\n%s%s\r\n%s"
        % (COUNTED, caller, sized, head, body)
    )


def get(path: bytes = b"/api/health", head: bytes = b"", host: bytes = b"Host: localhost\r\n") -> bytes:
    return b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path, host, head)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any, files: Path) -> Iterator[Site]:
    """`kith web` with one process, counting callers by what one proxy says."""
    with django_db_blocker.unblock(), serving(files, KITH_TRUSTED_PROXIES="1") as url:
        parts = urlsplit(url)
        yield Site(str(parts.hostname), int(parts.port or 0))


# --- two requests that look like one ------------------------------------------------------------------

TWO = b"Content-Length: 2\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
# Name -> (the lines that say how long the body is, the body), with another request hidden behind it.
HIDING: dict[str, tuple[bytes, bytes]] = {
    "a length and chunks": (TWO + CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"),
    "chunks and a length": (CHUNKED + b"Content-Length: 400\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "an early end of chunks": (CHUNKED + b"Content-Length: 400\r\n", b"0\r\n\r\n"),
    "two lengths": (TWO + b"Content-Length: 400\r\n", b"{}"),
    "two lengths in one": (b"Content-Length: 2, 400\r\n", b"{}"),
    "a signed length": (b"Content-Length: +2\r\n", b"{}"),
    "a negative length": (b"Content-Length: -2\r\n", b"{}"),
    "a hexadecimal length": (b"Content-Length: 0x2\r\n", b"{}"),
    "a length of other digits": ("Content-Length: \u0662\r\n".encode(), b"{}"),
    "an endless length": (b"Content-Length: " + b"9" * 40 + b"\r\n", b"{}"),
    "an unknown coding": (b"Transfer-Encoding: xchunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "identity": (b"Transfer-Encoding: identity\r\n" + TWO, b"{}"),
    "chunked twice": (b"Transfer-Encoding: chunked, identity\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "two codings": (CHUNKED + b"Transfer-Encoding: identity\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "a blank before the colon": (b"Transfer-Encoding : chunked\r\n" + TWO, b"{}"),
    "a folded line": (b"Transfer-Encoding:\r\n chunked\r\n" + TWO, b"{}"),
    "a vertical tab": (b"Transfer-Encoding: \x0bchunked\r\n" + TWO, b"{}"),
    "a bad size of a chunk": (CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk": (CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"),
    "an endless chunk": (CHUNKED, b"f" * 20 + b"\r\n{}\r\n0\r\n\r\n"),
    "chunks ended by line feeds": (CHUNKED, b"2\n{}\n0\n\n"),
    "a chunk longer than it says": (CHUNKED, b"2\r\n{}xx\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", HIDING)
def test_no_request_hides_in_another(site: Site, name: str) -> None:
    """Pass: one answer below 500, at most one call counted for the visible caller and none for the hidden one."""
    visible, hidden = site.address(), site.address()
    lines, body = HIDING[name]
    found = site.say(refresh(visible, body=body + refresh(hidden), length=lines))
    assert [status for status, _ in found][:1] in ([400], [413], [501]), found
    assert len(found) == 1
    assert site.left(hidden) == 100, "the hidden request was answered"
    assert site.left(visible) >= 99, "the visible request was counted twice"


def test_requests_that_follow_one_another_are_each_answered(site: Site) -> None:
    """Else the count above would prove nothing: an honest second request on the same connection is seen."""
    one, other = site.address(), site.address()
    assert [status for status, _ in site.say(refresh(one) + refresh(other))] == [422, 422]
    assert (site.left(one), site.left(other)) == (99, 99)


def test_a_body_without_a_length_is_refused_with_the_remedy(site: Site) -> None:
    ((status, answer),) = site.say(refresh(site.address(), body=b"2\r\n{}\r\n0\r\n\r\n", length=CHUNKED))
    assert status == 400
    assert b"Content-Length" in answer


# --- lines and headers --------------------------------------------------------------------------------

REFUSED = {400, 404, 405, 408, 413, 414, 431, 501, 505}
ODD: dict[str, tuple[bytes, set[int]]] = {
    "no host": (get(host=b""), {400}),
    "two hosts": (get(b"/accounts/login/", host=b"Host: localhost\r\nHost: evil.example\r\n"), {400}),
    "two hosts in one": (get(b"/accounts/login/", host=b"Host: localhost, evil.example\r\n"), {400}),
    "a host that is not ours": (get(b"/accounts/login/", host=b"Host: evil.example\r\n"), {400}),
    "another host in the target": (get(b"http://evil.example/accounts/login/"), {200, 400}),
    "our host in the target only": (
        get(b"http://localhost/accounts/login/", host=b"Host: evil.example\r\n"),
        {400},
    ),
    "a line feed inside a header": (get(head=b"X-A: b\rX-B: c\r\n"), REFUSED),
    "line feeds alone": (b"GET /api/health HTTP/1.1\nHost: localhost\n\n", {200, 400}),
    "a folded header": (get(head=b"X-A: b\r\n c\r\n"), REFUSED),
    "a NUL in a header": (get(head=b"X-A: b\0c\r\n"), REFUSED),
    "a line of 500 KB": (get(b"/" + b"a" * 500_000), REFUSED),
    "a query of 100 KB": (get(b"/api/health?" + b"a" * 100_000), REFUSED),
    "a header of 600 KB": (get(head=b"X-A: " + b"a" * 600_000 + b"\r\n"), REFUSED),
    "5,000 headers": (get(head=b"".join(b"X-A%d: b\r\n" % number for number in range(5000))), REFUSED),
    "a method of 5 KB": (b"A" * 5000 + b" / HTTP/1.1\r\nHost: localhost\r\n\r\n", REFUSED),
    "bad percent signs": (get(b"/%zz%/api"), REFUSED),
    "a NUL in the path": (get(b"/r/%00"), REFUSED),
    "no UTF-8 in the path": (get(b"/r/%ff%fe"), REFUSED),
    "raw bytes in the path": (get(b"/r/\xff\xfe"), REFUSED),
    "a way up": (get(b"/static/../../etc/passwd"), REFUSED),
    "a way up, encoded": (get(b"/static/%2e%2e/%2e%2e/etc/passwd"), REFUSED),
    "a way up, encoded twice": (get(b"/static/%252e%252e/x"), REFUSED),
    "no path": (b"GET  HTTP/1.1\r\nHost: localhost\r\n\r\n", REFUSED),
    "an asterisk": (get(b"*"), REFUSED),
    "TRACE": (b"TRACE / HTTP/1.1\r\nHost: localhost\r\nCookie: a=secret\r\n\r\n", {405}),
    "TRACE of the API": (b"TRACE /api/v1/me HTTP/1.1\r\nHost: localhost\r\nCookie: a=secret\r\n\r\n", {405}),
    "CONNECT": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", {400, 405}),
    "another method in a header": (get(b"/api/v1/me", head=b"X-HTTP-Method-Override: DELETE\r\n"), {401}),
    "HTTP/0.9": (b"GET /\r\n\r\n", REFUSED),
    "HTTP/9.9": (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", REFUSED),
    "HTTP/2 by itself": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(30), {0, 400, 505}),
    "a web socket": (
        get(head=b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"),
        {200, 400},
    ),
    "HTTP/2 on the way": (
        get(head=b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"),
        {200, 400},
    ),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + b"\x01" * 190, REFUSED),
    "every byte": (bytes(range(256)) * 20 + b"\r\n\r\n", REFUSED),
    "the program's own variables": (get(head=b"Script-Name: /evil\r\nPath-Info: /evil\r\n"), {200}),
    "a cookie of bytes": (get(b"/accounts/login/", head=b"Cookie: kith_session=\xff\xfe; =; ;;\r\n"), {200}),
    "2,000 languages": (get(b"/accounts/login/", head=b"Accept-Language: " + b"a," * 2000 + b"\r\n"), {200}),
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_sent_the_answer_is_proper(site: Site, name: str) -> None:
    """Pass: one answer, of the status that is due; nothing of what was claimed stands in it."""
    raw, statuses = ODD[name]
    found = site.say(raw)
    assert len(found) <= 1, found
    status, answer = found[0] if found else (0, b"")
    assert status in statuses, answer[:300]
    assert not {word for word in (b"evil.example", b"secret", b"root:", b"/evil") if word in answer}


@pytest.mark.parametrize(
    "header", [b"X-Forwarded-Host", b"X-Original-URL", b"X-Rewrite-URL", b"X-Host", b"Forwarded"]
)
def test_claims_of_another_host_are_not_believed(site: Site, header: bytes) -> None:
    ((status, answer),) = site.say(get(b"/accounts/login/", head=header + b": evil.example\r\n"))
    assert status == 200
    assert b"evil.example" not in answer


# --- bodies that never come ---------------------------------------------------------------------------


def test_who_stops_in_the_middle_holds_nobody_up(site: Site) -> None:
    """40 half heads, 40 half first lines and one half body less than there are threads: others are answered at once.

    A proxy in front hands on whole requests only; by itself a web process has a thread for each half body.
    """
    halves = [b"POST /api/v1/au", b"POST %s HTTP/1.1\r\nHost: localhost\r\nX-A" % COUNTED] * 40
    halves += [
        refresh(site.address(), body=b"{", length=b"Content-Length: 400\r\n") for _ in range(THREADS - 1)
    ]
    wires = [site.connect() for _ in halves]
    try:
        for wire, half in zip(wires, halves, strict=True):
            wire.sendall(half)
        for _attempt in range(10):
            assert [status for status, _ in site.say(get(head=b"Connection: close\r\n"))] == [200]
    finally:
        for wire in wires:
            wire.close()
    assert [status for status, _ in site.say(refresh(site.address()))] == [422]


@pytest.fixture
def importer(committed: Any) -> tuple[Any, str]:
    """An organization whose rows the web process sees, and a key that may import."""
    tenant = make_tenant("wire")
    owner = make_member(tenant, "olga", "owner")
    with tenancy.use(tenant.id, actor=owner):
        made = actions.create_api_key(name="wire", scopes=["participants.*"], actor=owner, now=clock.now())
    return tenant, made.text


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cut off"])
def test_half_a_file_is_never_taken_for_a_whole_one(
    site: Site, importer: tuple[Any, str], whole: bool
) -> None:
    """Pass: 1 import of the whole upload, 0 of one whose sender hung up after half of it."""
    tenant, key = importer
    file = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\nname\n' + b"Jan\n" * 50
    )
    announced = file + (b"" if whole else b"Eva\n" * 50) + b"\r\n--B--\r\n"
    head = (
        b"POST /api/v1/participants/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
        b"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: %d\r\n\r\n"
    ) % (key.encode(), len(announced))
    with site.connect() as wire:
        wire.sendall(head + (announced if whole else file))
        if not whole:
            wire.shutdown(socket.SHUT_WR)
        found = [status for status, _ in answers(wire)]
    assert found in ([[202]] if whole else [[400], []])
    with tenancy.use(tenant.id):
        assert Job.objects.count() == int(whole)
