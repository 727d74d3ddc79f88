"""Random stories against a model: after each step balances agree, sum to zero, and the check is silent."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from kith.kit import tenancy
from kith.kit.errors import Conflict
from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.ledger import actions, queries, rules
from kith.ledger.actions import Posting
from kith.ledger.tests.factories import AT, SYSTEM, Books, open_books

AMOUNTS = st.integers(min_value=1, max_value=120)
CURRENCIES = ("EUR", "JPY")
WHO = st.sampled_from(CURRENCIES)
# The model's own idea of the chart: what an account may hold.
LOWEST = {"budget": 0, "pending": 0, "available": 0, "reserved": 0, "paid": 0}
HIGHEST = {"debt": 0}
Move = tuple[str, str, int]


@dataclass(frozen=True)
class Done:
    """A request that went through, kept to be repeated and reversed."""

    currency: str
    again: Callable[[], Posting]
    journal_id: int
    moves: list[Move]


class Ledger(RuleBasedStateMachine):
    """Two budgets and participants, one per currency, in a tenant of their own."""

    make_tenant: Callable[[], int]
    journals = Bundle("journals")

    @initialize()
    def open(self) -> None:
        self.tenant_id = type(self).make_tenant()
        self.reversed: set[int] = set()
        self.books: dict[str, Books] = {}
        self.model: dict[str, dict[str, int]] = {}
        with tenancy.use(self.tenant_id):
            for currency in CURRENCIES:
                self.books[currency] = open_books(currency)
                actions.open_account(kind="fees", currency=currency)
                self.model[currency] = dict.fromkeys(["funding", "fees", *LOWEST, *HIGHEST], 0)

    def attempt(self, currency: str, moves: list[Move], request: Callable[[], Posting]):
        """Post, and expect what the model expects: the new balances, or a refusal and the old ones."""
        expected = dict(self.model[currency])
        possible = True
        for debit, credit, minor in moves:
            expected[debit] -= minor
            expected[credit] += minor
            possible &= expected[debit] >= LOWEST.get(debit, -(10**9))
            possible &= expected[credit] <= HIGHEST.get(credit, 10**9)
        with tenancy.use(self.tenant_id):
            if not possible:
                with (
                    pytest.raises((actions.InsufficientFunds, actions.CeilingReached)),
                    tenancy.use(self.tenant_id),
                ):
                    request()
                return multiple()
            posting = request()
        assert not posting.replay
        self.model[currency] = expected
        return Done(currency, request, posting.journal_id, moves)

    def leg(self, currency: str, kind: str, debit: str, credit: str, minor: int):
        """One transfer between two accounts of the books, by their kinds."""
        books, key = self.books[currency], str(uuid7())
        legs = [rules.Leg(self.account(books, debit), self.account(books, credit), books.money(minor))]
        return self.attempt(currency, [(debit, credit, minor)], lambda: books.post(kind, legs, key=key))

    def account(self, books: Books, kind: str) -> int:
        return getattr(books, kind, 0) or getattr(books.person, kind)

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def fund(self, currency, minor):
        return self.leg(currency, "fund", "funding", "budget", minor * 3)

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def accrue(self, currency, minor):
        return self.leg(currency, "accrue", "budget", "pending", minor)

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def cancel(self, currency, minor):
        return self.leg(currency, "cancel", "pending", "budget", minor)

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def withdraw(self, currency, minor):
        return self.leg(currency, "withdraw.request", "available", "reserved", minor)

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def release(self, currency, minor):
        return self.leg(currency, "withdraw.release", "reserved", "available", minor)

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def give_back(self, currency, minor):
        return self.leg(currency, "withdraw.returned", "paid", "available", minor)

    @rule(target=journals, currency=WHO, minor=AMOUNTS, fee=st.integers(min_value=0, max_value=3))
    def pay(self, currency, minor, fee):
        books, key, fee = self.books[currency], str(uuid7()), min(fee, minor - 1)
        with tenancy.use(self.tenant_id):
            fees = actions.open_account(kind="fees", currency=currency)
        legs = rules.legs_withdraw_paid(
            books.person.reserved, books.person.paid, books.money(minor), fees=fees, fee=books.money(fee)
        )
        moves = [("reserved", "paid", minor - fee), ("reserved", "fees", fee)]
        return self.attempt(currency, moves, lambda: books.post("withdraw.paid", legs, key=key))

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def mature(self, currency, minor):
        books, key, held = self.books[currency], str(uuid7()), self.model[currency]
        to_debt = min(minor, -held["debt"])
        moves = [("pending", "debt", to_debt), ("pending", "available", minor - to_debt)]
        return self.attempt(currency, moves, lambda: books.mature(minor, key=key))

    @rule(target=journals, currency=WHO, minor=AMOUNTS)
    def claw_back(self, currency, minor):
        books, key, held = self.books[currency], str(uuid7()), self.model[currency]
        covered = min(minor, held["available"])
        moves = [("available", "budget", covered), ("debt", "budget", minor - covered)]
        return self.attempt(currency, moves, lambda: books.claw_back(minor, key=key))

    @rule(done=journals)
    def retry(self, done):
        with tenancy.use(self.tenant_id):
            again = done.again()
        assert (again.replay, again.journal_id) == (True, done.journal_id)

    @rule(done=journals)
    def reuse_the_key(self, done):
        books = self.books[done.currency]
        with tenancy.use(self.tenant_id):
            key = queries.Journal.objects.get(pk=done.journal_id).idempotency_key
        with pytest.raises(actions.IdempotencyKeyReused), tenancy.use(self.tenant_id):
            books.fund(10_007, key=key)

    @rule(target=journals, done=journals)
    def reverse(self, done):
        key = str(uuid7())

        def request() -> Posting:
            return actions.reverse(journal_id=done.journal_id, key=key, event_at=AT, actor=SYSTEM)

        if done.journal_id in self.reversed:
            with pytest.raises(Conflict), tenancy.use(self.tenant_id):
                request()
            return multiple()
        moves = [(credit, debit, minor) for debit, credit, minor in reversed(done.moves)]
        undone = self.attempt(done.currency, moves, request)
        if isinstance(undone, Done):
            self.reversed.add(done.journal_id)
        return undone

    @invariant()
    def books_are_sound_and_as_the_model_says(self):
        if not hasattr(self, "tenant_id"):
            return
        with tenancy.use(self.tenant_id):
            assert queries.check() == []
            lines = queries.trial_balance()
        for currency in CURRENCIES:
            stored = {line.kind: line.money for line in lines if line.money.currency == currency}
            assert sum(money.amount_minor for money in stored.values()) == 0
            assert stored == {kind: Money(minor, currency) for kind, minor in self.model[currency].items()}


def test_no_story_breaks_the_books(committed):
    Ledger.make_tenant = staticmethod(lambda: committed("story").pk)
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
