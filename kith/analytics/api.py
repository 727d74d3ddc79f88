"""Figures as JSON."""

from dataclasses import is_dataclass
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query

from kith.analytics import queries, rules, schemas
from kith.kit.http import answers, enveloped, ok
from kith.kit.http import router as make_router
from kith.kit.money import Money
from kith.participants import access as participants
from kith.tenants.access import requires

router = make_router("analytics")

Days = Annotated[int, Query(ge=1, le=1096, description="length of the period in days, ending today")]


def _plain(value: Any) -> Any:
    """Frozen results as the schemas want them."""
    if isinstance(value, Money):
        return value.as_dict()
    if isinstance(value, rules.Period):
        return {"first": value.first, "last": value.last, "days": value.days}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


@router.get("/analytics/dashboard", response=answers(enveloped(schemas.DashboardOut)))
@requires("analytics.view")
def dashboard(request: HttpRequest, days: Days = 30) -> Any:
    """Totals, series, rates and top referrers of a period."""
    return ok(_plain(queries.dashboard(days)))


@router.get("/analytics/conversion-rate", response=answers(enveloped(schemas.ConversionRateOut)))
@requires("analytics.view")
def conversion_rate(request: HttpRequest, days: Days = 90) -> Any:
    """Completed referrals per referral, by activity and by cohort."""
    return ok(_plain(queries.conversion_rate(days)))


@router.get("/analytics/revenue-impact", response=answers(enveloped(schemas.RevenueImpactOut)))
@requires("analytics.view")
def revenue_impact(request: HttpRequest, days: Days = 365) -> Any:
    """Attributed revenue against reward cost."""
    return ok(_plain(queries.revenue_impact(days)))


@router.get("/participants/{participant_id}/stats", response=answers(enveloped(schemas.ParticipantStatsOut)))
@requires("analytics.view")
def participant_stats(request: Any, participant_id: UUID) -> Any:
    """A participant's referrals by status and month."""
    found = participants.participant(request.actor, participant_id)
    return ok(_plain(queries.participant_stats(found.id)))
