"""Stopping a reward while somebody looks at it."""

import datetime

from kith.kit.actors import Actor
from kith.rewards.actions import steps
from kith.rewards.events import RewardHeld, RewardReleased
from kith.rewards.models import Reward, RewardStatus


def put_on_hold(*, reward: Reward, reason: str, actor: Actor, now: datetime.datetime) -> Reward:
    """Keep a reward that waits or was approved from becoming available. Raises RewardOver, ReasonMissing."""
    why = steps.require_reason(reason)
    found = steps.locked_one(reward)
    if found.status not in (RewardStatus.PENDING_APPROVAL, RewardStatus.APPROVED):
        raise steps.RewardOver(status=found.status)
    steps.change(
        [found], RewardStatus.ON_HOLD, event=RewardHeld, reason=why, actor=actor, now=now, hold_reason=why
    )
    return found


def release(*, reward: Reward, actor: Actor, now: datetime.datetime) -> Reward:
    """Let it go on where it was: approved if it had been, else waiting. Raises RewardNotHeld."""
    found = steps.locked_one(reward)
    if found.status != RewardStatus.ON_HOLD:
        raise steps.RewardNotHeld(status=found.status)
    back = RewardStatus.APPROVED if found.approved_at else RewardStatus.PENDING_APPROVAL
    steps.change([found], back, event=RewardReleased, actor=actor, now=now, hold_reason="")
    return found
