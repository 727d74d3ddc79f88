"""The holding period ends: what is approved becomes available."""

import datetime
import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from kith.kit.actors import SYSTEM, Actor
from kith.kit.errors import DomainError
from kith.ledger import actions as ledger
from kith.rewards import queries
from kith.rewards.actions import steps
from kith.rewards.events import RewardAvailable
from kith.rewards.models import Reward, RewardStatus

log = logging.getLogger("kith.rewards")

BATCH = 500
"""Most rewards posted at once; the ledger takes two legs for each."""


def mature_due(*, now: datetime.datetime, limit: int = 1_000, actor: Actor = SYSTEM) -> int:
    """Make up to `limit` approved rewards available whose hold is over; answers how many.

    Debts of earlier claw-backs are paid first. Rewards another process is maturing are left to it. A
    reward whose account is frozen stays approved and is tried again by the next call.
    """
    done, after = 0, Q()
    while done < limit:
        rows = queries.due_rewards(now).filter(after).select_for_update(skip_locked=True)
        due = list(rows[: min(BATCH, limit - done)])
        if not due:
            break
        done += _mature_all(due, actor=actor, now=now)
        last = due[-1]
        after = Q(hold_until__gt=last.hold_until) | Q(hold_until=last.hold_until, id__gt=last.id)
    return done


def _mature_all(due: Sequence[Reward], *, actor: Actor, now: datetime.datetime) -> int:
    """In one posting; one by one when the ledger refuses it, so that one frozen account stops nobody else."""
    try:
        with transaction.atomic():
            _mature(due, actor=actor, now=now)
            return len(due)
    except DomainError:
        if len(due) == 1:
            log.warning("reward not matured", extra={"reward": str(due[0].id)}, exc_info=True)
            return 0
    # The refused attempt marked the rows in memory as available.
    for reward in due:
        reward.status = RewardStatus.APPROVED
    return sum(_mature_all([reward], actor=actor, now=now) for reward in due)


def _mature(due: Sequence[Reward], *, actor: Actor, now: datetime.datetime) -> None:
    steps.change(due, RewardStatus.AVAILABLE, event=RewardAvailable, actor=actor, now=now, available_at=now)
    accounts = steps.accounts_of(due)
    dues = [
        ledger.Due(
            key=f"reward:{reward.id}:mature", accounts=accounts[reward.beneficiary_id, reward.currency],
            amount=reward.money, ref_type="reward", ref_id=reward.id,
        )
        for reward in due
    ]  # fmt: skip
    ledger.mature(dues=dues, event_at=now, actor=actor)
