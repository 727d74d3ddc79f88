"""Counting clicks by the clock."""

from typing import Any

from kith.analytics import actions
from kith.kit import clock, jobs


@jobs.job("analytics.count_clicks")
def count_clicks(**_: Any) -> None:
    """Batches until a small one; the next run takes the rest."""
    while actions.count_clicks(now=clock.now()) >= actions.CLICK_BATCH:
        pass
