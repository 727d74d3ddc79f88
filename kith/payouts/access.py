"""Batches and withdrawals of the organization in force."""

from uuid import UUID

from kith.payouts.models import PayoutBatch, Withdrawal
from kith.tenants.access import one


def batch(batch_id: UUID) -> PayoutBatch:
    """The batch. Raises NotFound for another organization's."""
    found: PayoutBatch = one(PayoutBatch.objects.all(), pk=batch_id)
    return found


def withdrawal(withdrawal_id: UUID) -> Withdrawal:
    """The withdrawal. Raises NotFound for another organization's."""
    found: Withdrawal = one(Withdrawal.objects.all(), pk=withdrawal_id)
    return found
