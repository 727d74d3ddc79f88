"""What payouts announce. One event per withdrawal and step that moves its money."""

from dataclasses import dataclass
from uuid import UUID

from kith.kit.events import event


@dataclass(frozen=True, kw_only=True)
class AboutWithdrawal:
    """What each of them says."""

    withdrawal_id: UUID
    participant_id: UUID
    batch_id: UUID
    amount_minor: int
    currency: str


@event("payout.sent", outside=True)
class PayoutSent(AboutWithdrawal):
    """The bank has the order."""


@event("payout.paid")
class PayoutPaid(AboutWithdrawal):
    """The money has left."""


@event("payout.failed", outside=True)
class PayoutFailed(AboutWithdrawal):
    """The bank refused the order; the money is available again."""

    reason: str


@event("payout.returned")
class PayoutReturned(AboutWithdrawal):
    """The bank sent the money back after it was paid; it is available again."""

    reason: str
