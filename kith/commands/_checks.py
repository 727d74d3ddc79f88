"""The checks of `kith doctor`. Each returns one Finding; a failing one carries its remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg

import kith.env
from kith.commands import _installation
from kith.kit import clock, provision
from kith.kit.embedded import CannotStart

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
SHORTEST_SECRET = 32
CLOCKS_APART = 2
"""Seconds."""
STALE_JOB = timedelta(hours=2)
LEAST_FREE_BYTES, LEAST_FREE_PERCENT = 10**9, 20
OLDEST_BACKUP_DAYS = 2

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
    checks: list[Callable[[], Finding]] = [
        migrations, fences, protections, clocks, scheduler, worker, outbox, failed_events, stale_jobs, sealing,
        partitions, disk, backups, mailbox, redis_server,
    ]  # fmt: skip
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
    paths = [kith.env.env.data_dir / name for name in ("secrets.json", "postgres.password")]
    known = [path for path in paths if path.exists()]
    if not known:
        return Finding("secrets file", True, "none; all secrets come from the environment")
    shown = " ".join(str(path) for path in known if path.stat().st_mode & 0o077)
    detail = f"{shown} can be read by other users" if shown else ", ".join(map(str, known))
    return Finding("secrets file", not shown, detail, f"Run: chmod 600 {shown}")


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


def protections() -> Finding:
    """No trigger is switched off, and every table that only grows refuses anything else."""
    with psycopg.connect(kith.env.env.database_url) as owner:
        names = [row[0] for row in owner.execute(_UNPROTECTED).fetchall()]
    remedy = "Find out who did this. Then, as the owner: ALTER TABLE … ENABLE TRIGGER ALL; and `kith audit verify`."
    return Finding("protections", not names, ", ".join(names[:5]) or "all triggers are in force", remedy)


_UNPROTECTED = """
    select format('%s on %s is off', g.tgname, g.tgrelid::regclass)
      from pg_trigger g join pg_class c on c.oid = g.tgrelid
     where c.relnamespace = 'public'::regnamespace and not g.tgisinternal and g.tgenabled not in ('O', 'A')
       and c.relname not like 'procrastinate%'
    union all
    select format('%s may be changed', c.oid::regclass) from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and (obj_description(c.oid) = 'writes:append'
            or c.relname in ('audit_auditentry', 'ledger_journal', 'ledger_transfer'))
       and not exists (select from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgrelid = c.oid
                        and p.proname in ('refuse_change', 'ledger_immutable') and g.tgtype & 27 = 27)
     order by 1
"""


def clocks() -> Finding:
    """This machine and the database agree on the time."""
    with psycopg.connect(kith.env.env.database_url) as owner:
        before = clock.now()
        row = owner.execute("select clock_timestamp()").fetchone()
        after = clock.now()
    theirs = row[0] if row else before
    apart = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    remedy = "Let both machines follow the same time servers (chrony, systemd-timesyncd)."
    return Finding("clocks", apart <= CLOCKS_APART, f"{apart:.1f} s apart from the database's", remedy)


def failed_events() -> Finding:
    """No event was given up."""
    from kith.kit import tenancy
    from kith.kit.models import EventFailure
    from kith.kit.outbox import MAX_ATTEMPTS

    with tenancy.across_tenants("the doctor looks at the whole installation"):
        lost = EventFailure.objects.filter(attempts__gte=MAX_ATTEMPTS)
        count, first = lost.count(), lost.order_by("position").first()
    detail = (
        f"{count} given up, first {first.position} for {first.consumer}: {first.error[:80]}"
        if first
        else "none"
    )
    remedy = "Mend what the error says, then: UPDATE kit_eventfailure SET attempts = 1, due_at = now(); to try again."
    return Finding("failed events", not count, detail, remedy)


def stale_jobs() -> Finding:
    """No job waits or runs for hours."""
    from django.db.models.functions import Coalesce

    from kith.kit import tenancy
    from kith.kit.models import Job, JobState

    with tenancy.across_tenants("the doctor looks at the whole installation"):
        open_jobs = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
        stale = open_jobs.annotate(since=Coalesce("started_at", "created_at")).filter(
            since__lt=clock.now() - STALE_JOB
        )
        names = [f"{job.kind} {job.id}" for job in stale.order_by("created_at")[:5]]
    return Finding(
        "jobs", not names, ", ".join(names) or "none is late", "See that a worker runs and read its log."
    )


def sealing() -> Finding:
    """The audit trail is sealed in time."""
    from kith.audit import queries
    from kith.kit import tenancy

    ages = []
    with tenancy.across_tenants("the doctor looks at the whole installation"):
        for source in queries.SOURCES:
            _, oldest = queries.oldest_unsealed(source, queries.place_of(source))
            ages.append((clock.now() - oldest).total_seconds() if oldest else 0.0)
    remedy = "See that a worker runs, and that no transaction is open for long (pg_stat_activity)."
    detail = f"the oldest row that is not sealed is {max(ages):.0f} s old"
    return Finding("audit trail", max(ages) < queries.LATE.total_seconds(), detail, remedy)


def partitions() -> Finding:
    """Clicks of this month and the next have their place."""
    with psycopg.connect(kith.env.env.database_url) as owner:
        rows = owner.execute(
            "select to_char(month, 'YYYYMM') from generate_series(date_trunc('month', now()),"
            " date_trunc('month', now()) + interval '1 month', interval '1 month') month"
            " where to_regclass('referrals_click_' || to_char(month, 'YYYYMM')) is null"
        ).fetchall()
    missing = ", ".join(row[0] for row in rows)
    remedy = "See that a worker runs; it makes partitions every six hours."
    return Finding("partitions", not missing, f"missing: {missing}" if missing else "a month ahead", remedy)


def disk() -> Finding:
    """Room in the data directory."""
    usage = shutil.disk_usage(kith.env.env.data_dir)
    ok = usage.free >= LEAST_FREE_BYTES and usage.free >= usage.total * LEAST_FREE_PERCENT // 100
    detail = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB free"
    return Finding("disk", ok, detail, "Make room or a larger volume: at least 1 GB and 20 % should be free.")


def backups() -> Finding:
    """The newest backup in KITH_DATA_DIR/backups, where there is such a folder."""
    folder = kith.env.env.data_dir / "backups"
    if not folder.is_dir():
        return Finding("backups", True, f"not looked for: {folder} does not exist")
    newest = max((path.stat().st_mtime for path in folder.glob("kith-*.backup")), default=None)
    remedy = f"Run daily: kith backup {folder}"
    if newest is None:
        return Finding("backups", False, f"{folder} is empty", remedy)
    days = (clock.now().timestamp() - newest) / 86_400
    return Finding("backups", days < OLDEST_BACKUP_DAYS, f"the newest is {days:.1f} days old", remedy)


def mailbox() -> Finding:
    """The mail server answers and lets us in, where one is configured."""
    from django.core.mail import get_connection

    if not kith.env.env.email_url.startswith("smtp"):
        return Finding("e-mail", True, "no server is configured")
    try:
        get_connection().open()
    except OSError as error:  # smtplib's errors are such
        return Finding(
            "e-mail", False, " ".join(str(error).split()), "Check KITH_EMAIL_URL and the server it names."
        )
    return Finding("e-mail", True, "the server answers")


def redis_server() -> Finding:
    """Redis answers, where one is configured."""
    import redis

    if not kith.env.env.redis_url:
        return Finding("redis", True, "none is configured")
    try:
        redis.Redis.from_url(kith.env.env.redis_url, socket_timeout=2, socket_connect_timeout=2).ping()
    except (redis.RedisError, OSError) as error:
        return Finding(
            "redis", False, " ".join(str(error).split()), "Check KITH_REDIS_URL and the server it names."
        )
    return Finding("redis", True, "answers")
