"""What referrals announce."""

import datetime
from uuid import UUID

from kith.kit.events import event


@event("referral.created")
class ReferralCreated:
    """Somebody was referred. `created_on` is the day in the organization's time zone."""

    referral_id: UUID
    program_id: UUID
    referrer_id: UUID
    category: str
    created_on: datetime.date


@event("referral.moved")
class ReferralMoved:
    """A referral went to another stage; categories may be equal when only the stage differs."""

    referral_id: UUID
    program_id: UUID
    referrer_id: UUID
    from_category: str
    to_category: str
    created_on: datetime.date


@event("conversion.recorded")
class ConversionRecorded:
    """An event that counts, such as a booking, was reported for a referral."""

    conversion_id: UUID
    referral_id: UUID
    program_id: UUID
    event: str
    gross_minor: int
    currency: str
    is_estimated: bool
    occurred_at: datetime.datetime


@event("conversion.refunded")
class ConversionRefunded:
    """Part of a conversion was taken back, or with `is_cancelled` all of it; `net_minor` is what is left."""

    conversion_id: UUID
    referral_id: UUID
    program_id: UUID
    amount_minor: int
    net_minor: int
    currency: str
    is_cancelled: bool
    occurred_at: datetime.datetime
