"""Bodies of the travel company's calls, with its own field names."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from kith.kit.http import PaginationOut, Schema

Status = Literal[
    "pending",
    "contacted",
    "qualified",
    "converted",
    "completed",
    "approved",
    "rejected",
    "expired",
    "cancelled",
]


class LoginIn(Schema):
    """User name (or e-mail) and password; the organization only when there are several."""

    username: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=1000)
    tenant: str | None = Field(default=None, max_length=40)
    second_factor: str = Field(
        default="", max_length=20, description="code of the authenticator app, or a recovery code"
    )


class CustomerIn(Schema):
    """A customer; only the name is required."""

    bebsy_customer_id: str = Field(default="", max_length=200)
    name: str = Field(min_length=1, max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)


class ReferralIn(Schema):
    """What the booking site posts."""

    referrer_code: str = Field(min_length=1, max_length=40)
    new_customer_email: str = Field(min_length=1, max_length=254)
    new_customer_name: str = Field(default="", max_length=200)
    booking_reference: str = Field(default="", max_length=100)


class StatusIn(Schema):
    """The status a referral gets; `reason` is needed to reject."""

    status: Status
    reason: str = Field(default="", max_length=500)


class BulkIn(Schema):
    """Several referrals at once, as the older front end sends it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    referral_ids: list[UUID] = Field(alias="referralIds", min_length=1, max_length=1000)
    status: Status
    reason: str = Field(default="", max_length=500)


class Envelope(Schema):
    """The envelope of one thing."""

    status: str
    data: dict[str, Any]
    message: str | None = None


class ListEnvelope(Schema):
    """The envelope of a list."""

    status: str
    data: list[dict[str, Any]]
    pagination: PaginationOut | None = None
