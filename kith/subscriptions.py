"""Which event sets off what, and what runs by the clock. The one table of consequences.

An event maps to (consumer, handler) pairs; each consumer has its own cursor and gets every event exactly
once. `SCHEDULE` maps a job's name to how often it is due.
"""

from datetime import timedelta

Handlers = list[tuple[str, str]]

_ROLL_UP = "kith.analytics.handlers"
_LETTERS = "kith.notifications.handlers"
_REVERSED = [("analytics", f"{_ROLL_UP}.on_reward_reversed")]

SUBSCRIPTIONS: dict[str, Handlers] = {
    "referral.created": [
        ("rewards", "kith.rewards.handlers.on_referral_created"),
        ("participants", "kith.participants.handlers.on_referral_created"),
        ("analytics", f"{_ROLL_UP}.on_referral_created"),
        ("notifications", f"{_LETTERS}.on_referral_created"),
    ],
    "referral.moved": [
        ("rewards", "kith.rewards.handlers.on_referral_moved"),
        ("analytics", f"{_ROLL_UP}.on_referral_moved"),
        ("notifications", f"{_LETTERS}.on_referral_moved"),
    ],
    "conversion.recorded": [
        ("rewards", "kith.rewards.handlers.on_conversion_recorded"),
        ("analytics", f"{_ROLL_UP}.on_conversion_recorded"),
    ],
    "conversion.refunded": [
        ("rewards", "kith.rewards.handlers.on_conversion_refunded"),
        ("analytics", f"{_ROLL_UP}.on_conversion_refunded"),
    ],
    "reward.granted": [("analytics", f"{_ROLL_UP}.on_reward_granted")],
    "reward.available": [("notifications", f"{_LETTERS}.on_reward_available")],
    "reward.rejected": _REVERSED,
    "reward.cancelled": _REVERSED,
    "reward.clawed_back": _REVERSED,
    "payout.paid": [
        ("analytics", f"{_ROLL_UP}.on_payout_paid"),
        ("notifications", f"{_LETTERS}.on_payout_paid"),
    ],
    "payout.returned": [("analytics", f"{_ROLL_UP}.on_payout_returned")],
}

SCHEDULE: dict[str, timedelta] = {
    "analytics.count_clicks": timedelta(seconds=15),
    "audit.export_head": timedelta(days=1),
    "audit.seal": timedelta(minutes=1),
    "kit.forget_old": timedelta(hours=1),
    "tenants.mail_heads": timedelta(days=1),
    "participants.forget_old": timedelta(days=1),
    "programs.forget_pictures": timedelta(days=1),
    "rewards.mature_due": timedelta(minutes=1),
    "referrals.forget_salts": timedelta(hours=1),
    "referrals.prepare_partitions": timedelta(hours=6),
}
