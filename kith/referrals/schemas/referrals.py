"""Shapes of referrals, their history and notes."""

import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from kith.kit.http import Day, Schema
from kith.referrals import queries, rules
from kith.referrals.models import Referral
from kith.referrals.schemas.conversions import ConversionOut
from kith.referrals.schemas.shared import CategoryWord, MoneyIn, PersonOut, Reason, Slug, Text, UtmIn


class PublicReferralIn(Schema):
    """What a signed-out caller says: whose code, who was referred, which booking. `rid` is the click's id."""

    code: Annotated[str, Field(min_length=1, max_length=60)]
    email: Annotated[str, Field(min_length=3, max_length=254)]
    name: Text = ""
    booking_reference: Text = ""
    phone: Text = ""
    rid: UUID | None = None
    utm: UtmIn = Field(default_factory=UtmIn)

    def details(self) -> dict[str, Any]:
        """The arguments of `create_referral` that are given here."""
        return {**self.model_dump(exclude={"rid"}), "click_id": self.rid}


class ReferralIn(PublicReferralIn):
    """What the organization's own server may say besides; `program` and `campaign` are codes."""

    country: Text = ""
    visa_type: Text = ""
    amount: MoneyIn | None = None
    travel_on: Day | None = None
    program: Slug = ""
    campaign: Slug = ""

    def details(self) -> dict[str, Any]:
        """The arguments of `create_referral` that are given here, without program and campaign."""
        given = self.model_dump(exclude={"rid", "program", "campaign"})
        return {**given, "click_id": self.rid, "amount": self.amount.money() if self.amount else None}


class MoveIn(Schema):
    """Where to: a stage's code, or a category, whose first stage is meant."""

    stage: Slug = ""
    category: CategoryWord | None = None
    reason: Reason = ""


class MovesIn(MoveIn):
    """Up to 1,000 referrals."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=rules.LARGEST_BULK)]


class NoteIn(Schema):
    """A note; `public` ones may be read by the participant."""

    text: Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")]
    visibility: Literal["internal", "public"] = "internal"


class ReferralFilter(Schema):
    """How a list of referrals is narrowed; days are in UTC, the last one included."""

    search: Annotated[str, Field(max_length=200)] = ""
    category: CategoryWord | None = None
    stage: Annotated[str, Field(max_length=60)] = ""
    program_id: UUID | None = None
    referrer_id: UUID | None = None
    created_from: datetime.date | None = None
    created_to: datetime.date | None = None

    def arguments(self) -> dict[str, Any]:
        """The arguments of `queries.referral_list`."""
        given = self.model_dump(exclude={"created_from", "created_to"})
        return {
            **given,
            "created_from": _midnight(self.created_from, days=0),
            "created_before": _midnight(self.created_to, days=1),
        }


def _midnight(day: datetime.date | None, *, days: int) -> datetime.datetime | None:
    if day is None or day.year == datetime.MAXYEAR:
        return None
    return datetime.datetime.combine(day + datetime.timedelta(days=days), datetime.time(), datetime.UTC)


class ExportIn(Schema):
    """Which referrals, in which format."""

    format: Literal["csv", "json"] = "csv"
    search: Text = ""
    category: CategoryWord | None = None
    stage: Slug = ""
    program_id: UUID | None = None
    referrer_id: UUID | None = None


class ReferredOut(Schema):
    """Who was referred."""

    name: str
    email: str
    country: str
    participant_id: UUID | None


class ReferralStageOut(Schema):
    """Where the referral stands; `label` is {language: text}."""

    code: str
    category: CategoryWord
    label: dict[str, str]


class ReferralOut(Schema):
    """A referral in a list."""

    id: UUID
    program_id: UUID
    program: str
    campaign: str | None
    referrer: PersonOut
    referred: ReferredOut
    code: str
    booking_reference: str
    visa_type: str
    method: Literal["manual", "code", "click", "import"]
    source: str
    click_id: UUID | None
    stage: ReferralStageOut
    category: CategoryWord
    converted_at: datetime.datetime | None
    completed_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @classmethod
    def of(cls, row: Referral) -> "ReferralOut":
        """The shape of a row read with its names."""
        return cls.model_validate(
            {
                "id": row.id, "program_id": row.program_id, "program": row.program.code,
                "campaign": row.campaign.code if row.campaign else None,
                "referrer": {"id": row.referrer.id, "name": row.referrer.name, "code": row.referrer.code},
                "referred": {
                    "name": row.referred_name, "email": row.referred_email, "country": row.referred_country,
                    "participant_id": row.referred_participant_id,
                },
                "code": row.code, "booking_reference": row.booking_reference, "visa_type": row.visa_type,
                "method": row.method, "source": row.source, "click_id": row.click_id,
                "stage": {"code": row.stage.code, "category": row.stage.category, "label": row.stage.label},
                "category": row.category, "converted_at": row.converted_at, "completed_at": row.completed_at,
                "created_at": row.created_at, "updated_at": row.updated_at,
            }
        )  # fmt: skip


class NoteOut(Schema):
    """A note; `text` is null once its key was destroyed."""

    id: UUID
    text: str | None
    visibility: Literal["internal", "public"]
    author: str
    created_at: datetime.datetime

    @classmethod
    def of(cls, note: queries.ReadNote) -> "NoteOut":
        """The shape of a note in clear."""
        return cls.model_validate(
            {
                "id": note.id, "text": note.text, "visibility": note.visibility, "author": note.author,
                "created_at": note.created_at,
            }
        )  # fmt: skip


class PassageOut(Schema):
    """One line of the history; states are stages' codes."""

    from_state: str
    to_state: str
    from_category: str
    to_category: str
    actor: str
    reason: str
    at: datetime.datetime


class ReferralDetailOut(ReferralOut):
    """A referral with everything about it."""

    phone: str | None
    utm: UtmIn
    history: list[PassageOut]
    conversions: list[ConversionOut]
    notes: list[NoteOut]

    @classmethod
    def of_detail(cls, detail: queries.Detail) -> "ReferralDetailOut":
        """The shape of a referral and what belongs to it."""
        row = detail.referral
        return cls.model_validate(
            {
                **ReferralOut.of(row).model_dump(),
                "phone": detail.phone,
                "utm": {name.removeprefix("utm_"): getattr(row, name) for name in rules.UTM_FIELDS},
                "history": [
                    {name: getattr(passage, name) for name in PassageOut.model_fields}
                    for passage in detail.history
                ],
                "conversions": [ConversionOut.of(each).model_dump() for each in detail.conversions],
                "notes": [NoteOut.of(each).model_dump() for each in detail.notes],
            }
        )


class PublicReferralOut(Schema):
    """What a signed-out caller is told."""

    id: UUID
    category: CategoryWord
    created_at: datetime.datetime


class ReferralRowOut(Schema):
    """What became of one row."""

    id: UUID
    ok: bool
    code: str
    message: str
