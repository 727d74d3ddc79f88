"""Where things that are named in lists have their page."""

from collections.abc import Mapping
from uuid import UUID

from django.urls import reverse

# What it is -> the route of one, or of all when the name is that of several.
ONE: Mapping[str, str] = {
    "referral": "rewards:referral", "participant": "participants:detail", "batch": "payouts:batch",
    "job": "analytics:job", "program": "programs:detail",
}  # fmt: skip
ALL: Mapping[str, str] = {
    "referral": "rewards:queue", "referrals": "rewards:queue", "queue": "rewards:queue", "reward": "rewards:queue",
    "rewards": "rewards:queue", "participant": "participants:list", "participants": "participants:list",
    "batch": "payouts:batches", "batchs": "payouts:batches", "batches": "payouts:batches", "jobs": "analytics:jobs",
    "job": "analytics:jobs", "program": "programs:list", "programs": "programs:list",
}  # fmt: skip


def address(tenant: str, target: str, id: UUID | str | None = None) -> str:
    """The page of one thing, else of all of its kind; empty where there is neither."""
    if id and target in ONE:
        return reverse(ONE[target], args=[tenant, id])
    return reverse(ALL[target], args=[tenant]) if target in ALL else ""
