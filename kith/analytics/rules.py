"""Rates and comparisons. Plain numbers in and out."""

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % Wilson interval; all between 0 and 1, or None while nothing was counted."""

    successes: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def rate(successes: int, of: int) -> Rate:
    """Share and Wilson score interval (E. B. Wilson, 1927). `successes` above `of` counts as all of them."""
    if of <= 0:
        return Rate(successes, of, None, None, None)
    hits = min(successes, of)
    share = hits / of
    z2 = Z_95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Rate(successes, of, share, max(0.0, middle - half), min(1.0, middle + half))


def change(now: int, before: int) -> float | None:
    """Relative change, 0.25 for a quarter more; None when there was nothing before."""
    return None if before == 0 else (now - before) / before


@dataclass(frozen=True, slots=True)
class Period:
    """Days first to last, both included, and the equally long stretch before."""

    first: datetime.date
    last: datetime.date

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The stretch of the same length that ends the day before."""
        return Period(
            self.first - datetime.timedelta(days=self.days), self.first - datetime.timedelta(days=1)
        )


def period(days: int, today: datetime.date) -> Period:
    """The `days` days that end today."""
    return Period(today - datetime.timedelta(days=days - 1), today)


def return_on_rewards(revenue_minor: int, reward_minor: int) -> float | None:
    """Attributed revenue per unit of reward cost, less one; None without cost. Not "incremental": no holdout."""
    return None if reward_minor <= 0 else (revenue_minor - reward_minor) / reward_minor


BY_DAY, BY_WEEK = 31, 92
"""A line of at most this many days is drawn by day or week; a longer one by month."""


def grouped(series: Sequence[Mapping[str, Any]], days: int) -> list[dict[str, Any]]:
    """Days summed to weeks or months where a line through every day would only flicker.

    `day` is the first day of each group; the groups at both ends may be shorter than the others.
    """
    if days <= BY_DAY:
        return [dict(row) for row in series]
    found: dict[datetime.date, dict[str, Any]] = {}
    for row in series:
        day = row["day"]
        first = day.replace(day=1) if days > BY_WEEK else day - datetime.timedelta(days=day.weekday())
        group = found.setdefault(first, {"day": first})
        for name, value in row.items():
            if name != "day":
                group[name] = group.get(name, 0) + value
    return list(found.values())
