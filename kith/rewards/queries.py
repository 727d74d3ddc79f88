"""Rewards, why they were granted or not, and what a participant has."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.programs import queries as programs
from kith.programs import rules as program_rules
from kith.programs.models import Program
from kith.referrals.models import Conversion, ConversionStatus, Referral
from kith.rewards import rules
from kith.rewards.models import Decision, Reward, RewardStatus
from kith.tenants.queries import current_tenant

NEWEST = ("-created_at", "-id")
CONVERSION = "conversion"
Facts = dict[str, Any]


def reward_list(
    *,
    status: str = "",
    beneficiary_id: UUID | None = None,
    program_id: UUID | None = None,
    referral_id: UUID | None = None,
) -> QuerySet[Reward]:
    """Rewards with everything a list shows, newest first, narrowed by what is given."""
    wanted: dict[str, Any] = {
        "status": status or None, "beneficiary_id": beneficiary_id, "program_id": program_id,
        "referral_id": referral_id,
    }  # fmt: skip
    given = {name: value for name, value in wanted.items() if value is not None}
    found: QuerySet[Reward] = _with_names().filter(**given).order_by(*NEWEST)
    return found


def get_reward(reward_id: UUID) -> Reward:
    """The reward with program, beneficiary and decision. Raises Reward.DoesNotExist."""
    found: Reward = _with_names().select_related("decision", "rule_version").get(pk=reward_id)
    return found


def available_rewards(*, participant_id: UUID | None = None, currency: str = "") -> QuerySet[Reward]:
    """Rewards that can be paid out, oldest first, of one participant or currency when given."""
    found: QuerySet[Reward] = _with_names().filter(status=RewardStatus.AVAILABLE)
    if participant_id:
        found = found.filter(beneficiary_id=participant_id)
    if currency:
        found = found.filter(currency=currency)
    return found.order_by("beneficiary_id", "created_at", "id")


def rewards_of_referrals(referral_ids: Collection[UUID]) -> dict[UUID, list[Reward]]:
    """The rewards of many referrals in one statement, oldest first; an empty list for one without."""
    found: dict[UUID, list[Reward]] = {referral_id: [] for referral_id in referral_ids}
    for reward in _with_names().filter(referral_id__in=list(found)).order_by("created_at", "id"):
        if reward.referral_id is not None:
            found[reward.referral_id].append(reward)
    return found


def due_rewards(now: datetime.datetime) -> QuerySet[Reward]:
    """Approved rewards whose holding period is over, the longest due first."""
    found: QuerySet[Reward] = Reward.objects.filter(status=RewardStatus.APPROVED, hold_until__lte=now)
    return found.order_by("hold_until", "id")


@dataclass(frozen=True, slots=True)
class StatusTotal:
    """How many rewards of a status there are, and their sum in one currency."""

    status: str
    count: int
    money: Money


def totals_by_status(
    *, program_id: UUID | None = None, beneficiary_id: UUID | None = None
) -> list[StatusTotal]:
    """Counts and sums by status and currency."""
    rows = reward_list(program_id=program_id, beneficiary_id=beneficiary_id).order_by()
    summed = rows.values_list("status", "currency").annotate(Count("id"), Sum("amount_minor"))
    return [
        StatusTotal(status, count, Money(int(total), currency))
        for status, currency, count, total in summed.order_by("status", "currency")
    ]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one participant has in one currency; `debt` is zero or less."""

    currency: str
    pending: Money
    available: Money
    reserved: Money
    paid: Money
    debt: Money


def holdings(participant_id: UUID) -> list[Holdings]:
    """The participant's balances by currency, none when nothing was ever earned."""
    by_currency: dict[str, dict[str, Money]] = {}
    for line in ledger.balances(participant_id):
        by_currency.setdefault(line.money.currency, {})[line.kind] = line.money
    return [
        Holdings(currency, *(held.get(kind, Money.zero(currency)) for kind in _KINDS))
        for currency, held in sorted(by_currency.items())
    ]


_KINDS = ("pending", "available", "reserved", "paid", "debt")


def decisions_of(cause_kind: str, cause_ids: Sequence[UUID]) -> QuerySet[Decision]:
    """What the rules said about some causes, newest first."""
    found: QuerySet[Decision] = Decision.objects.filter(cause_kind=cause_kind, cause_id__in=list(cause_ids))
    return found.order_by("-decided_at", "-id")


def undecided_conversions(referral_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Conversions that count and that no rule has looked at yet, by referral."""
    decided = Decision.objects.filter(cause_kind=CONVERSION, cause_id=OuterRef("pk"))
    rows = Conversion.objects.filter(~Exists(decided), referral_id__in=list(referral_ids)).exclude(
        status=ConversionStatus.CANCELLED
    )
    found: dict[UUID, list[UUID]] = {}
    for conversion_id, referral_id in rows.order_by("received_at", "id").values_list("id", "referral_id"):
        found.setdefault(referral_id, []).append(conversion_id)
    return found


def _with_names() -> QuerySet[Reward]:
    rows: QuerySet[Reward] = Reward.objects.select_related("program", "beneficiary", "referral")
    return rows


# ---- what a decision looks at


def ruleset(program: Program, *moments: datetime.datetime) -> rules.Ruleset:
    """What the program promised at the first of these moments at which it promised anything."""
    in_force: list[program_rules.PublishedRule] = []
    for moment in moments:
        in_force = programs.published_rules(program.id, moment)
        if in_force:
            break
    return rules.Ruleset(program.currency, program.conversion_window_days, tuple(in_force))


def facts_of_conversion(conversion: Conversion, referral: Referral, program: Program) -> Facts:
    """What the rules may know of a conversion. The amount is what was not refunded."""
    effective = conversion.effective_on
    zone = ZoneInfo(current_tenant().timezone)
    effective_at = datetime.datetime.combine(effective, datetime.time(), zone) if effective else None
    comparable = conversion.currency == program.currency
    return _facts_of_referral(referral, conversion.occurred_at) | {
        "trigger": f"conversion:{conversion.event}",
        "event": conversion.event,
        "amount_minor": conversion.gross_minor - conversion.refunded_minor if comparable else None,
        "currency": conversion.currency,
        "is_estimated": conversion.is_estimated,
        "days_since_referral": rules.days_between(referral.created_at, conversion.occurred_at),
        "counts_from": rules.counts_from(conversion.occurred_at, effective_at)
        .astimezone(datetime.UTC)
        .isoformat(),
    }


def facts_of_stage(referral: Referral, category: str, entered_at: datetime.datetime) -> Facts:
    """What the rules may know of a referral that entered a category."""
    return _facts_of_referral(referral, entered_at) | {
        "trigger": f"stage.entered:{category}",
        "category": category,
        "days_since_referral": None,
        "counts_from": entered_at.astimezone(datetime.UTC).isoformat(),
    }


def _facts_of_referral(referral: Referral, at: datetime.datetime) -> Facts:
    referrer, campaign = referral.referrer, referral.campaign
    utm = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    return {
        "referrer_id": str(referrer.id),
        "referred_id": str(referral.referred_participant_id) if referral.referred_participant_id else None,
        "country": referral.referred_country or None,
        "category": referral.category,
        "campaign": campaign.code if campaign else None,
        "multiplier_bps": programs.multiplier_bps(campaign, at),
        "source": referral.source or None,
        "method": referral.method,
        "visa_type": referral.visa_type or None,
        "has_booking_reference": bool(referral.booking_reference),
        "referrer_kind": referrer.kind,
        "referrer_country": referrer.country or None,
        "referrer_language": referrer.language or None,
        **{name: getattr(referral, name) or None for name in utm},
    }


# ---- decisions in words


@dataclass(frozen=True, slots=True)
class Explanation:
    """One rule's part in a decision."""

    rule: str
    result: str
    sentence: str
    details: Mapping[str, Any]


def explanations(decision: Decision, locale: str) -> list[Explanation]:
    """The decision's trace with a sentence for each rule in a language."""
    currency = decision.program.currency
    with override(locale):
        return [
            Explanation(line["rule"], line["result"], _sentence(line, locale, currency), line)
            for line in decision.trace
        ]


def _sentence(line: Mapping[str, Any], locale: str, currency: str) -> str:
    def money(minor: int) -> str:
        return Money(minor, currency).format(locale)

    match line["result"]:
        case "granted":
            return _("Granted: %(amount)s.") % {"amount": money(line["amount_minor"])}
        case "trigger":
            return _("Not for this: the rule waits for “%(expected)s”.") % {"expected": line["expected"]}
        case "window":
            return _("Too late: %(actual)d days after the referral, at most %(expected)d count.") % line
        case "cap":
            return _("The participant has earned this %(actual)d times; at most %(expected)d times.") % line
        case "budget":
            left, needed = money(line["actual"]), money(line["expected"])
            return _("The budget has %(left)s left; %(needed)s is needed.") % {"left": left, "needed": needed}
        case "beneficiary":
            return _("The referred person is not a participant.")
        case "amount":
            return _("The campaign leaves nothing of the amount.")
    return _("Not all conditions hold: %(count)d failed.") % {"count": len(line["failing"])}
