"""Taking rewards back: cancelling while held, clawing back afterwards."""

import datetime
from typing import Any

from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger import actions as ledger
from kith.ledger.models import Journal
from kith.pipelines.actions import record_status
from kith.rewards import rules
from kith.rewards.actions import steps
from kith.rewards.events import RewardCancelled, RewardClawedBack
from kith.rewards.models import Reward, RewardStatus


def cancel_reward(*, reward: Reward, reason: str, actor: Actor, now: datetime.datetime) -> Reward:
    """Cancel a reward that is not available yet: the budget has its money again.

    Raises RewardOver, ReasonMissing.
    """
    why = steps.require_reason(reason)
    found = steps.locked_one(reward)
    if found.status not in rules.HELD:
        raise steps.RewardOver(status=found.status)
    steps.close([found], RewardStatus.CANCELLED, event=RewardCancelled, reason=why, actor=actor, now=now)
    return found


def claw_back(
    *, reward: Reward, amount: Money, reason: str, key: str, actor: Actor, now: datetime.datetime
) -> Reward:
    """Take back some or all of a reward that is available or paid; what is not covered becomes a debt.

    The same `key` again takes nothing. Raises RewardNotAvailable, ClawBackInvalid, CurrencyMismatch,
    ReasonMissing.
    """
    why = steps.require_reason(reason)
    found = steps.locked_one(reward)
    ledger_key = f"reward:{found.id}:clawback:{key}"
    if Journal.objects.filter(idempotency_key=ledger_key).exists():
        return found
    if found.status not in rules.MATURED:
        raise steps.RewardNotAvailable(status=found.status)
    if amount.amount_minor <= 0 or amount > found.left:
        raise steps.ClawBackInvalid(fields={"amount_minor": steps.ClawBackInvalid.message})
    _write_off(found, amount, why, actor=actor, now=now)
    ledger.claw_back(
        key=ledger_key, budget=steps.budget_account(found), amount=amount, event_at=now, actor=actor,
        accounts=ledger.open_participant(owner_id=found.beneficiary_id, currency=found.currency),
        ref_type="reward", ref_id=found.id, meta={"reason": why},
    )  # fmt: skip
    return found


def _write_off(reward: Reward, amount: Money, reason: str, *, actor: Actor, now: datetime.datetime) -> None:
    before, taken = reward.status, reward.clawed_back_minor + amount.amount_minor
    values: dict[str, Any] = {"clawed_back_minor": taken}
    if taken == reward.amount_minor:
        values |= {"status": RewardStatus.CLAWED_BACK, "closed_at": now, "closed_reason": reason}
        steps.release_counters([reward])
    Reward.objects.filter(pk=reward.pk).update(**values)
    for name, value in values.items():
        setattr(reward, name, value)
    record_status(
        machine=steps.MACHINE, subject_id=reward.id, from_state=before, to_state=reward.status, actor=actor,
        reason=reason, now=now,
    )  # fmt: skip
    steps.announce([(reward, RewardClawedBack)], amount=amount, now=now)
