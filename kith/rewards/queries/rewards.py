"""Rewards, why they were granted or not, and what a participant has."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from kith.kit.money import Money, total
from kith.kit.pagination import COUNTED, Page, paginate
from kith.ledger import queries as ledger
from kith.pipelines import queries as pipelines
from kith.programs import queries as programs
from kith.programs import rules as program_rules
from kith.programs.models import Program
from kith.referrals import queries as referrals
from kith.referrals.models import Conversion, ConversionStatus, Referral
from kith.referrals.rules import UTM_FIELDS
from kith.rewards import rules
from kith.rewards.models import Decision, Reward, RewardStatus
from kith.tenants.queries import actor_names, current_tenant

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
    known, effective = _facts_of_referral(referral, conversion.occurred_at), conversion.effective_on
    zone = ZoneInfo(known["timezone"])
    effective_at = datetime.datetime.combine(effective, datetime.time(), zone) if effective else None
    comparable = conversion.currency == program.currency
    return known | {
        "trigger": f"conversion:{conversion.event}",
        "event": conversion.event,
        "amount_minor": conversion.gross_minor - conversion.refunded_minor if comparable else None,
        "currency": conversion.currency,
        "is_estimated": conversion.is_estimated,
        "days_since_referral": rules.days_between(
            referral.created_at.astimezone(zone), conversion.occurred_at.astimezone(zone)
        ),
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
    return {
        "referrer_id": str(referrer.id),
        "referred_id": str(referral.referred_participant_id) if referral.referred_participant_id else None,
        "country": referral.referred_country or None,
        "category": referral.category,
        "campaign": campaign.code if campaign else None,
        "timezone": current_tenant().timezone,
        "multiplier_bps": programs.multiplier_bps(campaign, at),
        "source": referral.source or None,
        "method": referral.method,
        "visa_type": referral.visa_type or None,
        "has_booking_reference": bool(referral.booking_reference),
        "referrer_kind": referrer.kind,
        "referrer_country": referrer.country or None,
        "referrer_language": referrer.language or None,
        **{name: getattr(referral, name) or None for name in UTM_FIELDS},
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


# ---- what staff look at


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One referral of the list; `waiting` is what its approval releases, `promised` all it earned so far."""

    referral: Referral
    stage: str
    gross: Money | None
    is_estimated: bool
    promised: Money | None
    waiting: Money | None


def queue(
    *,
    search: str = "",
    stage: str = "",
    program_id: UUID | None = None,
    referrer_id: UUID | None = None,
    only_waiting: bool = False,
    locale: str,
    page: int | str = 1,
    limit: int = 25,
) -> Page[QueueRow]:
    """Referrals with their amounts, newest first; `only_waiting` keeps those with a reward to approve."""
    rows = referrals.referral_list(search=search, stage=stage, program_id=program_id, referrer_id=referrer_id)
    if only_waiting:
        rows = rows.filter(Exists(_pending().filter(referral=OuterRef("pk"))))
    found = paginate(rows, page=page, limit=limit)
    ids = [row.id for row in found.items]
    earned = rewards_of_referrals(ids)
    sold = {row.referral_id: row for row in reversed(referrals.conversions_of(ids))}
    return found.showing([_queue_row(row, sold.get(row.id), earned[row.id], locale) for row in found.items])


def _queue_row(
    referral: Referral, conversion: Conversion | None, rewards: Sequence[Reward], locale: str
) -> QueueRow:
    live = [reward for reward in rewards if reward.status not in _ENDED]
    waiting = [reward for reward in live if reward.status == RewardStatus.PENDING_APPROVAL]
    gross = (
        Money(conversion.gross_minor - conversion.refunded_minor, conversion.currency) if conversion else None
    )
    return QueueRow(
        referral=referral,
        stage=pipelines.stage_label(referral.stage, locale),
        gross=gross,
        is_estimated=bool(conversion and conversion.is_estimated),
        promised=_sum(live),
        waiting=_sum(waiting),
    )


_ENDED = (RewardStatus.REJECTED, RewardStatus.CANCELLED, RewardStatus.CLAWED_BACK)


def _sum(rewards: Sequence[Reward]) -> Money | None:
    """One program pays in one currency, so the rewards of one referral add up."""
    return total((reward.left for reward in rewards), rewards[0].currency) if rewards else None


def _pending() -> QuerySet[Reward]:
    rows: QuerySet[Reward] = Reward.objects.filter(status=RewardStatus.PENDING_APPROVAL)
    return rows


def waiting_total(most: int = COUNTED + 1) -> int:
    """How many referrals have a reward to approve, counted up to `most`."""
    ids = _pending().exclude(referral=None).values("referral_id").distinct()
    return int(ids[:most].count())


@dataclass(frozen=True, slots=True)
class Release:
    """What approving some referrals would promise to whom."""

    referrals: int
    amounts: list[Money]


def release_of(referral_ids: Sequence[UUID]) -> Release:
    """The waiting rewards of the chosen referrals, summed by currency."""
    rows = _pending().filter(referral_id__in=list(referral_ids))
    summed = rows.order_by("currency").values_list("currency").annotate(Sum("amount_minor"))
    return Release(len(referral_ids), [Money(int(minor), code) for code, minor in summed])


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a referral's history; `by` is a name people know."""

    title: str
    category: str
    by: str
    reason: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class ReferralFile:
    """Everything known about one referral."""

    stage: str
    conversions: list[Conversion]
    rewards: list[Reward]
    reasons: list[Explanation]
    history: list[Step]
    notes: list[tuple[referrals.ReadNote, str]]
    phone: str
    moves: list[tuple[str, str, bool]]
    waiting: Money | None


def referral_file(referral: Referral, locale: str) -> ReferralFile:
    """What staff decide by: evidence, money, the rules' reasons, and what happened so far."""
    conversions = list(referrals.conversions_of([referral.id]))
    rewards = rewards_of_referrals([referral.id])[referral.id]
    causes = [conversion.id for conversion in conversions]
    decisions = decisions_of(CONVERSION, causes).select_related("program")
    passed = pipelines.history("referral", referral.id)
    notes = referrals.notes_of(referral.id)
    names = actor_names([*(step.actor for step in passed), *(note.author for note in notes)])
    labels = {
        row.code: pipelines.stage_label(row, locale) for row in pipelines.stages(referral.stage.pipeline_id)
    }
    return ReferralFile(
        stage=pipelines.stage_label(referral.stage, locale), conversions=conversions, rewards=rewards,
        reasons=[line for decision in decisions for line in explanations(decision, locale)],
        history=[
            Step(labels.get(step.to_state, step.to_state), step.to_category, names[step.actor], step.reason, step.at)
            for step in reversed(passed)
        ],
        notes=[(note, names[note.author]) for note in notes],
        phone=referrals.phone_of(referral) or "",
        moves=[
            (step.to_stage.code, labels[step.to_stage.code], step.needs_reason)
            for step in pipelines.steps_from(referral.stage)
        ],
        waiting=_sum([reward for reward in rewards if reward.status == RewardStatus.PENDING_APPROVAL]),
    )  # fmt: skip
