"""Reading rewards: what was decided and earned, the queue of staff, and what participants see of it."""

from kith.rewards.queries.rewards import (
    CONVERSION,
    NEWEST,
    Explanation,
    Facts,
    Holdings,
    QueueRow,
    ReferralFile,
    Release,
    Step,
    decisions_of,
    due_rewards,
    explanations,
    facts_of_conversion,
    facts_of_stage,
    get_reward,
    holdings,
    queue,
    referral_file,
    release_of,
    reward_list,
    rewards_of_referrals,
    ruleset,
    undecided_conversions,
    waiting_total,
)

__all__ = [
    "CONVERSION", "NEWEST", "Explanation", "Facts", "Holdings", "QueueRow", "ReferralFile", "Release", "Step",
    "decisions_of", "due_rewards", "explanations", "facts_of_conversion", "facts_of_stage", "get_reward", "holdings",
    "queue", "referral_file", "release_of", "reward_list", "rewards_of_referrals", "ruleset",
    "undecided_conversions", "waiting_total",
]  # fmt: skip
