"""The one place that reads the clock. Actions are handed `now`; only the edge asks for it here."""

import contextlib
import contextvars
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from kith.kit.days import aware


class Frozen:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = aware(at)

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
