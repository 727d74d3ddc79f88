"""Deciding about many referrals: at once when they are few, else as a job that shows how far it is."""

import datetime
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from kith.kit import jobs
from kith.kit.actors import Actor
from kith.kit.models import Job
from kith.referrals.rules import RowResult
from kith.rewards import queries
from kith.rewards.actions import approving, steps, undoing

DECIDE = "rewards.decide_many"
AT_ONCE = 200
"""More than these are a job: one request would keep their rows locked for seconds."""

PIECE = 100


def decide_referrals(
    *, step: str, referral_ids: Sequence[UUID], reason: str = "", expected: str = "", actor: Actor,
    now: datetime.datetime,
) -> list[RowResult]:  # fmt: skip
    """Take a step ("approve", "reject" or "undo") with up to 1,000 referrals; each succeeds or fails for itself.

    `expected` is what was shown to be released (`queries.Release.token`): when that has changed, nothing
    happens. Raises ReleaseChanged, TooManyRewards, ReasonMissing.
    """
    if step == "approve":
        return approving.approve_referrals(referral_ids=referral_ids, expected=expected, actor=actor, now=now)
    if step == "reject":
        return approving.reject_referrals(referral_ids=referral_ids, reason=reason, actor=actor, now=now)
    return undoing.undo_decisions(referral_ids=referral_ids, actor=actor, now=now)


def request_decisions(
    *, step: str, referral_ids: Sequence[UUID], reason: str = "", expected: str = "", actor: Actor,
    now: datetime.datetime,
) -> Job:  # fmt: skip
    """Queue the same for any number of referrals, each named now: what comes later is not decided with them.

    Raises ReleaseChanged, ReasonMissing, TooMany.
    """
    why = steps.require_reason(reason) if step == "reject" else ""
    if step == "approve" and queries.release_of(referral_ids).token != expected:
        raise steps.ReleaseChanged
    params = {"step": step, "ids": [str(each) for each in referral_ids], "reason": why, "expected": expected}
    return jobs.start(DECIDE, params=params, actor=actor, now=now)


def decide_piece(
    *, step: str, ids: Sequence[str], reason: str, actor: Actor, now: datetime.datetime
) -> Counter[str]:
    """One piece of such a job: how many were done, and how many refused for which reason."""
    chosen = [UUID(each) for each in ids]
    expected = queries.release_of(chosen).token if step == "approve" else ""
    results = decide_referrals(
        step=step, referral_ids=chosen, reason=reason, expected=expected, actor=actor, now=now
    )
    return Counter("done" if result.ok else result.code for result in results)


def pieces(ids: Sequence[str], start: int) -> list[Sequence[str]]:
    """What is left of the ids from a place on, in pieces of one transaction each."""
    return [ids[at : at + PIECE] for at in range(start, len(ids), PIECE)]
