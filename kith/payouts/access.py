"""Batches, withdrawals and participants of the organization in force, for whoever may see them."""

from uuid import UUID

from kith.kit.actors import Actor
from kith.kit.errors import Forbidden
from kith.participants.models import Participant
from kith.payouts.models import PayoutBatch, Withdrawal
from kith.tenants.access import one


def batch(actor: Actor, batch_id: UUID) -> PayoutBatch:
    """The batch. Raises NotFound for another organization's, Forbidden."""
    _may_view(actor)
    found: PayoutBatch = one(PayoutBatch.objects.all(), pk=batch_id)
    return found


def withdrawal(actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    """The withdrawal. Raises NotFound for another organization's, Forbidden."""
    _may_view(actor)
    found: Withdrawal = one(Withdrawal.objects.all(), pk=withdrawal_id)
    return found


def participant(actor: Actor, participant_id: UUID) -> Participant:
    """The participant whose payout account it is. Raises NotFound, Forbidden."""
    _may_view(actor)
    found: Participant = one(Participant.objects.all(), pk=participant_id)
    return found


def _may_view(actor: Actor) -> None:
    # The operation's gate names the one permission it needs; this keeps out who has none of them.
    if actor.kind != "system" and not any(held.startswith("payouts.") for held in actor.permissions):
        raise Forbidden(permission="payouts.view")
