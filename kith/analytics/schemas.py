"""Response shapes of the figures."""

import datetime
from uuid import UUID

from kith.kit.http import MoneyOut, Schema


class RateOut(Schema):
    """A share between 0 and 1 with its 95 % Wilson interval; null while nothing was counted."""

    successes: int
    of: int
    value: float | None
    low: float | None
    high: float | None


class PeriodOut(Schema):
    """Days, both included, in the organization's time zone."""

    first: datetime.date
    last: datetime.date
    days: int


class TotalsOut(Schema):
    """Sums over a period; amounts in minor units."""

    clicks: int
    bot_clicks: int
    visitors: int
    referrals: int
    conversions: int
    completed: int
    rejected: int
    rewards: int
    revenue_minor: int
    estimated_minor: int
    refund_minor: int
    reward_minor: int
    reversed_minor: int
    paid_minor: int


class DayOut(Schema):
    """One day of the series."""

    day: datetime.date
    clicks: int
    referrals: int
    conversions: int
    completed: int
    revenue_minor: int
    reward_minor: int


class TopReferrerOut(Schema):
    """A participant and what they brought, of all time."""

    participant_id: UUID
    name: str
    code: str
    clicks: int
    referrals: int
    completed: int
    earned: MoneyOut


class DashboardOut(Schema):
    """Figures of a period with the stretch before."""

    period: PeriodOut
    currency: str
    totals: TotalsOut
    before: TotalsOut
    series: list[DayOut]
    conversion_rate: RateOut
    click_rate: RateOut
    top: list[TopReferrerOut]


class ConversionRateOut(Schema):
    """Two ways of counting that must not be mixed."""

    period: PeriodOut
    activity: RateOut
    cohort: RateOut
    clicks_to_referrals: RateOut


class RevenueImpactOut(Schema):
    """Attributed revenue against what it cost; `return_on_rewards` 3.0 means three times the cost on top."""

    period: PeriodOut
    conversions: int
    revenue: MoneyOut
    estimated: MoneyOut
    refunds: MoneyOut
    net: MoneyOut
    reward_cost: MoneyOut
    paid_out: MoneyOut
    return_on_rewards: float | None


class MonthOut(Schema):
    """Referrals made in a month, by the category they are in now."""

    month: datetime.date
    total: int
    by_category: dict[str, int]


class ParticipantStatsOut(Schema):
    """A participant's figures."""

    months: list[MonthOut]
    by_category: dict[str, int]
    clicks: int
    referrals: int
    completed: int
    earned: MoneyOut
    paid: MoneyOut
