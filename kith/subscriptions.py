"""Which event sets off what, and what runs by the clock. The one table of consequences.

An event maps to (consumer, handler) pairs; each consumer has its own cursor and gets every event exactly
once. `SCHEDULE` maps a job's name to how often it is due.
"""

from datetime import timedelta

Handlers = list[tuple[str, str]]

SUBSCRIPTIONS: dict[str, Handlers] = {
    "conversion.recorded": [("rewards", "kith.rewards.handlers.on_conversion_recorded")],
    "conversion.refunded": [("rewards", "kith.rewards.handlers.on_conversion_refunded")],
    "referral.moved": [("rewards", "kith.rewards.handlers.on_referral_moved")],
}

SCHEDULE: dict[str, timedelta] = {
    "kit.forget_old": timedelta(hours=1),
    "rewards.mature_due": timedelta(minutes=1),
    "referrals.prepare_partitions": timedelta(hours=6),
}
