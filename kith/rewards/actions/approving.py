"""Agreeing and refusing, one and many. Approval moves no money; refusal gives it back to the budget."""

import datetime
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction

from kith.kit.actors import Actor
from kith.kit.errors import DomainError, NotFound
from kith.referrals.actions import move_referral
from kith.referrals.models import Referral
from kith.referrals.rules import RowResult
from kith.rewards import queries
from kith.rewards.actions import deciding, steps
from kith.rewards.events import RewardApproved, RewardCancelled, RewardRejected
from kith.rewards.models import Reward, RewardStatus

REFUSABLE = (RewardStatus.PENDING_APPROVAL, RewardStatus.ON_HOLD)


def approve_rewards(*, ids: Sequence[UUID], actor: Actor, now: datetime.datetime) -> list[RowResult]:
    """Approve up to 1,000 pending rewards; each succeeds or fails for itself. Raises TooManyRewards."""
    return _each(
        ids, (RewardStatus.PENDING_APPROVAL,), lambda rewards: approve_locked(rewards, actor=actor, now=now)
    )


def reject_rewards(
    *, ids: Sequence[UUID], reason: str, actor: Actor, now: datetime.datetime
) -> list[RowResult]:
    """Refuse up to 1,000 rewards that wait or are on hold. Raises TooManyRewards, ReasonMissing."""
    why = steps.require_reason(reason)
    return _each(ids, REFUSABLE, lambda rewards: reject_locked(rewards, reason=why, actor=actor, now=now))


def approve_reward(*, reward: Reward, actor: Actor, now: datetime.datetime) -> Reward:
    """Approve a pending reward. Raises RewardNotPending."""
    found = steps.locked_one(reward)
    if found.status != RewardStatus.PENDING_APPROVAL:
        raise steps.RewardNotPending(status=found.status)
    approve_locked([found], actor=actor, now=now)
    return found


def reject_reward(*, reward: Reward, reason: str, actor: Actor, now: datetime.datetime) -> Reward:
    """Refuse a reward that waits or is on hold. Raises RewardNotPending, ReasonMissing."""
    why = steps.require_reason(reason)
    found = steps.locked_one(reward)
    if found.status not in REFUSABLE:
        raise steps.RewardNotPending(status=found.status)
    reject_locked([found], reason=why, actor=actor, now=now)
    return found


def approve_referrals(
    *, referral_ids: Sequence[UUID], expected: str = "", actor: Actor, now: datetime.datetime
) -> list[RowResult]:
    """Complete up to 1,000 referrals and approve their rewards; what no rule has looked at is decided first.

    Each succeeds or fails for itself. With `expected`, what was shown to be released, nothing happens when
    other amounts wait. Raises ReleaseChanged, TooManyRewards.
    """
    steps.require_few(referral_ids)
    found = locked_referrals(referral_ids)
    undecided = queries.undecided_conversions(found)
    _check(expected, referral_ids)

    def approve(referral: Referral) -> None:
        _approve(referral, undecided.get(referral.id, []), actor=actor, now=now)

    return [attempt(row_id, found.get(row_id), approve) for row_id in dict.fromkeys(referral_ids)]


def reject_referrals(
    *, referral_ids: Sequence[UUID], reason: str, actor: Actor, now: datetime.datetime
) -> list[RowResult]:
    """Reject up to 1,000 referrals with what they earned and is not yet available.

    Each succeeds or fails for itself. Raises TooManyRewards, ReasonMissing.
    """
    steps.require_few(referral_ids)
    why = steps.require_reason(reason)
    found = locked_referrals(referral_ids)

    def reject(referral: Referral) -> None:
        _reject(referral, why, actor=actor, now=now)

    return [attempt(row_id, found.get(row_id), reject) for row_id in dict.fromkeys(referral_ids)]


def approve_referral(
    *, referral_id: UUID, expected: str = "", actor: Actor, now: datetime.datetime
) -> Referral:
    """Complete a referral and approve its rewards; `expected` as with many.

    Raises NotFound, ReferralNotPending, MoveNotAllowed, ReleaseChanged.
    """
    referral = locked_referral(referral_id)
    undecided = queries.undecided_conversions([referral_id])
    _check(expected, [referral_id])
    _approve(referral, undecided.get(referral_id, []), actor=actor, now=now)
    return referral


def reject_referral(*, referral_id: UUID, reason: str, actor: Actor, now: datetime.datetime) -> Referral:
    """Reject a referral with what it earned. Raises NotFound, MoveNotAllowed, ReasonMissing."""
    why = steps.require_reason(reason)
    referral = locked_referral(referral_id)
    _reject(referral, why, actor=actor, now=now)
    return referral


def _check(expected: str, referral_ids: Sequence[UUID]) -> None:
    """The referrals are locked, and rewards are granted under that lock: what is read now is what is approved."""
    if expected and queries.release_of(referral_ids).token != expected:
        raise steps.ReleaseChanged


def _approve(referral: Referral, undecided: Sequence[UUID], *, actor: Actor, now: datetime.datetime) -> None:
    for conversion_id in undecided:
        deciding.decide_conversion(conversion_id=conversion_id, actor=actor, now=now)
    waiting = [
        reward for reward in locked_rewards_of(referral) if reward.status == RewardStatus.PENDING_APPROVAL
    ]
    if referral.category != "completed":
        move_referral(referral=referral, to_category="completed", actor=actor, now=now)
    elif not waiting:
        raise steps.ReferralNotPending
    approve_locked(waiting, actor=actor, now=now)


def _reject(referral: Referral, reason: str, *, actor: Actor, now: datetime.datetime) -> None:
    move_referral(referral=referral, to_category="rejected", actor=actor, reason=reason, now=now)
    end_held(locked_rewards_of(referral), rejected=True, reason=reason, actor=actor, now=now)


def approve_locked(rewards: Sequence[Reward], *, actor: Actor, now: datetime.datetime) -> None:
    """Approve pending rewards that the caller has locked."""
    steps.change(
        rewards, RewardStatus.APPROVED, event=RewardApproved, actor=actor, now=now, approved_at=now,
        approved_by=actor.ref,
    )  # fmt: skip


def reject_locked(rewards: Sequence[Reward], *, reason: str, actor: Actor, now: datetime.datetime) -> None:
    """Refuse rewards that the caller has locked."""
    steps.close(rewards, RewardStatus.REJECTED, event=RewardRejected, reason=reason, actor=actor, now=now)


def end_held(
    rewards: Sequence[Reward], *, rejected: bool, reason: str, actor: Actor, now: datetime.datetime
) -> None:
    """End what the caller has locked and is still held: refused where staff may refuse, else cancelled."""
    refused = [reward for reward in rewards if rejected and reward.status in REFUSABLE]
    gone = [
        reward for reward in rewards
        if reward not in refused and reward.status in (*steps.PENDING, RewardStatus.APPROVED, RewardStatus.ON_HOLD)
    ]  # fmt: skip
    reject_locked(refused, reason=reason, actor=actor, now=now)
    steps.close(gone, RewardStatus.CANCELLED, event=RewardCancelled, reason=reason, actor=actor, now=now)


def _each(
    ids: Sequence[UUID], allowed: Sequence[str], step: Callable[[list[Reward]], None]
) -> list[RowResult]:
    """Take the step with those of the rewards that may, in one go."""
    steps.require_few(ids)
    found = {reward.id: reward for reward in steps.locked(ids)}
    may = {reward.id: reward for reward in found.values() if reward.status in allowed}
    step(list(may.values()))
    return [_result(row_id, row_id in found, row_id in may) for row_id in dict.fromkeys(ids)]


def _result(row_id: UUID, is_found: bool, may: bool) -> RowResult:
    if may:
        return RowResult(row_id, True)
    refusal: DomainError = steps.RewardNotPending() if is_found else NotFound()
    return RowResult(row_id, False, refusal.code, refusal.text)


def attempt(row_id: UUID, referral: Referral | None, step: Callable[[Referral], None]) -> RowResult:
    """The step with one of many, by itself: what it refuses is told and undone."""
    try:
        if referral is None:
            raise NotFound
        with transaction.atomic():
            step(referral)
    except DomainError as refusal:
        return RowResult(row_id, False, refusal.code, refusal.text)
    return RowResult(row_id, True)


def locked_referrals(referral_ids: Sequence[UUID]) -> dict[UUID, Referral]:
    """The referrals of these ids, locked in the order of their ids, each with program and stage."""
    # Locked before it is joined: after waiting, PostgreSQL would join the new row with the stage it had before,
    # find that they do not belong together, and leave the row out.
    chosen = Referral.objects.filter(pk__in=set(referral_ids)).order_by("id")
    held = list(chosen.select_for_update().values_list("id", flat=True))
    return Referral.objects.select_related("program", "stage").in_bulk(held)


def locked_referral(referral_id: UUID) -> Referral:
    """The referral, locked. Raises NotFound."""
    found = locked_referrals([referral_id]).get(referral_id)
    if found is None:
        raise NotFound
    return found


def locked_rewards_of(referral: Referral) -> list[Reward]:
    """Everything the referral earned, locked; lock the referral first."""
    rows = Reward.objects.select_for_update(of=("self",)).select_related("program")
    return list(rows.filter(referral=referral).order_by("id"))
