"""What participants are told of the features below."""

import datetime
from uuid import UUID

from kith.kit.actors import SYSTEM
from kith.kit.events import StoredEvent
from kith.notifications import actions


def on_referral_created(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Somebody came through their link."""
    _gather("progress", event.data["referrer_id"], event, now)


def on_referral_moved(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Somebody is a step further; stages of one category are the organization's own affair."""
    if event.data["from_category"] != event.data["to_category"]:
        _gather("progress", event.data["referrer_id"], event, now)


def on_reward_available(event: StoredEvent, *, now: datetime.datetime) -> None:
    """What they earned is theirs."""
    _gather("earnings", event.data["beneficiary_id"], event, now)


def on_payout_paid(event: StoredEvent, *, now: datetime.datetime) -> None:
    """What they earned went to their account."""
    actions.tell_paid(
        withdrawal_id=UUID(event.data["withdrawal_id"]), participant_id=UUID(event.data["participant_id"]),
        happened_at=event.occurred_at, actor=SYSTEM, now=now,
    )  # fmt: skip


def _gather(kind: str, participant_id: str, event: StoredEvent, now: datetime.datetime) -> None:
    actions.gather(
        kind=kind, participant_id=UUID(participant_id), happened_at=event.occurred_at, actor=SYSTEM, now=now
    )
