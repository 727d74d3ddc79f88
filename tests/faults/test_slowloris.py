"""nginx as it is shipped, in front of a real web process: slow clients and floods hold nobody up."""

import datetime
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.funding import own_folder
from tests.faults.installation import Installation, installation
from tests.machine import ROOT, free_port, until

pytestmark = [pytest.mark.faults, pytest.mark.timed]

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
SLOW = 500
P95_SECONDS = 0.2
PACE_SECONDS = 0.025  # between requests: 40 a second at most, below the 50 that nginx lets one address have
HOST = "kith.example.com"
SLOW_HEAD = b"POST /api/v1/public/referrals HTTP/1.1\r\nHost: kith.example.com\r\n"
SLOW_BODY = b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"


@dataclass(frozen=True)
class Site:
    """The installation, nginx's two ports, and a client that speaks to it."""

    house: Installation
    port: int
    plain_port: int
    client: httpx.Client


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The shipped configuration with other ports and an own certificate, below Debian's main file."""
    assert NGINX, "nginx is missing; scripts/setup faults installs it"
    folder, port, plain = own_folder(), free_port(), free_port()
    given = {"KITH_SECURE": "true", "KITH_TRUSTED_PROXIES": "1", "KITH_BASE_URL": f"https://{HOST}"}
    try:
        with installation(folder, KITH_WEB_WORKERS="2", **given) as house:
            with serving(configured(folder, house.port, port, plain)), client_of(port) as client:
                until(lambda: answers(client), 20, "nginx passes requests on")
                yield Site(house, port, plain, client)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configured(folder: Path, behind: int, port: int, plain: int) -> Path:
    """The main file of a server with what deploy/nginx brings; only addresses and paths are replaced."""
    certify(folder)
    tls = (ROOT / "deploy/nginx/kith-tls.conf").read_text()
    tls = re.sub(r"/etc/ssl/kith/(\w+)\.pem", rf"{folder}/\1.pem", tls)
    (folder / "kith-tls.conf").write_text(tls)
    site_file = (ROOT / "deploy/nginx/kith.conf").read_text()
    replaced = {
        "127.0.0.1:8000": f"127.0.0.1:{behind}", "/etc/nginx/kith-tls.conf": f"{folder}/kith-tls.conf",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl", "listen 80;": f"listen 127.0.0.1:{plain};",
    }  # fmt: skip
    for shipped, ours in replaced.items():
        assert shipped in site_file, f"deploy/nginx/kith.conf no longer says {shipped}"
        site_file = site_file.replace(shipped, ours)
    (folder / "kith.conf").write_text(re.sub(r"(?m)^ *listen \[::\].*\n", "", site_file))
    main = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main.write_text(
        f"daemon off;\nworker_processes auto;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        "events { worker_connections 768; }\n"
        f"http {{\naccess_log off;\n{temporary}include {folder}/kith.conf;\n}}\n"
    )
    return main


def certify(folder: Path) -> None:
    """A certificate of a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    signed = made.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)


@contextmanager
def serving(main: Path) -> Iterator[None]:
    """A real nginx, after `nginx -t` was content."""
    assert NGINX
    tested = subprocess.run([NGINX, "-t", "-c", str(main)], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen([NGINX, "-c", str(main)], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def client_of(port: int) -> httpx.Client:
    """A browser that takes our certificate for the real one."""
    client = httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=False, timeout=20)  # noqa: S501
    client.headers["Host"] = HOST
    return client


def answers(client: httpx.Client) -> bool:
    """Whether Kith is reached through nginx."""
    with suppress(httpx.HTTPError):
        return client.get("/api/health").status_code == 200
    return False


def slow_client(port: int, number: int) -> ssl.SSLSocket:
    """One that has sent half a head, or a head and a byte of its body, and from another address than ours."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=("127.0.0.2", 0))
    made = context.wrap_socket(plain, server_hostname=HOST)
    made.sendall(SLOW_HEAD + (SLOW_BODY if number % 2 else b""))
    return made


def drip(slow: list[ssl.SSLSocket], over: threading.Event, dropped: Counter[str]) -> None:
    """Each sends one more byte every few seconds, as long as it is let."""
    while not over.wait(3):
        for number, each in enumerate(slow):
            try:
                each.sendall(b" " if number % 2 else b"X-a: b\r\n")
            except OSError:
                dropped[str(number)] = 1


def test_slow_clients_hold_nobody_up(site: Site) -> None:
    """500 slow clients, half with their head and half with their body: p95 of others < 200 ms, none refused."""
    slow, over, dropped = (
        [slow_client(site.port, number) for number in range(SLOW)],
        threading.Event(),
        Counter(),
    )
    dripping = threading.Thread(target=drip, args=(slow, over, dropped), daemon=True)
    dripping.start()
    took: list[float] = []
    statuses: Counter[int] = Counter()
    try:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for path in ("/api/health", "/accounts/login/"):
                started = time.monotonic()
                statuses[site.client.get(path).status_code] += 1
                took.append(time.monotonic() - started)
                over.wait(PACE_SECONDS)
    finally:
        over.set()
        dripping.join(10)
        for each in slow:
            each.close()
    p95 = statistics.quantiles(took, n=20)[-1]
    print(
        f"{SLOW} slow clients, {len(dropped)} let go meanwhile; {len(took)} other requests, p50"
        f" {statistics.median(took) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, all {dict(statuses)}"
    )
    assert set(statuses) == {200}
    assert len(took) > 50
    assert p95 < P95_SECONDS


def test_what_callers_claim_about_themselves_does_not_count(site: Site) -> None:
    """An invented X-Forwarded-For opens no second allowance: the 101st public call is refused, whatever it says."""
    call = "/api/v1/no-such-thing"
    statuses = [
        site.client.get(call, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(101)
    ]
    assert statuses[-1] == 429
    assert 429 not in statuses[:100]
    answer = site.client.get("/accounts/login/")
    assert answer.status_code == 200
    assert "strict-transport-security" in answer.headers
    assert all(cookie.secure for cookie in site.client.cookies.jar)
    to_https = httpx.get(f"http://127.0.0.1:{site.plain_port}/p/x/", headers={"Host": HOST})
    assert (to_https.status_code, to_https.headers["location"]) == (301, f"https://{HOST}/p/x/")


def test_floods_and_giants_end_at_the_door(site: Site) -> None:
    """Of 600 requests at once some are refused with 429; a body above 66 MiB with 413; large uploads pass nginx."""
    found: Counter[int] = Counter()

    def flood() -> None:
        with client_of(site.port) as client:
            for _ in range(60):
                found[client.get("/static/kit/img/mark.svg").status_code] += 1

    threads = [threading.Thread(target=flood) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[429] > 0
    assert found[429] + found[200] + found[404] == 600
    until(lambda: answers(site.client), 10, "the flood has run off")
    giant = slow_client(site.port, 0)
    giant.sendall(b"Content-Type: text/csv\r\nContent-Length: %d\r\n\r\n" % (70 * 2**20))
    said = giant.recv(100)
    giant.close()
    assert said.startswith(b"HTTP/1.1 413 ")
    print(f"flood of 600: {dict(found)}; 70 MiB: 413")


def test_a_web_process_that_is_away_is_said_to_be_away(site: Site) -> None:
    """Killed: 503 with Retry-After and the API's envelope from nginx, then served again by itself."""
    for pid in site.house.pids("web"):
        with suppress(ProcessLookupError):
            site.house.kill_pid(pid, "web")
    answer = site.client.get("/api/v1/programs")
    page = site.client.get("/p/x/")
    for each in (answer, page):
        assert (each.status_code, each.headers.get("retry-after")) == (503, "5")
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["content-type"] == "application/json"
    assert page.headers["content-type"].startswith("text/plain")
    until(lambda: answers(site.client), 30, "served again")
