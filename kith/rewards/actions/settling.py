"""Marking rewards as paid out; the payout itself moves the money."""

import datetime

from kith.kit.actors import Actor
from kith.pipelines.actions import record_status
from kith.rewards.actions import steps
from kith.rewards.events import RewardSettled
from kith.rewards.models import Reward, RewardStatus


def settle(*, reward: Reward, actor: Actor, now: datetime.datetime) -> Reward:
    """Say that the payout with this reward arrived. Raises RewardNotAvailable."""
    found = steps.locked_one(reward)
    if found.status != RewardStatus.AVAILABLE:
        raise steps.RewardNotAvailable(status=found.status)
    steps.change([found], RewardStatus.SETTLED, event=RewardSettled, actor=actor, now=now, closed_at=now)
    return found


def unsettle(*, reward: Reward, reason: str, actor: Actor, now: datetime.datetime) -> Reward:
    """Say that the payout came back: the reward can be paid again. Raises RewardNotSettled, ReasonMissing."""
    why = steps.require_reason(reason)
    found = steps.locked_one(reward)
    if found.status != RewardStatus.SETTLED:
        raise steps.RewardNotSettled(status=found.status)
    Reward.objects.filter(pk=found.pk).update(status=RewardStatus.AVAILABLE, closed_at=None)
    found.status, found.closed_at = RewardStatus.AVAILABLE, None
    record_status(
        machine=steps.MACHINE, subject_id=found.id, from_state=RewardStatus.SETTLED,
        to_state=RewardStatus.AVAILABLE, actor=actor, reason=why, now=now,
    )  # fmt: skip
    return found
