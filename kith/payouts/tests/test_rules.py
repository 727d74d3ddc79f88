"""Who is paid what, why not, and on which day."""

import datetime
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty import registry

from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.payouts import rules
from kith.payouts.models import BatchStatus, WithdrawalStatus
from kith.payouts.queries import REASONS

ANNA, BEN = sorted([uuid7(), uuid7()])


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def terms(format: str = "sepa", minimum: int = 0, currency: str = "EUR") -> rules.Terms:
    return rules.Terms(format, currency, eur(minimum))


def payee(available: int, *, country: str = "NL", active: bool = True) -> rules.Payee:
    return rules.Payee(active, country, eur(available))


def test_edges_name_only_known_states():
    for edges, states in ((rules.BATCH_EDGES, BatchStatus), (rules.WITHDRAWAL_EDGES, WithdrawalStatus)):
        assert {*edges, *(end for ends in edges.values() for end in ends)} <= set(states.values)


@pytest.mark.parametrize(
    ("start", "end", "allowed"),
    [
        ("requested", "approved", True),
        ("requested", "paid", False),
        ("approved", "processing", True),
        ("approved", "failed", False),
        ("processing", "cancelled", False),
        ("processing", "failed", True),
        ("paid", "returned", True),
        ("returned", "paid", False),
        ("failed", "processing", False),
    ],
)
def test_steps_of_a_withdrawal(start, end, allowed):
    assert rules.may_step(rules.WITHDRAWAL_EDGES, start, end) is allowed


@pytest.mark.parametrize(
    ("amount", "limit", "needs"),
    [
        (eur(50_000), eur(50_000), False),
        (eur(50_001), eur(50_000), True),
        (eur(1), eur(0), True),
        (Money(1, "JPY"), eur(50_000), True),
    ],
)
def test_a_second_person_above_the_limit_and_where_it_cannot_be_compared(amount, limit, needs):
    assert rules.needs_second_person(amount, limit) is needs


@pytest.mark.parametrize(
    ("amount", "who", "on", "reason"),
    [
        (2500, payee(2500), terms(), ""),
        (2500, payee(2500, active=False), terms(), "participant_not_active"),
        (0, payee(0), terms(), "nothing_available"),
        (2499, payee(2499), terms(minimum=2500), "below_minimum"),
        (2500, payee(2500), terms(minimum=2500), ""),
        (2500, payee(2500, country=""), terms(), "account_missing"),
        (2500, payee(2500, country=""), terms("csv"), ""),
        (2500, payee(2500, country="AE"), terms(), "account_outside_sepa"),
        (2500, payee(2500, country="AE"), terms("csv"), ""),
        (2500, payee(2500), terms("csv", currency="USD"), "other_currency"),
    ],
)
def test_why_somebody_cannot_be_paid(amount, who, on, reason):
    assert rules.why_not(eur(amount), who, on) == reason
    assert not reason or reason in REASONS


def test_one_withdrawal_per_participant_out_of_what_is_really_there():
    first, second, third = sorted(uuid7() for _ in range(3))
    claims = [
        rules.Claim(third, ANNA, eur(1000)),
        rules.Claim(first, BEN, eur(2500)),
        rules.Claim(second, BEN, eur(2500)),
    ]
    planned = rules.plan(claims, {(ANNA, "EUR"): payee(9999), (BEN, "EUR"): payee(3000)}, terms())
    assert planned.skips == ()
    assert planned.pays == (
        rules.Pay(ANNA, eur(1000), (rules.Share(third, eur(1000)),)),
        rules.Pay(BEN, eur(3000), (rules.Share(first, eur(2500)), rules.Share(second, eur(500)))),
    )


def test_a_participant_with_two_currencies_is_paid_the_one_of_the_batch():
    claims = [rules.Claim(uuid7(), ANNA, eur(1000)), rules.Claim(uuid7(), ANNA, Money(900, "USD"))]
    who = {(ANNA, "EUR"): payee(1000), (ANNA, "USD"): rules.Payee(True, "NL", Money(900, "USD"))}
    planned = rules.plan(claims, who, terms())
    assert [pay.amount for pay in planned.pays] == [eur(1000)]
    assert planned.skips == (rules.Skip(ANNA, Money(900, "USD"), "other_currency"),)


def test_a_batch_ends_at_its_largest_size(monkeypatch):
    monkeypatch.setattr(rules, "MAX_WITHDRAWALS", 1)
    claims = [rules.Claim(uuid7(), person, eur(1000)) for person in (BEN, ANNA)]
    planned = rules.plan(claims, {(one, "EUR"): payee(1000) for one in (ANNA, BEN)}, terms())
    assert [pay.participant_id for pay in planned.pays] == [ANNA]
    assert planned.skips == (rules.Skip(BEN, eur(1000), "batch_full"),)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=8), st.integers(0, 40_000))
def test_shares_sum_to_the_amount_and_never_exceed_a_reward(nets, available):
    claims = [rules.Claim(uuid7(), ANNA, eur(net)) for net in nets]
    amount = rules.payable(eur(sum(nets)), eur(available))
    shares = rules.shared(claims, amount)
    assert sum(share.amount.amount_minor for share in shares) == amount.amount_minor <= available
    assert all(
        0 <= share.amount.amount_minor <= claim.net.amount_minor
        for share, claim in zip(shares, claims, strict=True)
    )


def test_nothing_is_paid_from_a_negative_balance():
    assert rules.payable(eur(2500), eur(-1)) == eur(0)


@given(st.integers(1, 999_999), st.integers(1, rules.MAX_WITHDRAWALS), st.uuids())
def test_references_fit_the_bank(number, position, withdrawal_id):
    reference = rules.reference(number, position, withdrawal_id)
    assert len(reference) <= 35
    assert rules.is_sepa_text(reference)


def test_references_of_one_batch_differ():
    same = uuid.UUID(int=7)
    assert len({rules.reference(1, position, same) for position in range(1, 1001)}) == 1000


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("KITH-1", True),
        ("a/b", True),
        ("", True),
        ("/a", False),
        ("a/", False),
        ("a//b", False),
        ("é", False),
        ("a_b", False),
        ("a\n", False),
    ],
)
def test_the_sepa_character_set(text, good):
    assert rules.is_sepa_text(text) is good


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1961, 4, 2), (2000, 4, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)],
)
def test_easter(year, month, day):
    assert rules.easter(year) == datetime.date(year, month, day)


@pytest.mark.parametrize(
    ("wanted", "today", "day"),
    [
        ("2026-06-16", "2026-06-15", "2026-06-16"),
        (None, "2026-06-15", "2026-06-15"),
        ("2026-06-01", "2026-06-15", "2026-06-15"),  # past
        ("2026-06-20", "2026-06-15", "2026-06-22"),  # Saturday
        ("2026-04-03", "2026-04-01", "2026-04-07"),  # Good Friday to Tuesday after Easter
        ("2026-05-01", "2026-04-01", "2026-05-04"),  # Labor Day on a Friday
        ("2026-12-25", "2026-12-01", "2026-12-28"),  # Christmas and a weekend
        ("2027-01-01", "2026-12-31", "2027-01-04"),
    ],
)
def test_banks_settle_on_business_days_that_are_not_past(wanted, today, day):
    parse = datetime.date.fromisoformat
    assert rules.execution_day(parse(wanted) if wanted else None, parse(today)) == parse(day)


def test_every_sepa_country_of_the_iban_registry_is_known():
    ibans = {code for code in registry.get_countries() if registry.get_iban_spec(code).in_sepa_zone}
    assert ibans <= rules.SEPA_COUNTRIES


def test_numbers_are_masked():
    assert rules.masked("4300") == "****4300"
