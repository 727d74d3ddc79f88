"""What rewards announce. Amounts are what the reward is worth; of a claw-back, what was taken."""

from uuid import UUID

from kith.kit.events import event


@event("reward.granted")
class RewardGranted:
    """Somebody earned something; the budget is reserved, nothing can be paid yet."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.approved", outside=True)
class RewardApproved:
    """The organization agreed, or its rule did so automatically."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.rejected")
class RewardRejected:
    """The organization did not agree; the budget has its money back."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.cancelled")
class RewardCancelled:
    """What it was earned for did not happen after all; the budget has its money back."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.held", outside=True)
class RewardHeld:
    """Somebody wants to look at it first."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.released", outside=True)
class RewardReleased:
    """It goes on where it was put on hold."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.available", outside=True)
class RewardAvailable:
    """The holding period is over: it can be paid out."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.clawed_back")
class RewardClawedBack:
    """Some or all of it was taken back after it had become available."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.settled", outside=True)
class RewardSettled:
    """It was paid out."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str
