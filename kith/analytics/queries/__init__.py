"""Figures of a period from roll-ups only, what waits, what happened, what is found; and whether roll-ups are right."""

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
from kith.analytics.queries.finding import Found, Group, find
from kith.analytics.queries.home import Health, Task, health, tasks
from kith.analytics.queries.news import News, Pulse, news, pulse
from kith.analytics.queries.trail import (
    Change,
    Entry,
    TrailHead,
    bundled,
    trail,
    trail_head,
    trail_people,
    trail_rows,
    trail_tables,
)
from kith.analytics.queries.work import JOB_KINDS, Work, get_work, job_kind, work_list

__all__ = [
    "AMOUNTS", "CLICK_CONSUMER", "COUNTS", "EVENT_CONSUMER", "JOB_KINDS", "ROLLUPS", "Change", "ConversionRate",
    "Dashboard", "Difference", "Entry", "Found", "Group", "Health", "News", "ParticipantStats", "Pulse",
    "RevenueImpact", "Task", "TopReferrer", "Totals", "TrailHead", "Work", "bundled", "check", "conversion_rate",
    "dashboard", "find", "get_work", "health", "job_kind", "news", "participant_stats", "pulse", "recomputed",
    "revenue_impact", "series", "tasks", "today", "top_referrers", "totals", "trail", "trail_head", "trail_people",
    "trail_rows", "trail_tables", "work_list",
]  # fmt: skip
