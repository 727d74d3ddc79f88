"""Figures of a period, from roll-ups only."""

import datetime
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Sum

from kith.analytics import rules
from kith.analytics.models import DayRollUp, ParticipantMonthRollUp, ParticipantRollUp
from kith.kit import clock
from kith.kit.days import month_of
from kith.kit.money import Money
from kith.participants import queries as people
from kith.participants.models import Participant
from kith.tenants import queries as tenants

COUNTS = ("clicks", "bot_clicks", "visitors", "referrals", "conversions", "completed", "rejected", "rewards")
AMOUNTS = ("revenue_minor", "estimated_minor", "refund_minor", "reward_minor", "reversed_minor", "paid_minor")


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a period; amounts in minor units of the organization's currency."""

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

    @property
    def net_revenue_minor(self) -> int:
        """Revenue less refunds."""
        return self.revenue_minor - self.refund_minor

    @property
    def net_reward_minor(self) -> int:
        """Rewards granted less those taken back."""
        return self.reward_minor - self.reversed_minor


@dataclass(frozen=True, slots=True)
class TopReferrer:
    """A participant and what they brought, of all time."""

    participant_id: UUID
    name: str
    code: str
    clicks: int
    referrals: int
    completed: int
    earned: Money


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything the dashboard shows."""

    period: rules.Period
    currency: str
    totals: Totals
    before: Totals
    series: list[dict[str, Any]]
    conversion_rate: rules.Rate
    click_rate: rules.Rate
    top: list[TopReferrer]


def today() -> datetime.date:
    """The organization's day."""
    return tenants.local_day(clock.now())


def totals(period: rules.Period, *, currency: str, program_id: UUID | None = None) -> Totals:
    """Sums over the period. One statement."""
    rows = DayRollUp.objects.filter(day__gte=period.first, day__lte=period.last, currency=currency)
    if program_id is not None:
        rows = rows.filter(program_id=program_id)
    sums = rows.aggregate(**{name: Sum(name, default=0) for name in (*COUNTS, *AMOUNTS)})
    return Totals(**sums)


def series(period: rules.Period, *, currency: str) -> list[dict[str, Any]]:
    """One row per day of the period, days without anything included."""
    names = ("clicks", "referrals", "conversions", "completed", "revenue_minor", "reward_minor")
    rows = (
        DayRollUp.objects.filter(day__gte=period.first, day__lte=period.last, currency=currency)
        .values("day")
        .annotate(**{f"sum_{name}": Sum(name) for name in names})
    )
    by_day = {row["day"]: {name: row[f"sum_{name}"] for name in names} for row in rows}
    empty = dict.fromkeys(names, 0)
    days = (period.first + datetime.timedelta(days=n) for n in range(period.days))
    return [{"day": day, **by_day.get(day, empty)} for day in days]


def top_referrers(*, currency: str, limit: int = 5) -> list[TopReferrer]:
    """Who brought most completed referrals of all time, two who became one as one. Two statements."""
    best = ParticipantRollUp.objects.filter(currency=currency, referrals__gt=0)
    rows = list(best.order_by("-completed", "-referrals", "participant_id")[: limit * 2])
    named = Participant.objects.select_related("merged_into").in_bulk([row.participant_id for row in rows])
    found: dict[UUID, TopReferrer] = {}
    for row in rows:
        if row.participant_id not in named:
            continue
        person = named[row.participant_id].merged_into or named[row.participant_id]
        seen = found.get(
            person.id, TopReferrer(person.id, person.name, person.code, 0, 0, 0, Money.zero(currency))
        )
        found[person.id] = replace(
            seen, clicks=seen.clicks + row.clicks, referrals=seen.referrals + row.referrals,
            completed=seen.completed + row.completed, earned=seen.earned + Money(row.earned_minor, currency),
        )  # fmt: skip
    return sorted(found.values(), key=lambda one: (-one.completed, -one.referrals))[:limit]


def dashboard(days: int) -> Dashboard:
    """The figures of the last `days` days with the stretch before for comparison."""
    currency = tenants.current_tenant().currency
    period = rules.period(days, today())
    now = totals(period, currency=currency)
    return Dashboard(
        period=period,
        currency=currency,
        totals=now,
        before=totals(period.before, currency=currency),
        series=series(period, currency=currency),
        conversion_rate=rules.rate(now.completed, now.referrals),
        click_rate=rules.rate(now.referrals, now.visitors),
        top=top_referrers(currency=currency),
    )


@dataclass(frozen=True, slots=True)
class ConversionRate:
    """Shares of a period: by the day things happened, and of the referrals made in it (cohort)."""

    period: rules.Period
    activity: rules.Rate
    cohort: rules.Rate
    clicks_to_referrals: rules.Rate


def conversion_rate(days: int) -> ConversionRate:
    """Completed per referral, two ways that must not be mixed. The cohort is counted by whole months."""
    currency = tenants.current_tenant().currency
    period = rules.period(days, today())
    found = totals(period, currency=currency)
    months = (
        ParticipantMonthRollUp.objects.filter(month__gte=month_of(period.first), month__lte=period.last)
        .values_list("category")
        .annotate(n=Sum("n"))
    )
    by_category = dict(months)
    return ConversionRate(
        period=period,
        activity=rules.rate(found.completed, found.referrals),
        cohort=rules.rate(by_category.get("completed", 0), sum(by_category.values())),
        clicks_to_referrals=rules.rate(found.referrals, found.visitors),
    )


@dataclass(frozen=True, slots=True)
class RevenueImpact:
    """Attributed revenue (not incremental: there is no holdout) against what it cost."""

    period: rules.Period
    conversions: int
    revenue: Money
    estimated: Money
    refunds: Money
    net: Money
    reward_cost: Money
    paid_out: Money
    return_on_rewards: float | None


def revenue_impact(days: int) -> RevenueImpact:
    """Revenue, cost and their relation over the last `days` days."""
    currency = tenants.current_tenant().currency
    period = rules.period(days, today())
    found = totals(period, currency=currency)
    return RevenueImpact(
        period=period,
        conversions=found.conversions,
        revenue=Money(found.revenue_minor, currency),
        estimated=Money(found.estimated_minor, currency),
        refunds=Money(found.refund_minor, currency),
        net=Money(found.net_revenue_minor, currency),
        reward_cost=Money(found.net_reward_minor, currency),
        paid_out=Money(found.paid_minor, currency),
        return_on_rewards=rules.return_on_rewards(found.net_revenue_minor, found.net_reward_minor),
    )


@dataclass(frozen=True, slots=True)
class ParticipantStats:
    """A participant's referrals by month and category, and totals."""

    months: list[dict[str, Any]]
    by_category: dict[str, int]
    clicks: int
    referrals: int
    completed: int
    earned: Money
    paid: Money


def participant_stats(participant_id: UUID) -> ParticipantStats:
    """One participant's figures with those of whom they stand for, newest month first. Four statements."""
    currency, ids = tenants.current_tenant().currency, [participant_id, *people.merged_ids(participant_id)]
    rows = (
        ParticipantMonthRollUp.objects.filter(participant_id__in=ids)
        .exclude(n=0)
        .order_by("-month", "category")
    )
    months: dict[datetime.date, dict[str, int]] = {}
    by_category: dict[str, int] = {}
    for row in rows:
        found = months.setdefault(row.month, {})
        found[row.category] = found.get(row.category, 0) + row.n
        by_category[row.category] = by_category.get(row.category, 0) + row.n
    counts = ("clicks", "referrals", "completed", "earned_minor", "paid_minor")
    rolled = ParticipantRollUp.objects.filter(participant_id__in=ids, currency=currency)
    total = rolled.aggregate(**{name: Sum(name, default=0) for name in counts})
    return ParticipantStats(
        months=[
            {"month": month, "by_category": found, "total": sum(found.values())}
            for month, found in months.items()
        ],
        by_category=by_category,
        clicks=total["clicks"],
        referrals=total["referrals"],
        completed=total["completed"],
        earned=Money(int(total["earned_minor"]), currency),
        paid=Money(int(total["paid_minor"]), currency),
    )
