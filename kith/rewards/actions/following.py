"""What rewards do when the referral or conversion behind them changes."""

import datetime
from uuid import UUID

from django.utils.translation import gettext_noop

from kith.kit.actors import Actor
from kith.programs.rules import RuleSpec
from kith.referrals.models import CLOSED, Conversion, ConversionStatus, Referral
from kith.rewards import queries, rules
from kith.rewards.actions import approving, deciding, steps, taking
from kith.rewards.events import RewardCancelled
from kith.rewards.models import Reward, RewardStatus

FINAL = ("completed", *CLOSED)
REASONS = {
    "rejected": gettext_noop("referral rejected"),
    "expired": gettext_noop("referral expired"),
    "cancelled": gettext_noop("referral cancelled"),
}
"""Why a reward ended with its referral: kept as it stands here, translated where it is shown."""


def follow_referral(
    *, referral_id: UUID, category: str, moved_at: datetime.datetime, actor: Actor, now: datetime.datetime
) -> None:
    """Act on a referral that entered a category.

    What that earns is decided, and so is a conversion that came while the referral was closed; completed
    approves what waits; rejected, expired and cancelled end what is not available yet. A second call changes
    nothing, and neither does one about a decision that was undone meanwhile.
    """
    if category in FINAL and _category(referral_id) != category:
        return
    for conversion_id in queries.undecided_conversions([referral_id]).get(referral_id, ()):
        deciding.decide_conversion(conversion_id=conversion_id, actor=actor, now=now)
    deciding.decide_stage(
        referral_id=referral_id, category=category, entered_at=moved_at, actor=actor, now=now
    )
    rows = Reward.objects.select_for_update(of=("self",)).select_related("program")
    rewards = list(rows.filter(referral_id=referral_id).order_by("id"))
    if category == "completed":
        waiting = [reward for reward in rewards if reward.status == RewardStatus.PENDING_APPROVAL]
        approving.approve_locked(waiting, actor=actor, now=now)
    elif category in CLOSED:
        approving.end_held(
            rewards, rejected=category == "rejected", reason=REASONS[category], actor=actor, now=now
        )


def _category(referral_id: UUID) -> str:
    rows = Referral.objects.select_for_update(of=("self",)).filter(pk=referral_id)
    return str(rows.values_list("category", flat=True).get())


def take_back_conversion(
    *, conversion_id: UUID, reason: str, actor: Actor, now: datetime.datetime
) -> list[Reward]:
    """Take back what a refunded or cancelled conversion no longer earns; answers the rewards concerned.

    A fixed reward ends when nothing is left of the conversion, or when its rule's conditions no longer
    hold for what is left: cancelled while held, clawed back afterwards. A second call takes nothing.
    """
    why = steps.require_reason(reason)
    conversion: Conversion = Conversion.objects.select_for_update().get(pk=conversion_id)
    rows = Reward.objects.select_for_update(of=("self",)).select_related(
        "program", "decision", "rule_version"
    )
    earned = rows.filter(cause_kind=queries.CONVERSION, cause_id=conversion_id).order_by("id")
    lost = [reward for reward in earned if not _survives(reward, conversion)]
    held = [reward for reward in lost if reward.status in rules.HELD]
    matured = [reward for reward in lost if reward.status in rules.MATURED]
    steps.close(held, RewardStatus.CANCELLED, event=RewardCancelled, reason=why, actor=actor, now=now)
    for reward in matured:
        key = f"conversion:{conversion_id}"
        taking.claw_back(reward=reward, amount=reward.left, reason=why, key=key, actor=actor, now=now)
    return [*held, *matured]


def is_still_earned(reward: Reward) -> bool:
    """Whether what the reward was earned for still stands; what was earned by a stage always does."""
    if reward.cause_kind != queries.CONVERSION:
        return True
    conversion: Conversion = Conversion.objects.select_for_update().get(pk=reward.cause_id)
    return _survives(reward, conversion)


def _survives(reward: Reward, conversion: Conversion) -> bool:
    if conversion.status == ConversionStatus.CANCELLED:
        return False
    spec = RuleSpec.parse(reward.rule_version.spec)
    net_minor = conversion.gross_minor - conversion.refunded_minor
    return rules.survives(
        spec.conditions, reward.decision.facts, net_minor, was_zero=conversion.gross_minor == 0
    )
