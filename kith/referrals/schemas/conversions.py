"""Shapes of conversions."""

import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kith.kit.http import Day, Moment, MoneyOut, Schema
from kith.referrals.models import Conversion
from kith.referrals.schemas.shared import Event, MoneyIn, Reason


class ConversionIn(Schema):
    """An event that counts, of a referral named by its id, its click's id, or the referred person's e-mail."""

    event: Event
    external_id: Annotated[str, Field(min_length=1, max_length=100)]
    occurred_at: Moment
    amount: MoneyIn | None = None
    effective_on: Day | None = None
    referral_id: UUID | None = None
    rid: UUID | None = None
    email: Annotated[str, Field(max_length=254)] = ""


class RefundIn(Schema):
    """Part of the amount goes back; `external_id` names this refund, so that it counts once."""

    amount: MoneyIn
    external_id: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Reason = ""


class ConversionCancelIn(Schema):
    """The event did not happen after all."""

    external_id: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Reason = ""


class ConversionOut(Schema):
    """An event that counts."""

    id: UUID
    referral_id: UUID | None
    event: str
    external_id: str
    gross: MoneyOut
    refunded: MoneyOut
    is_estimated: bool
    status: Literal["recorded", "confirmed", "cancelled"]
    source: str
    occurred_at: datetime.datetime
    effective_on: datetime.date | None
    received_at: datetime.datetime

    @classmethod
    def of(cls, row: Conversion) -> "ConversionOut":
        """The shape of a row."""
        return cls.model_validate(
            {
                "id": row.id, "referral_id": row.referral_id, "event": row.event, "external_id": row.external_id,
                "gross": {"amount_minor": row.gross_minor, "currency": row.currency},
                "refunded": {"amount_minor": row.refunded_minor, "currency": row.currency},
                "is_estimated": row.is_estimated, "status": row.status, "source": row.source,
                "occurred_at": row.occurred_at, "effective_on": row.effective_on, "received_at": row.received_at,
            }
        )  # fmt: skip
