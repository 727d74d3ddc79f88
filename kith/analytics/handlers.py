"""What roll-ups learn from the other features' events. Each handler is one or two upserts."""

import datetime
from uuid import UUID

from kith.analytics import actions
from kith.kit.events import StoredEvent
from kith.programs.models import Program
from kith.tenants import queries as tenants

# Payouts are of the organization, not of one program.
NO_PROGRAM = UUID(int=0)


def _currency(event: StoredEvent) -> str:
    found: str = Program.objects.values_list("currency", flat=True).get(pk=event.data["program_id"])
    return found


def _day(event: StoredEvent) -> datetime.date:
    return tenants.local_day(event.occurred_at)


def on_referral_created(event: StoredEvent, *, now: datetime.datetime) -> None:
    """A referral counts on the day it was made, in its referrer's month."""
    data, currency = event.data, _currency(event)
    actions.add_to_day(day=_day(event), program_id=data["program_id"], currency=currency, referrals=1)
    actions.add_to_participant(participant_id=data["referrer_id"], currency=currency, referrals=1)
    actions.add_to_participant_month(
        participant_id=data["referrer_id"], month=_day(event), category=data["category"], n=1
    )


def on_referral_moved(event: StoredEvent, *, now: datetime.datetime) -> None:
    """It moves between categories within the month it was made in; completions count on their own day."""
    data = event.data
    month = datetime.date.fromisoformat(data["created_on"])
    before, after = data["from_category"], data["to_category"]
    if before == after:
        return
    for category, n in ((before, -1), (after, 1)):
        actions.add_to_participant_month(
            participant_id=data["referrer_id"], month=month, category=category, n=n
        )
    completed = (after == "completed") - (before == "completed")
    rejected = int(after == "rejected")
    if completed or rejected:
        currency = _currency(event)
        actions.add_to_day(
            day=_day(event),
            program_id=data["program_id"],
            currency=currency,
            completed=completed,
            rejected=rejected,
        )
        if completed:
            actions.add_to_participant(
                participant_id=data["referrer_id"], currency=currency, completed=completed
            )


def on_conversion_recorded(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Revenue counts on the day of the booking; an average stands in where no amount was reported."""
    data = event.data
    day = tenants.local_day(datetime.datetime.fromisoformat(data["occurred_at"]))
    actions.add_to_day(
        day=day,
        program_id=data["program_id"],
        currency=data["currency"],
        conversions=1,
        revenue_minor=data["gross_minor"],
        estimated_minor=data["gross_minor"] if data["is_estimated"] else 0,
    )


def on_conversion_refunded(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Refunds count on the day they were reported."""
    data = event.data
    actions.add_to_day(
        day=_day(event),
        program_id=data["program_id"],
        currency=_currency(event),
        refund_minor=data["amount_minor"],
    )


def on_reward_granted(event: StoredEvent, *, now: datetime.datetime) -> None:
    """A promise costs from the day it is made."""
    data = event.data
    actions.add_to_day(
        day=_day(event),
        program_id=data["program_id"],
        currency=data["currency"],
        rewards=1,
        reward_minor=data["amount_minor"],
    )
    actions.add_to_participant(
        participant_id=data["beneficiary_id"], currency=data["currency"], earned_minor=data["amount_minor"]
    )


def on_reward_reversed(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Rejected, cancelled or clawed back: the cost is gone from that day on."""
    data = event.data
    actions.add_to_day(
        day=_day(event),
        program_id=data["program_id"],
        currency=data["currency"],
        reversed_minor=data["amount_minor"],
    )
    actions.add_to_participant(
        participant_id=data["beneficiary_id"], currency=data["currency"], earned_minor=-data["amount_minor"]
    )


def on_payout_paid(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Money that left."""
    _paid(event, event.data["amount_minor"])


def on_payout_returned(event: StoredEvent, *, now: datetime.datetime) -> None:
    """Money that came back."""
    _paid(event, -event.data["amount_minor"])


def _paid(event: StoredEvent, amount_minor: int) -> None:
    currency = event.data["currency"]
    actions.add_to_day(day=_day(event), program_id=NO_PROGRAM, currency=currency, paid_minor=amount_minor)
    actions.add_to_participant(
        participant_id=event.data["participant_id"], currency=currency, paid_minor=amount_minor
    )
