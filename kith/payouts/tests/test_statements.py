"""Statements: opening, each movement in words, closing; always what the ledger says."""

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.money import Money, total
from kith.ledger import queries as ledger
from kith.payouts import actions, queries
from kith.payouts.models import Withdrawal
from kith.payouts.tests.factories import (
    IBANS,
    give_account,
    make_person,
    make_reward,
    open_books,
    set_debtor,
)
from kith.rewards import actions as rewards

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

FIRST, LAST = datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)


@pytest.fixture
def lived(acme: Any, alice: Any, now: datetime.datetime) -> Any:
    """Somebody who earned twice, was paid, whose payment came back, and of whom some was taken back."""
    with tenancy.use(acme.id, actor=alice):
        set_debtor(alice)
        books, person = open_books(), make_person("Dana Referrer")
        give_account(person, IBANS[0])
        first, _second = make_reward(books, person, 2_500), make_reward(books, person, 4_000)
        batch = actions.make_batch(actor=alice, now=now).batch
        actions.approve_batch(batch=batch, actor=alice, now=now)
        actions.send_batch(batch=batch, actor=alice, now=now)
        actions.mark_paid(batch=batch, actor=alice, now=now)
        actions.mark_returned(withdrawal=Withdrawal.objects.get(), reason="MD06", actor=alice, now=now)
        rewards.claw_back(
            reward=first, amount=Money(1_000, "EUR"), reason="refund", key="x", actor=alice, now=now
        )
    return person


def owed(person: Any) -> Money:
    """What the ledger says the person is owed."""
    held = [line.money for line in ledger.balances(person.id) if line.kind != "paid"]
    return total(held, "EUR")


def test_opening_movements_and_closing_agree_with_the_ledger(lived: Any, in_acme: Any) -> None:
    (found,) = queries.statements(lived.id, first=FIRST, last=LAST)
    assert found.opening == Money.zero("EUR")
    assert found.closing == owed(lived) == Money(5_500, "EUR")
    assert total((line.amount for line in found.lines if line.amount), "EUR") == found.closing
    assert found.lines[-1].balance == found.closing
    said = {line.words for line in found.lines}
    for words in ("Reward promised", "Paid", "Payment came back; payable again", "Reward taken back"):
        assert words in said
    paid = next(line for line in found.lines if line.words == "Paid")
    assert paid.amount == Money(-6_500, "EUR")
    assert "batch 1" in paid.note


@pytest.mark.parametrize(
    "cut", [datetime.date(2026, 6, 1), datetime.date(2026, 6, 14), datetime.date(2026, 6, 15)]
)
def test_two_parts_make_the_whole(lived: Any, in_acme: Any, cut: datetime.date) -> None:
    (whole,) = queries.statements(lived.id, first=FIRST, last=LAST)
    (before,) = queries.statements(lived.id, first=FIRST, last=cut)
    (after,) = queries.statements(lived.id, first=cut + datetime.timedelta(days=1), last=LAST)
    assert (before.opening, before.closing, after.closing) == (whole.opening, after.opening, whole.closing)
    assert [*before.lines, *after.lines] == whole.lines


def test_the_page_and_the_table_say_the_same(acme: Any, lived: Any, alice: Any, browse: Any) -> None:
    period = {"since": "2026-01-01", "until": "2026-12-31"}
    client = browse(alice)
    page = client.get(reverse("payouts:statement", args=[acme.slug, lived.id]), period)
    shown = page.content.decode()
    assert "<c-" not in shown
    for words in ("Opening balance", "€55.00", "Reward taken back"):
        assert words in shown
    table = client.get(reverse("payouts:statement_csv", args=[acme.slug, lived.id]), period)
    assert table["Content-Disposition"].endswith('.csv"')
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert (rows[0]["balance"], rows[-1]["balance"], rows[-1]["currency"]) == ("0.00", "55.00", "EUR")
    moved = [Decimal(row["amount"]) for row in rows if row["amount"]]
    assert min(moved) < 0
    assert sum(moved) == Decimal("55.00"), "a spreadsheet adds them up"


def test_only_who_may_see_payouts_and_only_their_own(
    acme: Any, lived: Any, bob: Any, charlie: Any, rival: Any, browse: Any
) -> None:
    for name in ("statement", "statement_csv"):
        assert browse(bob).get(reverse(f"payouts:{name}", args=[acme.slug, lived.id])).status_code == 403
        assert browse(charlie).get(reverse(f"payouts:{name}", args=[rival.slug, lived.id])).status_code == 404


def test_a_period_that_ends_before_it_begins_is_refused(
    acme: Any, lived: Any, alice: Any, browse: Any
) -> None:
    url = reverse("payouts:statement", args=[acme.slug, lived.id])
    for bad in ({"since": "2026-02-01", "until": "2026-01-01"}, {"since": "soon"}):
        assert browse(alice).get(url, bad).status_code == 422


def test_a_long_statement_costs_as_many_statements(
    acme: Any, alice: Any, in_acme: Any, browse: Any, now: Any
) -> None:
    books, person, counts = open_books(), make_person("Dana Referrer"), []
    client, url = browse(alice), reverse("payouts:statement", args=[acme.slug, person.id])
    for number in (3, 27):
        for _each in range(number):
            make_reward(books, person, 100)
        client.get(url, {"since": "2026-01-01"})
        with CaptureQueriesContext(connection) as seen:
            client.get(url, {"since": "2026-01-01"})
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_preview_is_what_is_made(in_acme: Any, alice: Any, now: Any) -> None:
    set_debtor(alice)
    books = open_books()
    for index in range(3):
        person = make_person(f"Payee Number{index}")
        make_reward(books, person, 2_500)
        if index:
            give_account(person, IBANS[0])
    shown = queries.preview(format="sepa")
    assert ([row.amount.amount_minor for row in shown.pays], shown.skips[0].reason) == (
        [2_500, 2_500],
        "account_missing",
    )
    with pytest.raises(actions.PlanChanged):
        actions.make_batch(expected="EUR1/1", actor=alice, now=now)
    made = actions.make_batch(expected=shown.token, actor=alice, now=now)
    assert made.batch.total_minor == shown.total.amount_minor
    assert tenancy.current_tenant_id() == made.batch.tenant_id
