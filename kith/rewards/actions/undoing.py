"""Undoing a decision while nothing of it has become anybody's money."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from kith.kit import errors, many
from kith.kit.actors import Actor
from kith.pipelines.actions import NothingToUndo
from kith.referrals.actions import step_back
from kith.referrals.models import Referral
from kith.referrals.rules import RowResult
from kith.rewards import rules
from kith.rewards.actions import approving, steps
from kith.rewards.actions.reinstating import reinstate_rewards
from kith.rewards.events import RewardApprovalUndone
from kith.rewards.models import Reward, RewardStatus

REASON = gettext_noop("decision undone")


class DecisionFinal(errors.Conflict):
    """Something it earned is available, paid or taken back already."""

    code = "decision_final"
    message = _("This cannot be undone any more: its reward became available.")


def undo_decision(*, referral_id: UUID, actor: Actor, now: datetime.datetime) -> Referral:
    """Open an approved or rejected referral again where it was; its rewards wait for approval again.

    Undoing an approval moves no money; undoing a rejection reserves it again, as far as the budget and caps
    still allow. Raises NotFound, NothingToUndo, DecisionFinal, AlreadyReferred.
    """
    (referral,) = approving.these_locked([referral_id])
    _undo(referral, actor=actor, now=now)
    return referral


def undo_decisions(*, referral_ids: Sequence[UUID], actor: Actor, now: datetime.datetime) -> list[RowResult]:
    """Undo up to 1,000 decisions; each succeeds or fails for itself. Raises TooManyRewards."""
    steps.require_few(referral_ids)
    approving.locked_referrals(referral_ids)

    def undo(ids: Sequence[UUID]) -> None:
        for referral in approving.these_locked(ids):
            _undo(referral, actor=actor, now=now)

    # One by one: each goes back to a stage of its own, so nothing is won by going together.
    refused: dict[UUID, errors.DomainError] = {}
    for row_id in dict.fromkeys(referral_ids):
        refused |= many.refusals([row_id], undo)
    return approving.results(referral_ids, refused)


def _undo(referral: Referral, *, actor: Actor, now: datetime.datetime) -> None:
    if referral.category not in ("completed", "rejected"):
        raise NothingToUndo
    rewards = approving.locked_rewards_of([referral])
    if any(reward.status in rules.SPENT for reward in rewards):
        raise DecisionFinal
    was_approved = referral.category == "completed"
    step_back(referral=referral, actor=actor, reason=REASON, now=now)
    if was_approved:
        _unapprove(rewards, actor=actor, now=now)
    else:
        reinstate_rewards(referral_id=referral.id, actor=actor, now=now)


def _unapprove(rewards: Sequence[Reward], *, actor: Actor, now: datetime.datetime) -> None:
    approved = [reward for reward in rewards if reward.status == RewardStatus.APPROVED]
    steps.change(
        approved, RewardStatus.PENDING_APPROVAL, event=RewardApprovalUndone, reason=REASON, actor=actor, now=now,
        approved_at=None, approved_by="",
    )  # fmt: skip
    # One on hold stays there; when it is released it waits like the others.
    held = [reward.pk for reward in rewards if reward.status == RewardStatus.ON_HOLD]
    Reward.objects.filter(pk__in=held).update(approved_at=None, approved_by="")
