"""What payouts announce. One event per withdrawal and step that moves its money."""

from uuid import UUID

from kith.kit.events import event


@event("payout.sent", outside=True)
class PayoutSent:
    """The bank has the order."""

    withdrawal_id: UUID
    participant_id: UUID
    batch_id: UUID
    amount_minor: int
    currency: str


@event("payout.paid")
class PayoutPaid:
    """The money has left."""

    withdrawal_id: UUID
    participant_id: UUID
    batch_id: UUID
    amount_minor: int
    currency: str


@event("payout.failed", outside=True)
class PayoutFailed:
    """The bank refused the order; the money is available again."""

    withdrawal_id: UUID
    participant_id: UUID
    batch_id: UUID
    amount_minor: int
    currency: str
    reason: str


@event("payout.returned")
class PayoutReturned:
    """The bank sent the money back after it was paid; it is available again."""

    withdrawal_id: UUID
    participant_id: UUID
    batch_id: UUID
    amount_minor: int
    currency: str
    reason: str
