"""How fast the ledger posts: through `actions.post`, and the same SQL in a bare psycopg loop.

    python -m bench.ledger [--seconds 4] [--rounds 3]

Works on a database of its own, made on the tests' PostgreSQL (which does not wait for the disk) and dropped
at the end. Rounds are alternated, and medians are printed with their range; compare the ratios, not the
numbers of two machines.
"""

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests import postgres

SPREAD = 64
THREADS = 4
ONE = "one connection"
MANY = f"{THREADS} threads"


@dataclass(frozen=True)
class Stage:
    """The accounts to post between, in one committed tenant."""

    tenant_id: int
    budgets: list[int]
    people: list[int]


def build() -> Stage:
    """A tenant with unlimited budgets and as many participants."""
    from kith.kit import clock, tenancy
    from kith.kit.ids import uuid7
    from kith.ledger import actions
    from kith.tenants.models import Tenant

    tenant = Tenant.objects.create(slug=f"bench-{os.getpid()}", name="Bench", created_at=clock.now())
    with tenancy.use(tenant.pk):
        budgets = [
            actions.open_account(kind="budget", owner_id=uuid7(), currency="EUR", capped=False)
            for _ in range(SPREAD)
        ]
        people = [
            actions.open_account(kind="pending", owner_id=uuid7(), currency="EUR") for _ in range(SPREAD)
        ]
    return Stage(tenant.pk, budgets, people)


def through_actions(stage: Stage, accounts: list[tuple[int, int]], until: float) -> int:
    """Postings made by `actions.post`, each in its own transaction inside `tenancy.use`."""
    from django.db import connection

    from kith.kit import clock, tenancy
    from kith.kit.actors import SYSTEM
    from kith.kit.ids import uuid7
    from kith.kit.money import Money
    from kith.ledger import actions, rules

    done = 0
    while time.perf_counter() < until:
        budget, person = accounts[done % len(accounts)]
        legs = rules.legs_accrue(budget, person, Money(1, "EUR"))
        with tenancy.use(stage.tenant_id):
            actions.post(key=str(uuid7()), kind="accrue", legs=legs, event_at=clock.now(), actor=SYSTEM)
        done += 1
    connection.close()
    return done


def through_psycopg(stage: Stage, accounts: list[tuple[int, int]], until: float) -> int:
    """The same transaction in plain psycopg: tell the tenant, call the function, commit."""
    import psycopg

    from kith.kit import clock
    from kith.kit.ids import uuid7

    done, digest = 0, bytes(32)
    with psycopg.connect(os.environ["KITH_APP_DATABASE_URL"]) as connection:
        while time.perf_counter() < until:
            budget, person = accounts[done % len(accounts)]
            connection.execute("select set_config('app.tenant_id', %s, true)", [str(stage.tenant_id)])
            connection.execute(
                "select * from ledger_post(%s, %s, %s, 'accrue', %s, %s::bigint[], %s::bigint[],"
                " %s::bigint[], %s)",
                [stage.tenant_id, str(uuid7()), digest, clock.now(), [budget], [person], [1], ["EUR"]],
            )
            connection.commit()
            done += 1
    return done


def batches(stage: Stage, accounts: list[tuple[int, int]], until: float) -> int:
    """Journals posted by `actions.post_many`, 500 in a transaction."""
    from django.db import connection

    from kith.kit import clock, tenancy
    from kith.kit.actors import SYSTEM
    from kith.kit.ids import uuid7
    from kith.kit.money import Money
    from kith.ledger import actions, rules

    done = 0
    while time.perf_counter() < until:
        drafts = [
            actions.Draft(
                str(uuid7()), "accrue", rules.legs_accrue(budget, person, Money(1, "EUR")), clock.now()
            )
            for budget, person in (accounts[n % len(accounts)] for n in range(500))
        ]
        with tenancy.use(stage.tenant_id):
            actions.post_many(drafts=drafts, actor=SYSTEM)
        done += len(drafts)
    connection.close()
    return done


Work = Callable[[Stage, list[tuple[int, int]], float], int]


def rate(work: Work, stage: Stage, *, hot: bool, threads: int, seconds: float) -> float:
    """Postings per second of all threads together."""
    budgets = stage.budgets[:1] * SPREAD if hot else stage.budgets
    done: list[int] = []
    start = time.perf_counter()

    def hand(n: int) -> None:
        # Each thread starts elsewhere, so that spread postings really are spread.
        pairs = list(zip(budgets, stage.people, strict=True))
        shift = n * SPREAD // threads
        done.append(work(stage, pairs[shift:] + pairs[:shift], start + seconds))

    hands = [threading.Thread(target=hand, args=(n,)) for n in range(threads)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    return sum(done) / (time.perf_counter() - start)


def main() -> None:
    """Print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    database = postgres.acquire()
    os.environ |= {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.app_url}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kith.settings")
    try:
        import django

        django.setup()
        measure(build(), asked.rounds, asked.seconds)
    finally:
        postgres.release()


def measure(stage: Stage, rounds: int, seconds: float) -> None:
    """Alternate the candidates, so that a noisy moment hits all of them."""
    works: dict[str, Work] = {"actions.post": through_actions, "bare psycopg": through_psycopg}
    works["actions.post_many, 500 at once"] = batches
    found: dict[tuple[str, str, str], list[float]] = {}
    for _ in range(rounds):
        for name, work in works.items():
            for place, hot in ((f"{SPREAD} budgets", False), ("one hot budget", True)):
                for hands, threads in ((ONE, 1), (MANY, THREADS)):
                    speed = rate(work, stage, hot=hot, threads=threads, seconds=seconds)
                    found.setdefault((name, place, hands), []).append(speed)
    print(f"{'postings per second':<32}{'':<16}{'':<16}{'median':>8}  range")
    for (name, place, hands), speeds in found.items():
        middle = statistics.median(speeds)
        print(f"{name:<32}{place:<16}{hands:<16}{middle:>8,.0f}  {min(speeds):,.0f}-{max(speeds):,.0f}")
    median = {case: statistics.median(speeds) for case, speeds in found.items()}
    print()
    for place in (f"{SPREAD} budgets", "one hot budget"):
        for hands in (ONE, MANY):
            ratio = median["actions.post", place, hands] / median["bare psycopg", place, hands]
            print(f"ratio actions.post / bare psycopg, {place}, {hands}: {ratio:.2f}")
    for name in ("actions.post", "bare psycopg"):
        ratio = median[name, "one hot budget", MANY] / median[name, f"{SPREAD} budgets", MANY]
        print(f"ratio hot / spread, {name}, {MANY}: {ratio:.2f}")


if __name__ == "__main__":
    main()
