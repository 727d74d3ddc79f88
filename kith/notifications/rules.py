"""When something is still news, and how long to wait for more of it."""

from datetime import datetime, timedelta

LATEST = timedelta(days=1)
"""What is heard of later than this, after an outage or an upgrade, is told by the portal alone."""

GATHERED_SECONDS = 120
"""So long a letter waits for more of the same, and for what is undone at once."""

MOST_SHOWN = 6
"""Referrals in one letter; more of them are counted."""


def is_news(happened_at: datetime, *, now: datetime) -> bool:
    """Whether a letter about it is worth sending."""
    return now - happened_at < LATEST
