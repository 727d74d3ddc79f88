"""Agreeing and refusing, one and many. Approval moves no money; refusal gives it back to the budget."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from kith.kit import many
from kith.kit.actors import Actor
from kith.kit.errors import DomainError, NotFound
from kith.referrals.actions import move_together
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
    undecided = queries.undecided_conversions(locked_referrals(referral_ids))
    _check(expected, referral_ids)

    def approve(ids: Sequence[UUID]) -> None:
        _approve(these_locked(ids), undecided, actor=actor, now=now)

    return results(referral_ids, many.refusals(list(dict.fromkeys(referral_ids)), approve))


def reject_referrals(
    *, referral_ids: Sequence[UUID], reason: str, actor: Actor, now: datetime.datetime
) -> list[RowResult]:
    """Reject up to 1,000 referrals with what they earned and is not yet available.

    Each succeeds or fails for itself. Raises TooManyRewards, ReasonMissing.
    """
    steps.require_few(referral_ids)
    why = steps.require_reason(reason)
    locked_referrals(referral_ids)

    def reject(ids: Sequence[UUID]) -> None:
        _reject(these_locked(ids), why, actor=actor, now=now)

    return results(referral_ids, many.refusals(list(dict.fromkeys(referral_ids)), reject))


def approve_referral(
    *, referral_id: UUID, expected: str = "", actor: Actor, now: datetime.datetime
) -> Referral:
    """Complete a referral and approve its rewards; `expected` as with many.

    Raises NotFound, ReferralNotPending, MoveNotAllowed, ReleaseChanged.
    """
    (referral,) = these_locked([referral_id])
    undecided = queries.undecided_conversions([referral_id])
    _check(expected, [referral_id])
    _approve([referral], undecided, actor=actor, now=now)
    return referral


def reject_referral(*, referral_id: UUID, reason: str, actor: Actor, now: datetime.datetime) -> Referral:
    """Reject a referral with what it earned. Raises NotFound, MoveNotAllowed, ReasonMissing."""
    why = steps.require_reason(reason)
    (referral,) = these_locked([referral_id])
    _reject([referral], why, actor=actor, now=now)
    return referral


def _check(expected: str, referral_ids: Sequence[UUID]) -> None:
    """The referrals are locked, and rewards are granted under that lock: what is read now is what is approved."""
    if expected and queries.release_of(referral_ids).token != expected:
        raise steps.ReleaseChanged


def _approve(
    referrals: Sequence[Referral],
    undecided: Mapping[UUID, Sequence[UUID]],
    *,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    for referral in referrals:
        for conversion_id in undecided.get(referral.id, ()):
            deciding.decide_conversion(conversion_id=conversion_id, actor=actor, now=now)
    waiting = queries.waiting_of(locked_rewards_of(referrals))
    unfinished = [referral for referral in referrals if referral.category != "completed"]
    to_decide = {reward.referral_id for reward in waiting} | {referral.id for referral in unfinished}
    if any(referral.id not in to_decide for referral in referrals):
        raise steps.ReferralNotPending
    move_together(unfinished, to_category="completed", actor=actor, now=now)
    approve_locked(waiting, actor=actor, now=now)


def _reject(referrals: Sequence[Referral], reason: str, *, actor: Actor, now: datetime.datetime) -> None:
    move_together(referrals, to_category="rejected", actor=actor, reason=reason, now=now)
    end_held(locked_rewards_of(referrals), rejected=True, reason=reason, actor=actor, now=now)


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
    return results(
        ids,
        {each: steps.RewardNotPending() if each in found else NotFound() for each in ids if each not in may},
    )


def results(ids: Sequence[UUID], refused: Mapping[UUID, DomainError]) -> list[RowResult]:
    """What came of each row, in the order asked."""
    return [_told(row_id, refused.get(row_id)) for row_id in dict.fromkeys(ids)]


def _told(row_id: UUID, refusal: DomainError | None) -> RowResult:
    return RowResult(row_id, False, refusal.code, refusal.text) if refusal else RowResult(row_id, True)


def locked_referrals(referral_ids: Sequence[UUID]) -> dict[UUID, Referral]:
    """The referrals of these ids, locked in the order of their ids, each with program and stage."""
    # Locked before it is joined: after waiting, PostgreSQL would join the new row with the stage it had before,
    # find that they do not belong together, and leave the row out.
    chosen = Referral.objects.filter(pk__in=set(referral_ids)).order_by("id")
    held = list(chosen.select_for_update().values_list("id", flat=True))
    return Referral.objects.select_related("program", "stage").in_bulk(held)


def these_locked(referral_ids: Sequence[UUID]) -> list[Referral]:
    """All of these referrals, locked, in the order given. Raises NotFound when one is missing."""
    found = locked_referrals(referral_ids)
    if len(found) < len(referral_ids):
        raise NotFound
    return [found[each] for each in referral_ids]


def locked_rewards_of(referrals: Sequence[Referral]) -> list[Reward]:
    """Everything the referrals earned, locked; lock the referrals first."""
    rows = Reward.objects.select_for_update(of=("self",)).select_related("program")
    return list(rows.filter(referral__in=[referral.pk for referral in referrals]).order_by("id"))
