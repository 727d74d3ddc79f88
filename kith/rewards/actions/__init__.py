"""The only writes to decisions, rewards and counters.

Lock order everywhere: referral, conversion, rewards by id, counters by rule and participant, then the
ledger's accounts. Money is posted last.
"""

from kith.pipelines.actions import NothingToUndo
from kith.rewards.actions.approving import (
    approve_referral,
    approve_referrals,
    approve_reward,
    approve_rewards,
    reject_referral,
    reject_referrals,
    reject_reward,
    reject_rewards,
)
from kith.rewards.actions.bulk import AT_ONCE, decide_piece, decide_referrals, pieces, request_decisions
from kith.rewards.actions.deciding import decide_conversion, decide_stage
from kith.rewards.actions.following import follow_referral, take_back_conversion
from kith.rewards.actions.holding import put_on_hold, release
from kith.rewards.actions.maturing import mature_due
from kith.rewards.actions.reinstating import reinstate_rewards
from kith.rewards.actions.settling import settle, unsettle
from kith.rewards.actions.steps import (
    ClawBackInvalid,
    ReferralNotPending,
    ReleaseChanged,
    RewardNotAvailable,
    RewardNotHeld,
    RewardNotPending,
    RewardNotSettled,
    RewardOver,
    TooManyRewards,
)
from kith.rewards.actions.taking import cancel_reward, claw_back
from kith.rewards.actions.undoing import DecisionFinal, undo_decision, undo_decisions

__all__ = [
    "AT_ONCE", "ClawBackInvalid", "DecisionFinal", "NothingToUndo", "ReferralNotPending", "ReleaseChanged",
    "RewardNotAvailable", "RewardNotHeld", "RewardNotPending", "RewardNotSettled", "RewardOver", "TooManyRewards",
    "approve_referral", "approve_referrals", "approve_reward", "approve_rewards", "cancel_reward", "claw_back",
    "decide_conversion", "decide_piece", "decide_referrals", "decide_stage", "follow_referral", "mature_due", "pieces",
    "put_on_hold", "reinstate_rewards", "reject_referral", "reject_referrals", "reject_reward",
    "reject_rewards", "release", "request_decisions", "settle", "take_back_conversion", "undo_decision",
    "undo_decisions", "unsettle",
]  # fmt: skip
