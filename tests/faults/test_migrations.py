"""From the former release to this one and back, on a filled database, while people work."""

import csv
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from kith.commands import _releases
from kith.kit import provision
from kith.kit.embedded import Cluster
from tests import postgres
from tests.faults.installation import Installation, prepare
from tests.machine import open_to_server

FORMER = max(_releases.STATES)
ROWS = 50_000
LONGEST_WAIT_SECONDS = 2.0
# Filled by an import of as many people; the others by copies of one row each.
IMPORTED = ("participants_participant", "kit_subjectkey", "audit_auditentry", "kit_outboxevent")
COPIED = {
    "referrals_click": {"id": "gen_random_uuid()"},
    "ledger_journal": {"id": "100000 + n", "idempotency_key": "'copy-' || n"},
}
LARGE = (*IMPORTED, *COPIED)


@pytest.fixture(params=["embedded", "system"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Installation, Cluster]]:
    """An installation of the former release with many rows in every table that grows."""
    open_to_server(tmp_path)
    binaries = postgres.system_binaries() if request.param == "system" else None
    server = Cluster(tmp_path / "server", durable=False, binaries=binaries)
    server.ensure()
    try:
        provision.create_owner(server.url(), "kith", "given-password")
        owner = server.url(provision.OWNER_ROLE, "kith", "given-password")
        house = prepare(tmp_path, KITH_DATABASE_URL=owner)
        _kith(house, "migrate")
        _fill(house, server)
        yield house, server
    finally:
        server.stop()


@pytest.mark.faults
def test_forward_from_the_former_release_and_back(filled: tuple[Installation, Cluster]) -> None:
    """With 50,000 rows and more in each large table: back to the former release, forward and back again. Every row
    and every column that the former release knows is the same after each step, and no reader and no writer of a
    large table waits 2 s for a migration."""
    house, server = filled
    _kith(house, "migrate", "--to-release", FORMER)
    before = _content(server)
    assert {name: rows for name, (_, rows, _) in before.items() if name in LARGE and rows < ROWS} == {}
    waits: list[float] = []
    for step in (["migrate"], ["migrate", "--to-release", FORMER], ["migrate"]):
        with _people(server) as longest:
            _kith(house, *step)
        waits.append(max(longest.values()))
        assert _changed(before, server) == []
    assert _kith(house, "migrate") == "The tables were up to date already.\n"
    rows = sum(rows for _, rows, _ in before.values())
    shown = ", ".join(f"{wait:.2f} s" for wait in waits)
    print(
        f"PostgreSQL {server.major}, {rows:,} rows: forward, back and forward again; longest waits {shown}."
    )
    assert max(waits) < LONGEST_WAIT_SECONDS


def _kith(house: Installation, *arguments: str) -> str:
    done = house.kith(*arguments, seconds=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _fill(house: Installation, server: Cluster) -> None:
    _kith(
        house, "tenant", "create", "travel", "--preset", "travel", "--name", "Wandelvogel",
        "--owner-email", "owner@example.com",
    )  # fmt: skip
    file = house.folder / "people.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["customer_number", "name", "email", "phone"])
        for n in range(ROWS):
            writer.writerow([f"C{n}", f"Person {n}", f"person{n}@example.com", f"+3161{n:07}"])
    _kith(house, "import", "customers", str(file), "--tenant", "travel")
    with psycopg.connect(server.url(database="kith")) as admin:
        admin.execute("set session_replication_role = replica")  # no triggers, no foreign keys: copies only
        tenant = _value(admin, "select id from tenants_tenant")
        admin.execute(
            "insert into referrals_click (id, tenant_id, program_id, referrer_id, occurred_at)"
            " values (gen_random_uuid(), %s, gen_random_uuid(), gen_random_uuid(), now())", [tenant],
        )  # fmt: skip
        admin.execute(
            "insert into ledger_journal (tenant_id, idempotency_key, request_hash, kind, event_at, actor, request_id)"
            " values (%s, 'first', sha256('first'), 'test', now(), 'system', '')", [tenant],
        )  # fmt: skip
        for table, fresh in COPIED.items():
            _copy(admin, table, fresh)


def _copy(admin: "psycopg.Connection[Any]", table: str, fresh: dict[str, str]) -> None:
    names = [row[0] for row in admin.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped", [table]
    )]  # fmt: skip
    values = ", ".join(fresh.get(name, f"t.{name}") for name in names)
    admin.execute(
        f"insert into {table} ({', '.join(names)}) overriding system value"
        f" select {values} from (select * from {table} limit 1) t, generate_series(1, {ROWS}) n"
    )


def _content(server: Cluster) -> dict[str, tuple[list[str], int, str]]:
    """Rows, columns and a checksum of every table; the record of migrations and the steps that the code declares
    change, and nothing else may."""
    with psycopg.connect(server.url(database="kith")) as admin:
        found = admin.execute(
            "select relname, array_agg(attname::text order by attnum) from pg_class join pg_attribute on attrelid = oid"
            " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition"
            " and relpersistence = 'p' and attnum > 0 and not attisdropped"
            " and relname not in ('django_migrations', 'kit_state_edge')"
            " group by 1 order by 1"
        ).fetchall()
        return {name: (columns, *_sum(admin, name, columns)) for name, columns in found}


def _changed(before: dict[str, tuple[list[str], int, str]], server: Cluster) -> list[str]:
    """Tables that hold anything else than before in the columns that they had."""
    with psycopg.connect(server.url(database="kith")) as admin:
        return [
            name
            for name, (columns, rows, total) in before.items()
            if _sum(admin, name, columns) != (rows, total)
        ]


def _sum(admin: "psycopg.Connection[Any]", table: str, columns: list[str]) -> tuple[int, str]:
    chosen = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL(
        "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)::numeric), 0)::text from {}"
    ).format(chosen, sql.Identifier(table))
    rows, total = admin.execute(query).fetchone()  # type: ignore[misc]
    return rows, total


@contextmanager
def _people(server: Cluster) -> Iterator[dict[str, float]]:
    """Somebody reads and somebody writes each large table all the time; the longest that one had to wait, each."""
    longest = dict.fromkeys(LARGE, 0.0)
    over = threading.Event()

    def work(table: str) -> None:
        with psycopg.connect(server.url(database="kith"), autocommit=True) as session:
            while not over.is_set():
                began = time.monotonic()
                session.execute(f"select 1 from {table} limit 1")  # a reader's lock
                session.execute(f"update {table} set tenant_id = tenant_id where false")  # a writer's
                longest[table] = max(longest[table], time.monotonic() - began)
                over.wait(0.02)

    threads = [threading.Thread(target=work, args=[table]) for table in LARGE]
    for thread in threads:
        thread.start()
    try:
        yield longest
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


def _value(admin: "psycopg.Connection[Any]", query: str) -> Any:
    row = admin.execute(query).fetchone()
    assert row is not None
    return row[0]
