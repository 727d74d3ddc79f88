"""100,000 rows of the trail: sealing and verifying against reading the same rows in the order of the table.

    python -m bench.audit_chain [rows]

Runs on the test server, in a database of its own that is dropped afterwards.
"""

import os
import sys
import time
from collections.abc import Callable

from tests import postgres

FILL = """
    insert into audit_auditentry (tenant_id, actor, request_id, table_name, row_id, op, diff)
    select 1 + n %% 20, 'member:0198c0de-0000-7000-8000-000000000000', 'bench', 'referrals_referral', n::text, 'U',
           jsonb_build_object('category', jsonb_build_array('qualified', 'completed'), 'updated_at',
                              jsonb_build_array(now(), now()), 'note', repeat('x', 150))
      from generate_series(1, %s) n
"""
READ = (
    "select id, at, tenant_id, actor, request_id, table_name, row_id, op, diff::text, txid::text"
    " from audit_auditentry"
)


def timed(label: str, run: Callable[[], object], plain: float | None = None) -> float:
    """Run it, print what it took and its ratio to the plain read."""
    start = time.perf_counter()
    result = run()
    took = time.perf_counter() - start
    ratio = f"{took / plain:6.1f} x" if plain else " " * 8
    print(f"{label:<44} {took:7.2f} s {ratio}   {result}", flush=True)
    return took


def main(rows: int) -> None:
    """Print the table."""
    database = postgres.acquire()
    os.environ |= {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.app_url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "kith.settings"
    import django

    django.setup()
    from django.db import connections

    try:
        measure(database, rows)
    finally:
        connections.close_all()
        postgres.release()


def measure(database: postgres.TestDatabase, rows: int) -> None:
    """Fill, read, seal, verify."""
    import psycopg

    from kith.audit import actions, queries
    from kith.kit import clock, tenancy

    with psycopg.connect(postgres.superuser_url(database), autocommit=True) as db:
        db.execute("set session_replication_role = replica")
        db.execute(FILL, [rows])
        db.execute("vacuum analyze audit_auditentry")

    def read() -> str:
        with psycopg.connect(postgres.superuser_url(database)) as db:
            return f"{len(db.execute(READ).fetchall())} rows"

    def seal() -> str:
        total = 0
        while sealed := actions.seal(now=clock.now()):
            total += sealed
        return f"{total} rows"

    def verify() -> str:
        with tenancy.across_tenants("the whole trail"):
            report = queries.verify(now=clock.now())
        return f"{report.rows} rows, {len(report.findings)} differences"

    timed("(warm-up)", read)
    plain = timed("plain sequential read, as Python rows", read)
    timed("seal", seal, plain)
    timed("verify", verify, plain)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
