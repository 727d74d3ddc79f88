"""The one place that reads the clock. Actions are handed `now`; only the edge asks for it here."""

import contextlib
import contextvars
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo


class Frozen:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = _aware(at)

    def advance(self, by: timedelta) -> datetime:
        """Move the clock and return the new time."""
        self.at += by
        return self.at


_frozen: contextvars.ContextVar[Frozen | None] = contextvars.ContextVar("kith_clock", default=None)


def now() -> datetime:
    """The present, aware and in UTC; the frozen time inside `frozen`."""
    frozen_clock = _frozen.get()
    return frozen_clock.at if frozen_clock else datetime.now(UTC)


def frozen_at() -> datetime | None:
    """The frozen time, or None while the clock runs: for the few that otherwise ask the database's clock."""
    frozen_clock = _frozen.get()
    return frozen_clock.at if frozen_clock else None


@contextlib.contextmanager
def frozen(at: datetime) -> Iterator[Frozen]:
    """Make `now()` answer `at` inside the block, for tests and demonstration data.

    Holds for this thread or task only. Raises ValueError when `at` has no time zone.
    """
    clock = Frozen(at)
    token = _frozen.set(clock)
    try:
        yield clock
    finally:
        _frozen.reset(token)


def today(tz: str | tzinfo) -> date:
    """The present calendar day in a time zone, given as an object or an IANA name such as Asia/Kolkata."""
    return day_of(now(), tz)


def day_of(at: datetime, tz: str | tzinfo) -> date:
    """The calendar day on which `at` falls in a time zone. Raises ValueError when `at` has no time zone."""
    zone = ZoneInfo(tz) if isinstance(tz, str) else tz
    return _aware(at).astimezone(zone).date()


def days_after(at: datetime, days: int, tz: str | tzinfo) -> datetime:
    """The same time of day that many calendar days later in a time zone, in UTC.

    People count nights, not hours: across a change of the clocks a day has 23 or 25. A time of day that the
    change leaves out becomes the one an hour later. Raises ValueError when `at` has no time zone.
    """
    zone = ZoneInfo(tz) if isinstance(tz, str) else tz
    return (_aware(at).astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def month_of(day: date) -> date:
    """The first day of the month in which `day` lies."""
    return date(day.year, day.month, 1)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC)
