"""Balances, entries and statements agree with what was posted."""

import datetime

import pytest

from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.ledger import actions, queries, rules
from kith.ledger.tests.factories import AT, open_books

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def test_the_trial_balance_adds_up_to_zero_in_each_currency(in_acme):
    for currency in ("EUR", "INR"):
        books = open_books(currency, funded=100)
        books.accrue(30)
    lines = queries.trial_balance()
    for currency in ("EUR", "INR"):
        assert sum(line.money.amount_minor for line in lines if line.money.currency == currency) == 0
    assert [(line.kind, line.accounts) for line in lines if line.money] == [
        ("budget", 1), ("funding", 1), ("pending", 1), ("budget", 1), ("funding", 1), ("pending", 1),
    ]  # fmt: skip


def test_an_account_never_opened_holds_nothing(in_acme):
    assert queries.balance("available", uuid7(), "EUR") == Money(0, "EUR")
    assert queries.balances(uuid7()) == []


def test_balances_of_many_owners_take_one_statement(in_acme, django_assert_num_queries):
    people = [open_books(funded=5).person_id for _ in range(3)]
    stranger = uuid7()
    with django_assert_num_queries(1):
        found = queries.balances_of([*people, stranger])
    assert found[stranger] == []
    assert found[people[0]] == queries.balances(people[0])


def test_entries_are_paged_newest_first_with_running_balances(in_acme):
    books = open_books(funded=100)
    for minor in (10, 20, 30):
        books.accrue(minor, ref_type="reward", ref_id=books.person_id)
    first = queries.entries(books.budget, limit=3)
    rest = queries.entries(books.budget, before=first[-1].seq, limit=3)
    assert [(entry.amount.amount_minor, entry.balance.amount_minor) for entry in first + rest] == [
        (-30, 40), (-20, 70), (-10, 90), (100, 100),
    ]  # fmt: skip
    assert (first[0].kind, first[0].ref_id, first[0].event_at) == ("accrue", books.person_id, AT)
    assert first[0].other_account_id == books.person.pending


def test_everything_posted_for_one_thing_is_found_by_its_reference(in_acme):
    books, reward = open_books(funded=100), uuid7()
    posting = books.accrue(10, ref_type="reward", ref_id=reward)
    books.accrue(10)
    assert [journal.pk for journal in queries.journals(ref_id=reward)] == [posting.journal_id]


def test_a_statement_opens_and_closes_by_the_time_of_the_event(in_acme):
    books = open_books(funded=1_000)
    legs = [
        rules.legs_accrue(books.budget, books.person.pending, books.money(minor)) for minor in (10, 20, 40)
    ]
    for day, leg in enumerate(legs):
        actions.post(key=f"s{day}", kind="accrue", legs=leg, event_at=AT + day * DAY, actor=SYSTEM)
    cancel = rules.legs_cancel(books.person.pending, books.budget, books.money(5))
    actions.post(key="c", kind="cancel", legs=cancel, event_at=AT + DAY, actor=SYSTEM)
    lines = queries.statement(books.person_id, currency="EUR", since=AT + DAY, until=AT + 2 * DAY)
    pending = next(line for line in lines if line.kind == "pending")
    assert (pending.opening, pending.closing) == (books.money(10), books.money(25))
    assert pending.movements == {"accrue": books.money(20), "cancel": books.money(-5)}
    assert len(lines) == 5
