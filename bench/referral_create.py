"""How fast referrals are created, next to the very same statements sent by a bare psycopg loop.

    .venv/bin/python -m bench.referral_create [--referrals 300] [--rounds 3]

For each round the statements of some calls of `create_referral` are written down while their transactions are
rolled back; then psycopg sends them as they are, and afterwards `create_referral` makes as many others. Each
referral is one transaction on a server that waits for the disk.
"""

import argparse
import itertools
import statistics
import time
from typing import Any

import psycopg

from bench._durable import Database, durable_database

Statements = list[tuple[str, Any]]
_numbers = itertools.count(1)


def build() -> tuple[int, str]:
    """A tenant with a program and somebody who refers; (tenant, code)."""
    import django

    django.setup()
    from kith.kit import clock, tenancy
    from kith.referrals.tests.factories import make_scene
    from kith.tenants.actions import create_tenant

    tenant = create_tenant(
        slug="bench", name="Bench", currency="EUR", locale="en", timezone="Europe/Amsterdam", now=clock.now()
    )
    with tenancy.use(tenant.id):
        return tenant.id, make_scene().dana.code


def create(tenant_id: int, code: str, *, undo: bool = False) -> None:
    """One referral with a booking, in its own transaction."""
    from django.db import transaction

    from kith.kit import clock, tenancy
    from kith.kit.actors import PUBLIC
    from kith.referrals.actions import create_referral

    number = next(_numbers)
    with tenancy.use(tenant_id):
        create_referral(
            code=code, email=f"friend{number}@example.com", name=f"Friend {number}",
            booking_reference=f"BK{number:08}", source="api", actor=PUBLIC, now=clock.now(),
        )  # fmt: skip
        if undo:
            transaction.set_rollback(True)


def written_down(tenant_id: int, code: str, count: int) -> list[Statements]:
    """The statements of so many referrals, none of which was made."""
    from django.db import connection

    made: list[Statements] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        made[-1].append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        for _ in range(count):
            made.append([])
            create(tenant_id, code, undo=True)
    return made


def replay(database: Database, referrals: list[Statements]) -> float:
    """Referrals per second of a loop that only sends statements and reads what comes back."""
    with psycopg.connect(database.app_url, cursor_factory=psycopg.ClientCursor) as connection:
        start = time.perf_counter()
        for statements in referrals:
            for sql, params in statements:
                cursor = connection.execute(sql, params)
                if cursor.description:
                    cursor.fetchall()
            connection.commit()
        return len(referrals) / (time.perf_counter() - start)


def through_actions(tenant_id: int, code: str, count: int) -> float:
    """Referrals per second of `create_referral`."""
    start = time.perf_counter()
    for _ in range(count):
        create(tenant_id, code)
    return count / (time.perf_counter() - start)


def main() -> None:
    """Alternate the two, print the table and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--referrals", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with durable_database() as database:
        tenant_id, code = build()
        through_actions(tenant_id, code, 20)
        bare, ours = [], []
        for _ in range(asked.rounds):
            referrals = written_down(tenant_id, code, asked.referrals)
            bare.append(replay(database, referrals))
            ours.append(through_actions(tenant_id, code, asked.referrals))
        stored = made(tenant_id)
    print(f"{'referrals per second':<32}{'median':>8}  range   ({len(referrals[0])} statements each)")
    for name, found in (("bare psycopg", bare), ("create_referral", ours)):
        print(f"{name:<32}{statistics.median(found):>8,.0f}  {min(found):,.0f}-{max(found):,.0f}")
    print(f"ratio create_referral / bare psycopg: {statistics.median(ours) / statistics.median(bare):.2f}")
    print(f"referrals stored: {stored} of {20 + 2 * asked.referrals * asked.rounds}")


def made(tenant_id: int) -> int:
    """Referrals in the table."""
    from django.db import connection

    from kith.kit import tenancy
    from kith.referrals.models import Referral

    with tenancy.use(tenant_id):
        found: int = Referral.objects.count()
    connection.close()
    return found


if __name__ == "__main__":
    main()
