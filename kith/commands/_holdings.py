"""What a database holds, in numbers that two databases with the same content share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from kith.kit.provision import SYSTEM_ROLE

# Counters and cache are unlogged and not copied; a partitioned table is counted in its partitions.
_TABLES = """
    select relname from pg_class where relnamespace = 'public'::regnamespace
      and relkind = 'r' and relpersistence = 'p' order by relname
"""
_UNREADABLE = """
    select relname from pg_class where relnamespace = 'public'::regnamespace
      and relkind in ('r', 'p') and not has_table_privilege(%s, oid, 'select') order by relname
"""
_FUNCTIONS = """
    select p.oid::regprocedure::text from pg_proc p join pg_roles r on r.oid = p.proowner
    where p.pronamespace = 'public'::regnamespace and r.rolname = %s order by 1
"""
_LEDGER = """
    select a.tenant_id, a.currency, a.accounts, a.balances::text, a.held::text,
           coalesce(t.transfers, 0), coalesce(t.moved, 0)::text
    from (select tenant_id, currency, count(*) as accounts, sum(balance) as balances, sum(abs(balance)) as held
          from ledger_account group by 1, 2) a
    left join (select tenant_id, currency, count(*) as transfers, sum(amount) as moved
          from ledger_transfer group by 1, 2) t using (tenant_id, currency)
    order by 1, 2
"""


def let_system_read(owner: psycopg.Connection) -> None:
    """As the owner: let the crossing role, which no policy hides rows from, read every table.

    Partitions are out of its reach otherwise, for everybody else asks their parent.
    """
    for (name,) in owner.execute(_UNREADABLE, [SYSTEM_ROLE]).fetchall():
        owner.execute(
            sql.SQL("grant select on {} to {}").format(sql.Identifier(name), sql.Identifier(SYSTEM_ROLE))
        )


def measure(connection: psycopg.Connection) -> dict[str, Any]:
    """Rows of every table, the books of each organization and currency, and who owns which function.

    The crossing role must be in force, or rows are missing.
    """
    tables = [row[0] for row in connection.execute(_TABLES).fetchall()]
    ledger = connection.execute(_LEDGER).fetchall() if "ledger_account" in tables else []
    return {
        "counts": {name: _count(connection, name) for name in tables},
        "ledger": [
            {
                "tenant": tenant, "currency": currency, "accounts": accounts, "balances": balances,
                "held": held, "transfers": transfers, "moved": moved,
            }
            for tenant, currency, accounts, balances, held, transfers, moved in ledger
        ],
        "system_functions": [row[0] for row in connection.execute(_FUNCTIONS, [SYSTEM_ROLE]).fetchall()],
    }  # fmt: skip


def context(connection: psycopg.Connection) -> dict[str, Any]:
    """What a restore must know besides: server, migrations, transaction counter, master keys, audit head."""
    return {
        "server_version": connection.info.server_version,
        "migrations": migrations(connection),
        "next_transaction": str(_value(connection, "select pg_snapshot_xmax(pg_current_snapshot())::text")),
        "master_keys": master_keys(connection),
        "audit_head": audit_head(connection),
    }


def migrations(connection: psycopg.Connection) -> list[str]:
    """`app.name` of each migration that has run; empty for a database that was never migrated."""
    if _value(connection, "select to_regclass('public.django_migrations')") is None:
        return []
    rows = connection.execute("select app || '.' || name from django_migrations order by 1").fetchall()
    return [row[0] for row in rows]


def master_keys(connection: psycopg.Connection) -> list[int]:
    """Fingerprints of the master keys that persons' keys are wrapped with."""
    if _value(connection, "select to_regclass('public.kit_subjectkey')") is None:
        return []
    with connection.transaction():
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(SYSTEM_ROLE)))
        rows = connection.execute("select distinct kek_version from kit_subjectkey order by 1").fetchall()
    return [row[0] for row in rows]


def audit_head(connection: psycopg.Connection) -> list[Any]:
    """Number and hash of the newest sealed block of the audit trail; empty when none was sealed."""
    if _value(connection, "select to_regclass('public.audit_block')") is None:
        return []
    newest = "select number, encode(hash, 'hex') from audit_block order by number desc limit 1"
    return list(connection.execute(newest).fetchone() or ())


def organizations(connection: psycopg.Connection) -> int:
    """How many organizations there are; 0 for a database that was never migrated."""
    if _value(connection, "select to_regclass('public.tenants_tenant')") is None:
        return 0
    return int(_value(connection, "select count(*) from tenants_tenant"))


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What two measures disagree about, in words."""
    names = sorted({*wanted["counts"], *found["counts"]})
    pairs = [(name, wanted["counts"].get(name), found["counts"].get(name)) for name in names]
    said = [f"{name} has {now} rows instead of {before}" for name, before, now in pairs if before != now]
    if wanted["ledger"] != found["ledger"]:
        said.append("the sums of the ledger differ")
    return said


def _count(connection: psycopg.Connection, table: str) -> int:
    counting = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    return int(_value(connection, counting))


def _value(connection: psycopg.Connection, query: Any) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
