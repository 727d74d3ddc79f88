"""The checks of `kith doctor`. Each returns one Finding; a failing one carries its remedy."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

import kith.env
from kith.commands import _installation
from kith.kit import provision
from kith.kit.embedded import CannotStart

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
SHORTEST_SECRET = 32

# A partition is reached through its parent's fence, as long as nobody may reach it directly.
_UNFENCED = """
    select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnotnull
      and not (c.relrowsecurity and c.relforcerowsecurity)
      and not (c.relispartition and not has_table_privilege(%(app)s, c.oid, 'select, insert, update, delete'))
    order by c.relname
"""


@dataclass(frozen=True)
class Finding:
    """What one check saw."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Run every check; those that need the database are left out when it cannot be reached."""
    findings = [python(), data_dir(), secrets_file(), secret_strength()]
    try:
        _installation.require_database()
        _installation.resolve()
        findings.append(database())
    except CannotStart as error:
        findings.append(
            Finding("database", False, str(error), "Mend this first; other checks need the database.")
        )
        return findings
    findings.append(application_role())
    _installation.boot()
    checks: list[Callable[[], Finding]] = [migrations, fences, scheduler, worker, outbox]
    for check in checks:
        try:
            findings.append(check())
        except Exception as error:
            reason = " ".join(str(error).split())
            findings.append(
                Finding(check.__name__, False, reason, "Run `kith migrate`, then `kith doctor` again.")
            )
    return findings


def python() -> Finding:
    """A supported interpreter."""
    ok = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    return Finding("python", ok, sys.version.split()[0], "Use Python 3.11, 3.12 or 3.13.")


def data_dir() -> Finding:
    """Writable by us, readable by nobody else."""
    folder = kith.env.env.data_dir
    if not folder.is_dir():
        return Finding("data directory", False, f"{folder} does not exist", "Start Kith once: `kith run`.")
    if not os.access(folder, os.W_OK):
        return Finding("data directory", False, f"{folder} is not writable", f"Run: chown -R $USER {folder}")
    open_to_others = folder.stat().st_mode & 0o066
    detail = f"{folder.resolve()}" + (" can be read by other users" if open_to_others else "")
    return Finding("data directory", not open_to_others, detail, f"Run: chmod go-rw {folder}")


def secrets_file() -> Finding:
    """Generated secrets belong to one user alone."""
    path = kith.env.env.data_dir / "secrets.json"
    if not path.exists():
        return Finding("secrets file", True, "none; all secrets come from the environment")
    ok = not path.stat().st_mode & 0o077
    return Finding("secrets file", ok, f"{path}", f"Run: chmod 600 {path}")


def secret_strength() -> Finding:
    """Secrets given by hand are long enough."""
    env = kith.env.env
    weak = []
    if env.secret_key and len(env.secret_key) < SHORTEST_SECRET:
        weak.append(f"KITH_SECRET_KEY has fewer than {SHORTEST_SECRET} characters")
    remedy = "Make new ones with: openssl rand -base64 32"
    return Finding("secrets", not weak, "; ".join(weak) or "strong", remedy)


def database() -> Finding:
    """Reachable, of a supported version."""
    with provision.connect(kith.env.env.database_url) as owner:
        version = owner.execute("show server_version").fetchone()
    return Finding("database", True, f"PostgreSQL {version[0] if version else '?'}")


def application_role() -> Finding:
    """The application's role owns nothing and cannot look past row-level security."""
    url = kith.env.env.app_database_url
    role = urlsplit(url).username or ""
    with provision.connect(kith.env.env.database_url) as owner:
        row = owner.execute(
            "select r.rolsuper, r.rolbypassrls, pg_has_role(r.oid, %s, 'usage'),"
            " exists (select from pg_class c where c.relowner = r.oid)"
            " from pg_roles r where r.rolname = %s",
            [provision.SYSTEM_ROLE, role],
        ).fetchone()
    remedy = (
        f"Let an administrator run: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOINHERIT; it owns nothing."
    )
    if row is None:
        return Finding("application role", False, f"{role} does not exist", "Run `kith migrate`.")
    words = ("is a superuser", "bypasses row-level security", "inherits the crossing role", "owns tables")
    faults = [word for word, true in zip(words, row, strict=True) if true]
    try:
        provision.connect(url).close()
    except CannotStart as error:
        faults.append(str(error))
    return Finding("application role", not faults, f"{role} " + (", ".join(faults) or "owns nothing"), remedy)


def migrations() -> Finding:
    """Every migration of this version has run."""
    pending = _installation.pending_migrations()
    detail = f"{len(pending)} to run: {', '.join(pending[:3])}" if pending else "all have run"
    return Finding("migrations", not pending, detail, "Run `kith migrate`.")


def fences() -> Finding:
    """Every tenant-owned table forces row-level security."""
    with psycopg.connect(kith.env.env.database_url) as owner:
        role = urlsplit(kith.env.env.app_database_url).username
        names = [row[0] for row in owner.execute(_UNFENCED, {"app": role}).fetchall()]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    detail = f"not forced on {shown}" if names else "forced on every tenant-owned table"
    remedy = (
        "Run as the owner, for each table: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    )
    return Finding("row-level security", not names, detail, remedy)


def scheduler() -> Finding:
    """The scheduler said so lately."""
    from kith.kit import health

    return _seen("scheduler", health.scheduler_age())


def worker() -> Finding:
    """A worker said so lately."""
    from kith.kit import health

    return _seen("worker", health.worker_age())


def outbox() -> Finding:
    """Events are delivered in time."""
    from kith.kit import health
    from kith.kit import outbox as events

    age = events.lag_seconds()
    remedy = "See that the scheduler runs and read its log for a handler that fails."
    return Finding(
        "outbox", age < health.LATE_SECONDS, f"the oldest undelivered event is {age:.0f} s old", remedy
    )


def _seen(process: str, age: float | None) -> Finding:
    from kith.kit import health

    remedy = f"Start Kith with `kith run`, or `kith {process}` alone, and read its log."
    if age is None:
        return Finding(process, False, "does not run", remedy)
    return Finding(process, age < health.STALE_SECONDS, f"last seen {age:.0f} s ago", remedy)
