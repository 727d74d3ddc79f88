"""The reward API, with what approves and rejects referrals together with their rewards."""

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kith.kit import clock, pagination
from kith.kit.http import answers, enveloped, listing, ok, paged
from kith.kit.http import router as make_router
from kith.participants import access as participants
from kith.rewards import access, actions, queries
from kith.rewards import schemas as shapes
from kith.rewards.models import Reward
from kith.tenants.access import requires

router = make_router("rewards")


@router.get("/rewards", response=answers(paged(shapes.RewardOut)), summary="List rewards")
@requires("rewards.view")
def reward_list(
    request: Any,
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
    status: shapes.Status | None = None,
    beneficiary: UUID | None = None,
    program: UUID | None = None,
    referral: UUID | None = None,
) -> dict[str, Any]:
    """Rewards, newest first; `cursor` takes the `next` of an earlier answer."""
    rows = queries.reward_list(
        status=status or "", beneficiary_id=beneficiary, program_id=program, referral_id=referral
    )
    found = pagination.listed(rows, order=queries.NEWEST, page=page, limit=limit, cursor=cursor)
    return listing(found, [shapes.RewardOut.of(row) for row in found.items])


@router.post(
    "/rewards/bulk", response=answers(enveloped(shapes.BulkOut)), summary="Approve or reject many rewards"
)
@requires("rewards.approve")
def reward_bulk(request: Any, body: shapes.BulkIn) -> dict[str, Any]:
    """Each row succeeds or fails for itself; approving moves no money."""
    now = clock.now()
    if body.action == "approve":
        results = actions.approve_rewards(ids=body.ids, actor=request.actor, now=now)
    else:
        results = actions.reject_rewards(ids=body.ids, reason=body.reason, actor=request.actor, now=now)
    return ok(shapes.BulkOut.of(results))


@router.get(
    "/rewards/{uuid:reward_id}", response=answers(enveloped(shapes.RewardDetailOut)), summary="Show a reward"
)
@requires("rewards.view")
def reward_detail(request: Any, reward_id: UUID) -> dict[str, Any]:
    """One reward with the decision behind it."""
    reward = access.reward(request.actor, reward_id)
    shown = shapes.RewardOut.of(reward).model_dump()
    return ok(shapes.RewardDetailOut(**shown, decision=_trace(reward)))


@router.get(
    "/rewards/{uuid:reward_id}/trace",
    response=answers(enveloped(shapes.TraceOut)),
    summary="Explain a reward",
)
@requires("rewards.view")
def reward_trace(request: Any, reward_id: UUID) -> dict[str, Any]:
    """What each rule said, with every condition that failed."""
    return ok(_trace(access.reward(request.actor, reward_id)))


@router.post(
    "/rewards/{uuid:reward_id}/approve",
    response=answers(enveloped(shapes.RewardOut)),
    summary="Approve a reward",
)
@requires("rewards.approve")
def reward_approve(request: Any, reward_id: UUID) -> dict[str, Any]:
    """Agree; it becomes available when its holding period is over."""
    reward = access.reward(request.actor, reward_id)
    actions.approve_reward(reward=reward, actor=request.actor, now=clock.now())
    return _shown(request, reward, _("The reward was approved."))


@router.post(
    "/rewards/{uuid:reward_id}/reject",
    response=answers(enveloped(shapes.RewardOut)),
    summary="Reject a reward",
)
@requires("rewards.approve")
def reward_reject(request: Any, reward_id: UUID, body: shapes.RewardReasonIn) -> dict[str, Any]:
    """Refuse; the budget has its money again."""
    reward = access.reward(request.actor, reward_id)
    actions.reject_reward(reward=reward, reason=body.reason, actor=request.actor, now=clock.now())
    return _shown(request, reward, _("The reward was rejected."))


@router.post(
    "/rewards/{uuid:reward_id}/cancel",
    response=answers(enveloped(shapes.RewardOut)),
    summary="Cancel a reward",
)
@requires("rewards.approve")
def reward_cancel(request: Any, reward_id: UUID, body: shapes.RewardReasonIn) -> dict[str, Any]:
    """Cancel what is not available yet, also when it was approved."""
    reward = access.reward(request.actor, reward_id)
    actions.cancel_reward(reward=reward, reason=body.reason, actor=request.actor, now=clock.now())
    return _shown(request, reward, _("The reward was cancelled."))


@router.post(
    "/rewards/{uuid:reward_id}/hold", response=answers(enveloped(shapes.RewardOut)), summary="Hold a reward"
)
@requires("rewards.approve")
def reward_hold(request: Any, reward_id: UUID, body: shapes.RewardReasonIn) -> dict[str, Any]:
    """Keep it from becoming available while somebody looks at it."""
    reward = access.reward(request.actor, reward_id)
    actions.put_on_hold(reward=reward, reason=body.reason, actor=request.actor, now=clock.now())
    return _shown(request, reward, _("The reward is on hold."))


@router.post(
    "/rewards/{uuid:reward_id}/release",
    response=answers(enveloped(shapes.RewardOut)),
    summary="Release a reward",
)
@requires("rewards.approve")
def reward_release(request: Any, reward_id: UUID) -> dict[str, Any]:
    """Let it go on where it was put on hold."""
    reward = access.reward(request.actor, reward_id)
    actions.release(reward=reward, actor=request.actor, now=clock.now())
    return _shown(request, reward, _("The reward was released."))


@router.post("/referrals/approve", response=answers(enveloped(shapes.BulkOut)), summary="Approve referrals")
@requires("rewards.approve")
def referrals_approve(request: Any, body: shapes.IdsIn) -> dict[str, Any]:
    """Complete referrals and approve what they earned; each row succeeds or fails for itself."""
    results = actions.approve_referrals(referral_ids=body.ids, actor=request.actor, now=clock.now())
    return ok(shapes.BulkOut.of(results))


@router.post("/referrals/reject", response=answers(enveloped(shapes.BulkOut)), summary="Reject referrals")
@requires("rewards.approve")
def referrals_reject(request: Any, body: shapes.RejectIn) -> dict[str, Any]:
    """Reject referrals with what they earned; each row succeeds or fails for itself."""
    results = actions.reject_referrals(
        referral_ids=body.ids, reason=body.reason, actor=request.actor, now=clock.now()
    )
    return ok(shapes.BulkOut.of(results))


@router.post(
    "/referrals/{uuid:referral_id}/approve",
    response=answers(enveloped(list[shapes.RewardOut])),
    summary="Approve a referral",
)
@requires("rewards.approve")
def referral_approve(request: Any, referral_id: UUID) -> dict[str, Any]:
    """Complete a referral and approve what it earned; answers its rewards."""
    actions.approve_referral(referral_id=referral_id, actor=request.actor, now=clock.now())
    return _rewards_of(referral_id, _("The referral was approved."))


@router.post(
    "/referrals/{uuid:referral_id}/reject",
    response=answers(enveloped(list[shapes.RewardOut])),
    summary="Reject a referral",
)
@requires("rewards.approve")
def referral_reject(request: Any, referral_id: UUID, body: shapes.RewardReasonIn) -> dict[str, Any]:
    """Reject a referral with what it earned and is not yet available; answers its rewards."""
    actions.reject_referral(referral_id=referral_id, reason=body.reason, actor=request.actor, now=clock.now())
    return _rewards_of(referral_id, _("The referral was rejected."))


@router.get(
    "/participants/{uuid:participant_id}/balance",
    response=answers(enveloped(list[shapes.HoldingsOut])),
    summary="Show balances",
)
@requires("rewards.view")
def participant_balance(request: Any, participant_id: UUID) -> dict[str, Any]:
    """What the participant has in each currency: pending, available, reserved, paid and owed."""
    found = participants.participant(request.actor, participant_id)
    return ok([shapes.HoldingsOut.of(held) for held in queries.holdings(found.id)])


def _shown(request: Any, reward: Reward, message: str) -> dict[str, Any]:
    return ok(shapes.RewardOut.of(access.reward(request.actor, reward.id)), message)


def _rewards_of(referral_id: UUID, message: str) -> dict[str, Any]:
    rows = queries.rewards_of_referrals([referral_id])[referral_id]
    return ok([shapes.RewardOut.of(row) for row in rows], message)


def _trace(reward: Reward) -> shapes.TraceOut:
    decision = reward.decision
    lines = queries.explanations(decision, get_language() or "en")
    return shapes.TraceOut(
        decided_at=decision.decided_at, cause_kind=decision.cause_kind, cause_id=decision.cause_id,
        facts=decision.facts, rules=[shapes.ExplanationOut.of(line) for line in lines],
    )  # fmt: skip
