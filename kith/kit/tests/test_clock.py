"""The clock can be frozen, and days depend on where one is."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from kith.kit import clock
from kith.kit.days import day_of, month_of

EVENING = datetime(2026, 3, 31, 20, 30, tzinfo=UTC)


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC
    assert clock.frozen_at() is None


def test_frozen_time_stands_still_until_it_is_moved():
    with clock.frozen(EVENING) as stopped:
        assert clock.now() == clock.now() == clock.frozen_at() == EVENING
        stopped.advance(timedelta(hours=1))
        assert clock.now() == EVENING + timedelta(hours=1)
    assert clock.now() != EVENING


def test_frozen_blocks_nest_and_end_on_errors():
    with clock.frozen(EVENING):
        with pytest.raises(KeyError), clock.frozen(EVENING + timedelta(days=1)):
            raise KeyError
        assert clock.now() == EVENING


def test_another_thread_is_not_frozen():
    seen = []
    with clock.frozen(EVENING):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()

    assert seen[0] > EVENING


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", date(2026, 3, 31)), ("Asia/Kolkata", date(2026, 4, 1)), ("America/New_York", date(2026, 3, 31))],
)
def test_the_day_is_that_of_the_time_zone(zone, day):
    assert day_of(EVENING, zone) == day


def test_times_without_a_zone_are_refused():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001

    with pytest.raises(ValueError):
        day_of(naive, "UTC")
    with pytest.raises(ValueError), clock.frozen(naive):
        pass


def test_month_is_its_first_day():
    assert month_of(date(2024, 2, 29)) == date(2024, 2, 1)
    assert month_of(EVENING) == date(2026, 3, 1)
