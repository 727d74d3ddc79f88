"""What rewards announce. Amounts are what the reward is worth; of a claw-back, what was taken."""

from dataclasses import dataclass
from uuid import UUID

from kith.kit.events import event


@dataclass(frozen=True, kw_only=True)
class AboutReward:
    """What each of them says."""

    reward_id: UUID
    program_id: UUID
    referral_id: UUID | None
    beneficiary_id: UUID
    amount_minor: int
    currency: str


@event("reward.granted")
class RewardGranted(AboutReward):
    """Somebody earned something; the budget is reserved, nothing can be paid yet."""


@event("reward.approved", outside=True)
class RewardApproved(AboutReward):
    """The organization agreed, or its rule did so automatically."""


@event("reward.approval_undone", outside=True)
class RewardApprovalUndone(AboutReward):
    """The organization took its approval back in time: it waits again; no money has moved."""


@event("reward.rejected")
class RewardRejected(AboutReward):
    """The organization did not agree; the budget has its money back."""


@event("reward.cancelled")
class RewardCancelled(AboutReward):
    """What it was earned for did not happen after all; the budget has its money back."""


@event("reward.held", outside=True)
class RewardHeld(AboutReward):
    """Somebody wants to look at it first."""


@event("reward.released", outside=True)
class RewardReleased(AboutReward):
    """It goes on where it was put on hold."""


@event("reward.available")
class RewardAvailable(AboutReward):
    """The holding period is over: it can be paid out."""


@event("reward.clawed_back")
class RewardClawedBack(AboutReward):
    """Some or all of it was taken back after it had become available."""


@event("reward.settled", outside=True)
class RewardSettled(AboutReward):
    """It was paid out."""
