"""The PostgreSQL that tests run on, shared by every pytest process of this checkout.

The embedded server lives in `.cache/test-postgres` and stops with its last user. `KITH_TEST_POSTGRES=system` runs
the newest server installed in /usr/lib/postgresql the same way, in `.cache/test-postgres-system`;
`KITH_TEST_DATABASE_URL` (a superuser's address) uses one that runs already. Migrations run once per state of the
migration files, into a template; each process works in its own copy of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
import pytest
from psycopg import sql

from kith.kit.embedded import Cluster
from kith.kit.provision import APP_ROLE, OWNER_ROLE, create_owner, provision

ROOT = Path(__file__).parent.parent
INSTALLED = Path("/usr/lib/postgresql")
SERVER = os.environ.get("KITH_TEST_POSTGRES") or "embedded"
HOME = ROOT / ".cache" / ("test-postgres" if SERVER == "embedded" else f"test-postgres-{SERVER}")
TEMPLATE, COPY = "kith_template_", "kith_test_"
ALIASES = ("default", "counters", "owner")
"""Django's connections."""


@dataclass(frozen=True)
class TestDatabase:
    """One empty, migrated database and the addresses of its two roles."""

    __test__ = False

    owner_url: str
    app_url: str
    name: str


@dataclass
class _Held:
    users: IO[str]
    admin_url: str
    name: str


_held: list[_Held] = []


def acquire() -> TestDatabase:
    """Start the server when nobody has yet, and give this process its own migrated database."""
    HOME.mkdir(parents=True, exist_ok=True)
    users = (HOME / "users.lock").open("w")
    with _turn("server"):
        first = _alone(users)
        fcntl.flock(users, fcntl.LOCK_SH)
        admin_url = os.environ.get("KITH_TEST_DATABASE_URL") or _own_server()
        if first:
            _drop_where(admin_url, lambda name: name.startswith(COPY) or name.endswith("_unfinished"))
    name = f"{COPY}{os.getpid()}_{secrets.token_hex(3)}"
    with _turn("template"):
        template = _template(admin_url)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER_ROLE)
                )
            )
    _held.append(_Held(users, admin_url, name))
    return _database(admin_url, name)


def release(only: TestDatabase | None = None) -> None:
    """Drop this process's databases, or one; the last process to leave stops the server."""
    for held in [held for held in _held if only is None or held.name == only.name]:
        _held.remove(held)
        with suppress(psycopg.Error):
            _drop(held.admin_url, held.name)
        with _turn("server"):
            if _alone(held.users) and not os.environ.get("KITH_TEST_DATABASE_URL"):
                _cluster().stop()
            held.users.close()


def superuser_url(database: TestDatabase) -> str:
    """The address of a superuser in a database of this process, for tests that plant faults."""
    held = next(held for held in _held if held.name == database.name)
    return urlsplit(held.admin_url)._replace(path=f"/{held.name}").geturl()


def binaries() -> Path | None:
    """The programs of the server under test; None stands for the embedded one's. Raises RuntimeError."""
    if SERVER == "embedded":
        return None
    if SERVER != "system":
        raise RuntimeError(f"KITH_TEST_POSTGRES is embedded or system, not {SERVER!r}.")
    return system_binaries()


def system_binaries() -> Path:
    """The programs of the newest server that the system has installed. Raises RuntimeError when there is none."""
    found = [path.parent for path in INSTALLED.glob("*/bin/postgres") if path.parts[-3].isdigit()]
    if not found:
        raise RuntimeError(
            f"No PostgreSQL server is installed in {INSTALLED}; run: apt-get install postgresql"
        )
    return max(found, key=lambda folder: int(folder.parts[-2]))


def concerns(item: pytest.Item) -> bool:
    """Whether a test uses the server: by its marker, by a fixture, or by what it or a fixture of its gets from here."""
    if item.get_closest_marker("django_db") or not isinstance(item, pytest.Function):
        return True
    fixtures = item._fixtureinfo.name2fixturedefs
    used = [item.obj, *(each.func for name in item.fixturenames for each in fixtures.get(name, ()))]
    return "django_db_setup" in item.fixturenames or any(map(_knows_us, used))


def _knows_us(function: Any) -> bool:
    function = inspect.unwrap(function)
    if function.__module__ == "conftest":  # which has a fixture for the database, and others without
        return False
    return any(
        each is sys.modules[__name__] or getattr(each, "__module__", "") == __name__
        for each in function.__globals__.values()
    )


def _cluster() -> Cluster:
    return Cluster(HOME, durable=False, binaries=binaries())


def _own_server() -> str:
    cluster = _cluster()
    cluster.ensure()
    return cluster.url()


def _alone(users: IO[str]) -> bool:
    """Whether no other process holds the server. This process's shared hold is given up by asking."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _turn(name: str) -> Iterator[None]:
    with (HOME / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _template(admin_url: str) -> str:
    """The name of the database with every migration applied, made now if this state of them is new."""
    wanted = TEMPLATE + fingerprint()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        if admin.execute("select 1 from pg_database where datname = %s", [wanted]).fetchone():
            return wanted
    unfinished = f"{wanted}_unfinished"
    _drop(admin_url, unfinished)
    create_owner(admin_url, unfinished, _password(OWNER_ROLE))
    addresses = _database(admin_url, unfinished)
    provision(addresses.owner_url, APP_ROLE, _password(APP_ROLE))
    _migrate(addresses)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(unfinished), sql.Identifier(wanted)
            )
        )
    _drop_where(admin_url, lambda name: name.startswith(TEMPLATE) and name != wanted)
    return wanted


def _migrate(addresses: TestDatabase) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "kith.settings"}
    environment |= {"KITH_DATABASE_URL": addresses.owner_url, "KITH_APP_DATABASE_URL": addresses.app_url}
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--database=owner", "--verbosity=0", "--skip-checks"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the migrations do not run on an empty database:\n{done.stderr[-6000:]}")


def fingerprint() -> str:
    """Changes when anything that shapes the migrated database does."""
    files = [*ROOT.glob("kith/**/migrations/*.py"), *ROOT.glob("kith/**/sql/**/*.sql")]
    files += [ROOT / "requirements/run.txt", ROOT / "kith/settings.py"]
    files += [ROOT / "kith/kit" / name for name in ("apps.py", "fences.py", "database.py", "provision.py")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _database(admin_url: str, name: str) -> TestDatabase:
    parts = urlsplit(admin_url)
    server = f"{parts.hostname or '127.0.0.1'}:{parts.port or 5432}"
    owner, app = (
        f"postgresql://{role}:{quote(_password(role), safe='')}@{server}/{name}"
        for role in (OWNER_ROLE, APP_ROLE)
    )
    return TestDatabase(owner, app, name)


def _password(role: str) -> str:
    path = HOME / "passwords.json"
    with _turn("passwords"):
        known = json.loads(path.read_text()) if path.exists() else {}
        if role not in known:
            known[role] = secrets.token_urlsafe(18)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(known, file)
        return str(known[role])


def _drop(admin_url: str, name: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _drop_where(admin_url: str, condition: Callable[[str], bool]) -> None:
    with psycopg.connect(admin_url) as admin:
        names = [row[0] for row in admin.execute("select datname from pg_database").fetchall()]
    for name in filter(condition, names):
        _drop(admin_url, name)


def lead_django_to(database: TestDatabase) -> None:
    """Let Django's connections lead there: the application's role, not the owner, is `default`."""
    from django.db import connections

    for alias in ALIASES:
        parts = urlsplit(database.owner_url if alias == "owner" else database.app_url)
        connections[alias].close()
        connections.settings[alias].update(
            NAME=parts.path.lstrip("/"), USER=unquote(parts.username or ""), PASSWORD=unquote(parts.password or ""),
            HOST=parts.hostname, PORT=str(parts.port or ""),
        )  # fmt: skip
        connections[alias].settings_dict.update(connections.settings[alias])
