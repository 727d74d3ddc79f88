"""Figures of a period, from roll-ups only; and whether the roll-ups are what the facts say."""

from kith.analytics.queries.checking import (
    CLICK_CONSUMER,
    EVENT_CONSUMER,
    ROLLUPS,
    Difference,
    check,
    recomputed,
)
from kith.analytics.queries.figures import (
    AMOUNTS,
    COUNTS,
    ConversionRate,
    Dashboard,
    ParticipantStats,
    RevenueImpact,
    TopReferrer,
    Totals,
    conversion_rate,
    dashboard,
    participant_stats,
    revenue_impact,
    series,
    today,
    top_referrers,
    totals,
)

__all__ = [
    "AMOUNTS", "CLICK_CONSUMER", "COUNTS", "EVENT_CONSUMER", "ROLLUPS", "ConversionRate", "Dashboard",
    "Difference", "ParticipantStats", "RevenueImpact", "TopReferrer", "Totals", "check", "conversion_rate",
    "dashboard", "participant_stats", "recomputed", "revenue_impact", "series", "today", "top_referrers",
    "totals",
]  # fmt: skip
