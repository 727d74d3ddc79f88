"""The chart, the table of business events and the request's hash, as tables of cases."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.kit.money import CurrencyMismatch, Money
from kith.ledger import rules
from kith.ledger.rules import Leg

EUR, INR = "EUR", "INR"
BUDGET, PENDING, DEBT, AVAILABLE, RESERVED, PAID, FUNDING, FEES, FX_EUR, FX_INR, EXPIRED, WRITEOFF = range(
    1, 13
)
POSITIVE = st.integers(min_value=1, max_value=10**12)


def eur(minor: int) -> Money:
    return Money(minor, EUR)


def moves(legs: list[Leg]) -> list[tuple[int, int, int]]:
    return [(leg.debit, leg.credit, leg.amount.amount_minor) for leg in legs]


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        (rules.legs_fund(FUNDING, BUDGET, eur(9)), [(FUNDING, BUDGET, 9)]),
        (rules.legs_unfund(BUDGET, FUNDING, eur(9)), [(BUDGET, FUNDING, 9)]),
        (rules.legs_accrue(BUDGET, PENDING, eur(9)), [(BUDGET, PENDING, 9)]),
        (rules.legs_mature(PENDING, DEBT, AVAILABLE, eur(9), eur(0)), [(PENDING, AVAILABLE, 9)]),
        (
            rules.legs_mature(PENDING, DEBT, AVAILABLE, eur(9), eur(-4)),
            [(PENDING, DEBT, 4), (PENDING, AVAILABLE, 5)],
        ),
        (rules.legs_mature(PENDING, DEBT, AVAILABLE, eur(9), eur(-9)), [(PENDING, DEBT, 9)]),
        (rules.legs_mature(PENDING, DEBT, AVAILABLE, eur(9), eur(-90)), [(PENDING, DEBT, 9)]),
        (rules.legs_cancel(PENDING, BUDGET, eur(9)), [(PENDING, BUDGET, 9)]),
        (rules.legs_clawback(AVAILABLE, DEBT, BUDGET, eur(9), eur(20)), [(AVAILABLE, BUDGET, 9)]),
        (
            rules.legs_clawback(AVAILABLE, DEBT, BUDGET, eur(9), eur(2)),
            [(AVAILABLE, BUDGET, 2), (DEBT, BUDGET, 7)],
        ),
        (rules.legs_clawback(AVAILABLE, DEBT, BUDGET, eur(9), eur(0)), [(DEBT, BUDGET, 9)]),
        (rules.legs_withdraw_request(AVAILABLE, RESERVED, eur(9)), [(AVAILABLE, RESERVED, 9)]),
        (rules.legs_withdraw_release(RESERVED, AVAILABLE, eur(9)), [(RESERVED, AVAILABLE, 9)]),
        (rules.legs_withdraw_paid(RESERVED, PAID, eur(9)), [(RESERVED, PAID, 9)]),
        (
            rules.legs_withdraw_paid(RESERVED, PAID, eur(9), fees=FEES, fee=eur(2)),
            [(RESERVED, PAID, 7), (RESERVED, FEES, 2)],
        ),
        (rules.legs_withdraw_returned(PAID, AVAILABLE, eur(9)), [(PAID, AVAILABLE, 9)]),
        (rules.legs_fee(FUNDING, FEES, eur(2)), [(FUNDING, FEES, 2)]),
        (
            rules.legs_fx(AVAILABLE, FX_EUR, FX_INR, PENDING, eur(9), Money(800, INR)),
            [(AVAILABLE, FX_EUR, 9), (FX_INR, PENDING, 800)],
        ),
        (rules.legs_redeem(AVAILABLE, BUDGET, eur(9)), [(AVAILABLE, BUDGET, 9)]),
        (rules.legs_expire(AVAILABLE, EXPIRED, eur(9)), [(AVAILABLE, EXPIRED, 9)]),
        (rules.legs_writeoff(WRITEOFF, DEBT, eur(9)), [(WRITEOFF, DEBT, 9)]),
    ],
)
def test_each_business_event_debits_and_credits_what_the_table_says(legs, expected):
    assert moves(legs) == expected


@pytest.mark.parametrize("minor", [0, -1, 2**63])
def test_a_leg_moves_a_positive_amount_that_a_column_can_hold(minor):
    with pytest.raises(ValueError, match="positive"):
        Leg(1, 2, eur(minor))


def test_a_leg_needs_two_accounts():
    with pytest.raises(ValueError, match="two accounts"):
        Leg(1, 1, eur(5))


@pytest.mark.parametrize(
    "build",
    [
        lambda: rules.legs_mature(1, 2, 3, eur(0), eur(0)),
        lambda: rules.legs_mature(1, 2, 3, eur(5), eur(1)),
        lambda: rules.legs_clawback(1, 2, 3, eur(5), eur(-1)),
        lambda: rules.legs_withdraw_paid(1, 2, eur(5), fees=3, fee=eur(6)),
        lambda: rules.legs_withdraw_paid(1, 2, eur(5), fee=eur(1)),
        lambda: rules.legs_fx(1, 2, 3, 4, eur(5), eur(5)),
    ],
)
def test_impossible_amounts_are_refused_before_they_reach_the_database(build):
    with pytest.raises(ValueError):
        build()


def test_amounts_of_two_currencies_never_meet_in_one_leg():
    with pytest.raises(CurrencyMismatch):
        rules.legs_mature(PENDING, DEBT, AVAILABLE, eur(9), Money(-4, INR))


@given(amount=POSITIVE, debt=st.integers(min_value=0, max_value=10**12))
def test_maturing_moves_the_whole_amount_and_never_overpays_the_debt(amount, debt):
    legs = rules.legs_mature(PENDING, DEBT, AVAILABLE, eur(amount), eur(-debt))
    assert sum(leg.amount.amount_minor for leg in legs) == amount
    assert sum(leg.amount.amount_minor for leg in legs if leg.credit == DEBT) == min(amount, debt)


@given(amount=POSITIVE, available=st.integers(min_value=0, max_value=10**12))
def test_a_claw_back_takes_the_whole_amount_and_no_more_than_is_available(amount, available):
    legs = rules.legs_clawback(AVAILABLE, DEBT, BUDGET, eur(amount), eur(available))
    assert sum(leg.amount.amount_minor for leg in legs) == amount
    assert sum(leg.amount.amount_minor for leg in legs if leg.debit == AVAILABLE) == min(amount, available)


def test_reversing_twice_gives_the_original():
    legs = rules.legs_clawback(AVAILABLE, DEBT, BUDGET, eur(9), eur(2))
    assert moves(rules.legs_reversed(legs)) == [(BUDGET, DEBT, 7), (BUDGET, AVAILABLE, 2)]
    assert rules.legs_reversed(rules.legs_reversed(legs)) == legs


def test_equal_requests_have_equal_hashes_and_every_part_counts():
    legs, ref = rules.legs_accrue(BUDGET, PENDING, eur(9)), uuid.UUID(int=1)
    base = rules.request_hash("accrue", legs, ref_type="reward", ref_id=ref)
    assert base == rules.request_hash("accrue", list(legs), ref_type="reward", ref_id=uuid.UUID(int=1))
    assert len(base) == 32
    others = [
        rules.request_hash("cancel", legs, ref_type="reward", ref_id=ref),
        rules.request_hash("accrue", rules.legs_reversed(legs), ref_type="reward", ref_id=ref),
        rules.request_hash(
            "accrue", rules.legs_accrue(BUDGET, PENDING, eur(8)), ref_type="reward", ref_id=ref
        ),
        rules.request_hash(
            "accrue", rules.legs_accrue(BUDGET, PENDING, Money(9, INR)), ref_type="reward", ref_id=ref
        ),
        rules.request_hash("accrue", legs, ref_type="other", ref_id=ref),
        rules.request_hash("accrue", legs, ref_type="reward", ref_id=None),
        rules.request_hash("accrue", legs, ref_type="reward", ref_id=ref, reverses=1),
    ]
    assert len({base, *others}) == 1 + len(others)


@pytest.mark.parametrize(
    ("kind", "owner", "fits"),
    [
        ("funding", None, True),
        ("funding", uuid.UUID(int=1), False),
        ("budget", uuid.UUID(int=1), True),
        ("budget", None, False),
        ("available", uuid.UUID(int=1), True),
        ("available", None, False),
        ("savings", None, False),
    ],
)
def test_an_account_belongs_to_the_kind_of_owner_the_chart_names(kind, owner, fits):
    assert rules.owner_fits(kind, owner) is fits
