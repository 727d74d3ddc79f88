"""Money: exact, in one currency, with ISO's decimals."""

from decimal import ROUND_HALF_EVEN, Decimal

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.kit import currencies, errors
from kith.kit.money import LARGEST, CurrencyMismatch, Money, total

FOUR = st.sampled_from(["JPY", "KWD", "EUR", "INR"])
MINOR = st.integers(-(10**15), 10**15)

# Metals, bond market units, SDR and the like: ISO gives them no minor unit.
WITHOUT_MINOR_UNIT = {
    *["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
}


def remedy(error: errors.Invalid, field: str = "amount") -> str:
    return str(error.fields[field])


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        ("EUR", 2), ("INR", 2), ("JPY", 0), ("KRW", 0), ("VND", 0), ("UGX", 0), ("KWD", 3), ("BHD", 3),
        ("IQD", 3), ("TND", 3), ("RSD", 2), ("MGA", 2), ("LBP", 2), ("AFN", 2), ("MRU", 2), ("CLF", 4),
        ("UYW", 4), ("UYI", 0), ("PTS", 0), ("PTS_MILES", 0),
    ],
)  # fmt: skip
def test_exponents_are_those_of_iso_4217(code, decimals):
    assert currencies.exponent(code) == decimals


def test_the_list_is_complete():
    assert set(currencies.CURRENCIES) == {c.alpha_3 for c in pycountry.currencies} - WITHOUT_MINOR_UNIT
    assert all(entry.name and 0 <= entry.exponent <= 4 for entry in currencies.CURRENCIES.values())


@pytest.mark.parametrize(
    "code", ["", "eur", "EURO", "ZZZ", "DEM", "XAU", "PTS_", "PTS_miles", "PTSX", "EUR\n"]
)
def test_other_codes_are_refused(code):
    with pytest.raises(currencies.UnknownCurrency) as refused:
        Money(1, code)
    assert "currency" in refused.value.fields


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("25.00", "EUR", 2500), ("25", "EUR", 2500), ("25.5", "EUR", 2550), ("0.07", "EUR", 7),
        ("-3.1", "EUR", -310), ("  12 ", "JPY", 12), ("1.234", "KWD", 1234), ("007", "INR", 700),
        ("-0", "EUR", 0), ("1200", "PTS", 1200), ("92233720368547758.07", "EUR", LARGEST),
        (Decimal("1.50"), "JPY", None), (Decimal("25.5000"), "EUR", 2550),
        (Decimal("1E+3"), "JPY", 1000),
    ],
)  # fmt: skip
def test_amounts_are_read_exactly(text, code, minor):
    if minor is None:
        with pytest.raises(errors.Invalid):
            Money.parse(text, code)
    else:
        assert Money.parse(text, code) == Money(minor, code)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("25.001", "EUR", "2 decimals"),
        ("25.000", "EUR", "round"),
        ("1.0", "JPY", "whole number"),
        ("1.2345", "KWD", "3 decimals"),
        ("1,234.50", "EUR", "1234.50"),
        ("1,50", "EUR", "point"),
        ("12 000", "JPY", "1234"),
        ("", "EUR", "digits"),
        (".5", "EUR", "digits"),
        ("5.", "EUR", "digits"),
        ("1e3", "EUR", "digits"),
        ("+1", "EUR", "digits"),
        ("NaN", "EUR", "digits"),
        ("٣", "EUR", "digits"),
        ("€5", "EUR", "digits"),
        ("92233720368547758.08", "EUR", "too large"),
        ("9" * 100_000, "EUR", "too large"),
        (Decimal("NaN"), "EUR", "digits"),
        (Decimal("1E+999999"), "EUR", "digits"),
    ],
)
def test_anything_else_is_refused_with_the_remedy(text, code, says):
    with pytest.raises(errors.Invalid) as refused:
        Money.parse(text, code, field="price")
    assert says in remedy(refused.value, "price")


def test_floats_never_come_in():
    for attempt in (
        lambda: Money(1.0, "EUR"),
        lambda: Money(True, "EUR"),
        lambda: Money.parse(25.0, "EUR"),
        lambda: Money(1, "EUR") * 1.5,
        lambda: Money(1, "EUR").percent(2.5),
    ):
        with pytest.raises(TypeError):
            attempt()


def test_arithmetic_stays_inside_one_currency():
    euro, yen = Money(100, "EUR"), Money(100, "JPY")

    assert euro + Money(1, "EUR") == Money(101, "EUR")
    assert euro - Money(250, "EUR") == -Money(150, "EUR")
    assert 3 * euro == euro * 3 == total([euro, euro, euro], "EUR")
    assert abs(-euro) == euro
    assert euro > Money(99, "EUR")
    assert euro <= Money(100, "EUR")
    assert euro != yen
    assert not Money.zero("EUR")
    assert total([], "JPY") == Money(0, "JPY")
    for attempt in (lambda: euro + yen, lambda: euro - yen, lambda: euro < yen, lambda: total([yen], "EUR")):
        with pytest.raises(CurrencyMismatch):
            attempt()


@pytest.mark.parametrize(
    ("minor", "bps", "share"),
    [
        (1000, 250, 25),
        (50, 100, 0),
        (150, 100, 2),
        (250, 100, 2),
        (-150, 100, -2),
        (-50, 100, 0),
        (999, 10_000, 999),
    ],
)
def test_percent_rounds_halves_to_even(minor, bps, share):
    assert Money(minor, "EUR").percent(bps) == Money(share, "EUR")


@given(MINOR, st.integers(0, 50_000))
def test_percent_agrees_with_decimal(minor, bps):
    exact = (Decimal(minor) * bps / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)

    assert Money(minor, "EUR").percent(bps).amount_minor == int(exact)


@pytest.mark.parametrize(
    ("minor", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [3, 0, 7], [2, 0, 3]),
        (1, [1, 1], [1, 0]),
        (0, [1, 2], [0, 0]),
    ],
)
def test_split_gives_the_rest_to_the_largest_remainders(minor, weights, parts):
    assert [part.amount_minor for part in Money(minor, "EUR").split(weights)] == parts


@given(MINOR, st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_split_sums_to_the_whole_and_is_fair(minor, weights):
    parts = Money(minor, "INR").split(weights)

    assert total(parts, "INR") == Money(minor, "INR")
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount_minor * sum(weights) - minor * weight) < sum(weights)
        assert weight or not part


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [0.5, 0.5]])
def test_split_refuses_weights_that_share_nothing(weights):
    with pytest.raises(ValueError):
        Money(100, "EUR").split(weights)


@given(st.integers(-LARGEST, LARGEST), FOUR)
def test_text_is_read_back(minor, code):
    money = Money(minor, code)

    assert Money.parse(money.text, code) == money
    assert Money.parse(money.decimal, code) == money


@given(MINOR, FOUR, st.sampled_from(["en", "en-IN", "nl", "de-CH", "ja", "pt-br"]))
def test_formatted_amounts_show_every_digit(minor, code, locale):
    money = Money(minor, code)
    digits = "".join(char for char in money.format(locale) if char.isdigit())

    assert int(digits) == abs(minor)
    assert money.format(locale) != (-money).format(locale) or not minor


@pytest.mark.parametrize(
    ("minor", "code", "locale", "shown"),
    [
        (2500, "EUR", "en", "€25.00"),
        (123456789, "INR", "en-IN", "₹12,34,567.89"),
        (2500, "JPY", "en", "¥2,500"),
        (1234, "KWD", "en", "KWD\xa01.234"),
        (1234, "RSD", "en", "RSD\xa012.34"),
        (1234, "IQD", "en_US", "IQD\xa01.234"),
        (-250000, "EUR", "nl", "€\xa0-2.500,00"),
        (2500, "EUR", "xx-nowhere", "€25.00"),
        (1200, "PTS", "en", "1,200 points"),
        (1, "PTS_MILES", "en", "1 point"),
    ],
)
def test_formats_follow_the_locale_with_our_decimals(minor, code, locale, shown):
    assert Money(minor, code).format(locale) == shown


def test_the_api_shape():
    assert Money(2500, "EUR").as_dict() == {"amount_minor": 2500, "currency": "EUR"}
    assert str(Money(-5, "KWD")) == "-0.005 KWD"
