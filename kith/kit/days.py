"""Calendar days and months of moments, wherever one is. Plain arithmetic that reads no clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def day_of(at: datetime, zone: str) -> date:
    """The calendar day on which `at` falls in a time zone (IANA name). Raises ValueError when `at` has none."""
    return aware(at).astimezone(ZoneInfo(zone)).date()


def days_after(at: datetime, days: int, zone: str) -> datetime:
    """The same time of day that many calendar days later in a time zone (IANA name), in UTC.

    People count nights, not hours: across a change of the clocks a day has 23 or 25. A time of day that the
    change leaves out becomes the one an hour later. Raises ValueError when `at` has no time zone.
    """
    return (aware(at).astimezone(ZoneInfo(zone)) + timedelta(days=days)).astimezone(UTC)


def month_of(day: date) -> date:
    """The first day of the month in which `day` lies."""
    return date(day.year, day.month, 1)


def aware(at: datetime) -> datetime:
    """The moment in UTC. Raises ValueError when it has no time zone."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC)
