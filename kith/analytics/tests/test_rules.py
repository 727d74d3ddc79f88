"""Rates and comparisons as tables of cases."""

import datetime

import pytest

from kith.analytics import rules


@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (2, 40, 0.0138, 0.1650)],
)
def test_wilson_interval_equals_the_published_values(
    successes: int, of: int, low: float, high: float
) -> None:
    found = rules.rate(successes, of)
    assert found.value == successes / of
    assert found.low == pytest.approx(low, abs=5e-4)
    assert found.high == pytest.approx(high, abs=5e-4)


def test_nothing_counted_is_no_rate() -> None:
    assert rules.rate(0, 0) == rules.Rate(0, 0, None, None, None)


def test_more_completed_than_made_is_everything() -> None:
    assert rules.rate(7, 5).value == 1.0


@pytest.mark.parametrize(("now", "before", "change"), [(5, 4, 0.25), (0, 4, -1.0), (3, 0, None)])
def test_change(now: int, before: int, change: float | None) -> None:
    assert rules.change(now, before) == change


def test_periods_touch_and_do_not_overlap() -> None:
    period = rules.period(30, datetime.date(2026, 3, 31))
    assert (period.first, period.days) == (datetime.date(2026, 3, 2), 30)
    assert period.before.last == datetime.date(2026, 3, 1)
    assert period.before.days == 30


def test_return_on_rewards() -> None:
    assert rules.return_on_rewards(10_000, 2_500) == 3.0
    assert rules.return_on_rewards(10_000, 0) is None
