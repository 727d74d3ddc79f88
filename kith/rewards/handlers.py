"""What rewards do when referrals and conversions change."""

import datetime
from uuid import UUID

from django.utils.translation import gettext_noop

from kith.kit.actors import SYSTEM
from kith.kit.events import StoredEvent
from kith.rewards import actions


def on_conversion_recorded(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Ask the rules."""
    actions.decide_conversion(conversion_id=UUID(event.data["conversion_id"]), actor=SYSTEM, now=now)


def on_conversion_refunded(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Take back what is no longer earned."""
    cancelled, refunded = gettext_noop("conversion cancelled"), gettext_noop("conversion refunded")
    reason = cancelled if event.data.get("is_cancelled") else refunded
    actions.take_back_conversion(
        conversion_id=UUID(event.data["conversion_id"]), reason=reason, actor=SYSTEM, now=now
    )


def on_referral_created(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Ask the rules that wait for a new referral."""
    _follow(event, event.data["category"], now)


def on_referral_moved(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Decide what the new state earns, approves, ends or brings back.

    Nothing happens within a category, and nothing when an approval was undone: going back earns nothing.
    """
    if event.data["from_category"] in (event.data["to_category"], "completed"):
        return
    if event.data["from_category"] == "rejected":
        actions.reinstate_rewards(referral_id=UUID(event.data["referral_id"]), actor=SYSTEM, now=now)
    _follow(event, event.data["to_category"], now)


def _follow(event: StoredEvent, category: str, now: datetime.datetime) -> None:
    actions.follow_referral(
        referral_id=UUID(event.data["referral_id"]), category=category, moved_at=event.occurred_at, actor=SYSTEM,
        now=now,
    )  # fmt: skip
