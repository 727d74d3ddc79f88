"""Rewards, what was decided about their causes, and what a participant has."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.referrals.models import Conversion, ConversionStatus
from kith.rewards.models import Decision, Reward, RewardStatus

NEWEST = ("-created_at", "-id")
CONVERSION = "conversion"


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
    rows: QuerySet[Reward] = Reward.objects.select_related(
        "program", "beneficiary", "referral", "rule_version__rule"
    )
    return rows
