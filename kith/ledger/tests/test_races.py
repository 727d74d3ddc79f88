"""Many hands at once: real connections, real commits, one hot budget."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import Conflict
from kith.kit.ids import uuid7
from kith.ledger import actions, queries, rules
from kith.ledger.actions import Posting
from kith.ledger.tests.factories import AT, Books, open_books

HANDS = 12


def at_once(tenant_id, work, turns=1):
    """Run `work(n)` for each n below HANDS x turns, each in a transaction, in threads that start together."""
    gate = threading.Barrier(HANDS)

    def attempt(n):
        try:
            with tenancy.use(tenant_id):
                return work(n)
        except Conflict as refused:
            return type(refused)

    def hand(first):
        try:
            gate.wait(timeout=30)
            return [attempt(first + HANDS * turn) for turn in range(turns)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(HANDS) as pool:
        return list(itertools.chain.from_iterable(pool.map(hand, range(HANDS))))


def opened(tenant_id, **options) -> Books:
    with tenancy.use(tenant_id):
        return open_books(**options)


def test_a_hot_budget_pays_for_exactly_what_it_can_afford(committed):
    tenant_id = committed("hot").pk
    books = opened(tenant_id, funded=20 * 10 + 9)
    with tenancy.use(tenant_id):
        people = [actions.open_participant(owner_id=uuid7(), currency="EUR") for _ in range(5)]

    def work(n):
        legs = rules.legs_accrue(books.budget, people[n % 5].pending, books.money(10))
        return books.post("accrue", legs, key=str(n))

    outcomes = at_once(tenant_id, work, turns=4)
    assert len(outcomes) == 4 * HANDS
    assert sum(isinstance(outcome, Posting) for outcome in outcomes) == 20
    assert outcomes.count(actions.InsufficientFunds) == 4 * HANDS - 20
    with tenancy.use(tenant_id):
        assert books.held()["budget"] == 9
        assert queries.check() == []


def test_the_same_request_from_everybody_is_one_journal(committed):
    tenant_id = committed("same").pk
    books = opened(tenant_id, funded=1_000)
    outcomes = at_once(tenant_id, lambda _n: books.accrue(10, key="once"))
    assert sum(not outcome.replay for outcome in outcomes) == 1
    assert len({outcome.journal_id for outcome in outcomes}) == 1
    with tenancy.use(tenant_id):
        assert books.held()["pending"] == 10


def test_a_journal_is_reversed_by_one_of_many(committed):
    tenant_id = committed("undo").pk
    books = opened(tenant_id, funded=1_000)
    with tenancy.use(tenant_id):
        posting = books.accrue(10)

    def work(n):
        return actions.reverse(journal_id=posting.journal_id, key=f"r{n}", event_at=AT, actor=SYSTEM)

    outcomes = at_once(tenant_id, work)
    assert sum(isinstance(outcome, Posting) for outcome in outcomes) == 1
    assert outcomes.count(actions.AlreadyReversed) == HANDS - 1
    with tenancy.use(tenant_id):
        assert books.held()["budget"] == 1_000


def test_opposite_and_overlapping_batches_do_not_deadlock(committed):
    tenant_id = committed("batch").pk
    books = opened(tenant_id, funded=100_000)
    with tenancy.use(tenant_id):
        people = [actions.open_participant(owner_id=uuid7(), currency="EUR") for _ in range(8)]

    def work(n):
        order = people if n % 2 else people[::-1]
        drafts = [
            actions.Draft(
                f"{n}/{i}", "accrue", rules.legs_accrue(books.budget, own.pending, books.money(3)), AT
            )
            for i, own in enumerate(order)
        ]
        return actions.post_many(drafts=drafts, actor=SYSTEM)

    outcomes = at_once(tenant_id, work, turns=4)
    assert all(isinstance(outcome, list) for outcome in outcomes)
    with tenancy.use(tenant_id):
        assert books.held()["budget"] == 100_000 - 3 * 8 * 4 * HANDS
        assert queries.check() == []


def test_maturing_at_once_pays_a_debt_exactly_once(committed):
    tenant_id = committed("debt").pk
    books = opened(tenant_id, funded=10_000)
    with tenancy.use(tenant_id):
        books.accrue(10 * HANDS)
    with tenancy.use(tenant_id):
        books.claw_back(35)
    outcomes = at_once(tenant_id, lambda n: books.mature(10, key=f"m{n}"))
    assert all(isinstance(outcome, Posting) for outcome in outcomes)
    with tenancy.use(tenant_id):
        held = books.held()
        assert (held["debt"], held["available"], held["pending"]) == (0, 10 * HANDS - 35, 0)
        assert queries.check() == []


def test_one_account_is_opened_by_everybody(committed):
    tenant_id, person = committed("open").pk, uuid7()
    outcomes = at_once(tenant_id, lambda _n: actions.open_participant(owner_id=person, currency="PTS"))
    assert len(set(outcomes)) == 1
