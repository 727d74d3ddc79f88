"""What participants hear of the features above them."""

import datetime

from kith.kit.events import StoredEvent
from kith.participants import actions


def on_referral_created(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Remember since when somebody refers."""
    actions.note_first_referral(participant_id=event.data["referrer_id"], at=event.occurred_at)
