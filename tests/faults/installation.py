"""A whole installation as an operator starts it: `kith run` with a data directory and a port of its own.

    with installation(tmp_path) as house:            # or the fixture of the same name
        team = house.organization()
        httpx.post(f"{house.url}/api/v1/referrals", headers=team.headers, json=…)
        house.kill("worker")
        house.await_ready()

Everything it started is ended, and its data directory removed, also when the test fails; what it said is then
printed.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from kith.kit.embedded import Cluster
from tests import machine, postgres
from tests.machine import ROOT, free_port, open_to_server, until

START_SECONDS = 120.0
STOP_SECONDS = 40.0
PARTS = ("web", "worker", "scheduler")


@dataclass(frozen=True)
class Team:
    """An organization made from a preset, its owner, and an API key that may do all that the owner may."""

    slug: str
    username: str
    password: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What a server with the key sends."""
        return {"Authorization": f"Bearer {self.key}"}


@dataclass
class Installation:
    """A running `kith run`. Process names are web, worker, scheduler, postgres; `run` is the supervisor."""

    folder: Path
    port: int
    environment: Mapping[str, str]
    run: "subprocess.Popen[bytes] | None" = None
    killed: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is served, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """Everything it has written so far."""
        return (self.folder / "run.log").read_text(errors="replace")

    @property
    def owner_url(self) -> str:
        """The database as the owner of the tables."""
        return self._address("KITH_DATABASE_URL")

    @property
    def app_url(self) -> str:
        """The database as the application's role."""
        return self._address("KITH_APP_DATABASE_URL")

    # ---- starting and stopping

    def start(self) -> "Installation":
        """Start `kith run` and wait until it serves requests."""
        log = (self.folder / "run.log").open("ab")
        with log:
            self.run = subprocess.Popen(
                [sys.executable, "-m", "kith", "run"],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.await_ready(START_SECONDS)
        return self

    def stop(self) -> int:
        """Ask it to end and wait; its exit code. What does not end by itself is killed, which fails the test."""
        assert self.run is not None
        self.run.send_signal(signal.SIGTERM)
        try:
            return self.run.wait(STOP_SECONDS)
        finally:
            self.clean()

    def clean(self) -> None:
        """End whatever is still there, by force."""
        if self.run is not None and self.run.poll() is None:
            family = [*self.children_of(self.run.pid), self.run.pid]
            for pid in family:
                _kill(pid)
            self.run.wait()
        for pid in self._postgres():
            _kill(pid)
        until(lambda: not self._postgres(), 20, "PostgreSQL has ended")

    # ---- its processes

    def pids(self, name: str) -> list[int]:
        """The processes of that name, outermost first: web has its workers below it, postgres its back ends."""
        if name == "run":
            return [self.run.pid] if self.run and self.run.poll() is None else []
        if name == "postgres":
            master = self._postmaster()
            return [master, *self.children_of(master)] if master else []
        assert name in PARTS, name
        outer = [pid for pid in self.children_of(*self.pids("run")) if _words(pid)[-2:] == ["kith", name]][:1]
        return outer + self.children_of(*outer)

    def pid(self, name: str) -> int:
        """The outermost process of that name."""
        found = self.pids(name)
        assert found, f"no {name} process runs"
        return found[0]

    def web_workers(self) -> list[int]:
        """The processes of `kith web` that answer requests."""
        return [pid for pid in self.pids("web")[1:] if not any("resource_tracker" in w for w in _words(pid))]

    def kill(self, name: str) -> int:
        """SIGKILL to the one process of that name (`postgres`: the postmaster); its id."""
        pid = self.pid(name)
        self.kill_pid(pid, name)
        return pid

    def kill_pid(self, pid: int, name: str) -> None:
        """SIGKILL to one process, and wait until it is gone."""
        os.kill(pid, signal.SIGKILL)
        self.killed.append(name)
        until(lambda: not _alive(pid), 10, f"{name} ({pid}) is gone")

    @staticmethod
    def children_of(*parents: int) -> list[int]:
        """Every live process below these, nearer ones first."""
        below: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    if fields[0] != "Z":
                        below.setdefault(int(fields[1]), []).append(int(entry.name))
        found, rest = list[int](), list(parents)
        while rest:
            nearer = below.get(rest.pop(0), [])
            found += nearer
            rest += nearer
        return found

    # ---- its state

    def await_ready(self, seconds: float = 30.0) -> float:
        """Wait until requests are served. Returns how many seconds that took."""
        started = time.monotonic()
        until(self.ready, seconds, "the installation is ready", self._ended)
        return time.monotonic() - started

    def ready(self) -> bool:
        """Whether requests are served at this moment."""
        return machine.answers(self.url)

    def owner(self) -> "psycopg.Connection[Any]":
        """A connection as the owner of the tables, to look into the database; every tenant is in sight."""
        return psycopg.connect(self.owner_url, autocommit=True, options="-c role=kith_system")

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement, across tenants."""
        with self.owner() as connection:
            return connection.execute(statement, values or None).fetchall()  # type: ignore[arg-type]

    def kith(self, *arguments: str, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command of `kith` on this installation."""
        return machine.kith(*arguments, environment=self.environment, seconds=seconds)

    def organization(self, preset: str = "travel") -> Team:
        """Set up an organization with live programs, as the operator and then its owner do."""
        slug = f"{preset}-{secrets.token_hex(4)}"
        done = self.kith(
            "tenant", "create", slug, "--preset", preset, "--name", "Wandelvogel", "--owner-email",
            f"owner@{slug}.example.com", "--owner-name", "Olga Owner",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = re.search(r"Owner: (\S+)[^\0]*Password.*: (\S+)", done.stdout)
        assert said, done.stdout
        return self._with_key(slug, said[1], said[2])

    def _with_key(self, slug: str, username: str, password: str) -> Team:
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=30) as client:
            signed_in = {"username": username, "password": password, "tenant": slug}
            token = _data(client.post("/auth/token", json=signed_in))["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            scopes = ["participants.*", "referrals.*", "programs.*", "rewards.*", "payouts.*", "ledger.view",
                      "analytics.view", "tenants.*", "audit.view", "jobs.view"]  # fmt: skip
            key = {"name": "server", "scopes": scopes, "rate_limit": 1_000_000}
            return Team(slug, username, password, _data(client.post("/api-keys", json=key))["text"])

    def _address(self, name: str) -> str:
        # What `kith run` has worked out, its children have been given.
        for part in PARTS:
            for pid in self.pids(part)[:1]:
                with suppress(OSError):
                    pairs = (line.partition("=") for line in _read(pid, "environ"))
                    return next(value for key, _, value in pairs if key == name)
        raise AssertionError("nothing runs that knows the database")

    def _postmaster(self) -> int:
        found = self._postgres()
        return next((pid for pid in found if _parent(pid) not in found), 0)

    def _postgres(self) -> list[int]:
        """Server and back ends of the embedded server: they work in its data directory."""
        home = os.path.realpath(Cluster(self.folder / "var").data)
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if os.readlink(entry / "cwd") == home:
                        found.append(int(entry.name))
        return sorted(found)

    def _ended(self) -> None:
        if self.run is not None and self.run.poll() is not None:
            raise AssertionError(
                f"`kith run` ended with exit code {self.run.returncode}:\n{self.said[-4000:]}"
            )


@contextmanager
def installation(folder: Path, **environ: str) -> Iterator[Installation]:
    """A started installation below `folder`, or with `KITH_DATABASE_URL=…` on a given server.

    Under root it has a folder of its own instead: pytest closes its folders whenever another session starts, and
    PostgreSQL, which runs as another user, would be locked out. Other variables of Kith come from `environ`
    alone. One web process unless KITH_WEB_WORKERS says otherwise.
    """
    own = Path(tempfile.mkdtemp(prefix="kith-")) if os.geteuid() == 0 else None
    made = prepare(own or folder, **environ)
    furnish(made)
    failed = True
    try:
        yield made.start()
        failed = False
    finally:
        made.clean()
        if failed:
            print(f"---- what the installation said:\n{made.said[-8000:]}", file=sys.stderr)
        shutil.rmtree(Cluster(made.folder / "var").home, ignore_errors=True)
        shutil.rmtree(own or made.folder / "var", ignore_errors=True)


def prepare(folder: Path, **environ: str) -> Installation:
    """The same, not yet started and not cleaned up after."""
    open_to_server(folder)
    port = int(environ.get("KITH_PORT") or free_port())
    given = {"KITH_DATA_DIR": str(folder / "var"), "KITH_PORT": str(port), "KITH_DEMO": "false",
             "KITH_WEB_WORKERS": "1", "KITH_LOG_LEVEL": "WARNING"}  # fmt: skip
    return Installation(folder, port, machine.environment(**{**given, **environ}))


def furnish(made: Installation) -> None:
    """Give it a data directory as its first start leaves it; on a given server, only the pages' files of it.

    What a first start does is for `test_starts`. Here it is done once for each state of the migrations.
    """
    kept, var = ROOT / ".cache/furnished", made.folder / "var"
    kept.mkdir(parents=True, exist_ok=True)
    var.mkdir(exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = kept / postgres.fingerprint()
        if not wanted.exists():
            for old in kept.glob("*/"):
                shutil.rmtree(old)
            _start_once(wanted)
        _copy(f"{wanted}/{'static' if 'KITH_DATABASE_URL' in made.environment else '.'}", var)


def _start_once(kept: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="kith-"))
    first = prepare(folder)
    try:
        assert first.start().stop() == 0, first.said
        _copy(f"{folder}/var", kept.with_suffix(".new"))
        kept.with_suffix(".new").rename(kept)
    finally:
        first.clean()
        shutil.rmtree(folder)


def _copy(source: str, target: Path) -> None:
    # Unlike shutil it keeps the owner, and under root PostgreSQL's files are another user's.
    subprocess.run(["cp", "-a", source, str(target)], check=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    """A running installation; import it where you need it."""
    with installation(tmp_path) as made:
        yield made


def _data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return json.loads(answer.text)["data"]


def _read(pid: int, name: str) -> list[str]:
    return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace").split("\0")


def _words(pid: int) -> list[str]:
    with suppress(OSError):
        return [word for word in _read(pid, "cmdline") if word]
    return []


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
