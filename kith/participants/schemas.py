"""Request and response shapes of this feature."""

import datetime
from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import Field, TypeAdapter, ValidationError

from kith.kit.errors import Invalid
from kith.kit.http import Day, Schema

Kind = Literal["person", "company"]
Status = Literal["active", "suspended", "merged", "erased"]


class ParticipantIn(Schema):
    """Somebody to enroll. Phones may be national when the country is given; dates are YYYY-MM-DD."""

    name: str = Field(min_length=1, max_length=200)
    email: str = Field(default="", max_length=254)
    external_id: str = Field(default="", max_length=100)
    phone: str = Field(default="", max_length=40)
    country: str = Field(default="", max_length=60, description="ISO 3166 alpha-2, like NL")
    language: str = Field(default="", max_length=60, description="like nl or pt-BR")
    timezone: str = Field(default="", max_length=60, description="IANA name, like Europe/Amsterdam")
    kind: Kind = "person"
    picture_url: str = Field(default="", max_length=500)
    visa_number: str = Field(default="", max_length=60)
    visa_stage: str = Field(default="", max_length=100)
    visa_type: str = Field(default="", max_length=100)
    application_on: Day | None = None
    referred_by_code: str = Field(default="", max_length=40, description="personal code of who referred them")
    code: str = Field(default="", max_length=40, description="vanity code; empty draws one")


class ParticipantPatch(Schema):
    """The fields to change; those left out stay."""

    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254)
    external_id: str | None = Field(default=None, max_length=100)
    phone: str | None = Field(default=None, max_length=40)
    country: str | None = Field(default=None, max_length=60)
    language: str | None = Field(default=None, max_length=60)
    timezone: str | None = Field(default=None, max_length=60)
    kind: Kind | None = None
    picture_url: str | None = Field(default=None, max_length=500)
    visa_number: str | None = Field(default=None, max_length=60)
    visa_stage: str | None = Field(default=None, max_length=100)
    visa_type: str | None = Field(default=None, max_length=100)
    application_on: Day | None = None


class ParticipantRowOut(Schema):
    """One line of the list."""

    id: UUID
    name: str
    email: str
    code: str
    external_id: str
    kind: Kind
    status: Status
    country: str
    language: str
    referred_by_id: UUID | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class ParticipantOut(ParticipantRowOut):
    """Everything known about one participant."""

    phone: str
    timezone: str
    picture_url: str
    visa_number: str
    visa_stage: str
    visa_type: str
    application_on: datetime.date | None
    extra: dict[str, str] = Field(description="columns of imported files that mean nothing here")
    email_verified_at: datetime.datetime | None
    last_login_at: datetime.datetime | None
    source: str


class ParticipantReasonIn(Schema):
    """Why, for whoever looks later."""

    reason: str = Field(default="", max_length=500)


class ParticipantExportIn(Schema):
    """What to export and how."""

    format: Literal["csv", "json"] = "csv"
    search: str = Field(default="", max_length=200)
    status: Status | None = None
    kind: Kind | None = None


_MAPPING = TypeAdapter(dict[str, str])


def mapping_of(text: str) -> dict[str, str]:
    """Which column becomes what, from its JSON; nothing from nothing. Raises Invalid naming `mapping`."""
    try:
        return _MAPPING.validate_json(text) if text else {}
    except ValidationError:
        raise Invalid(
            fields={"mapping": _('Write a JSON object such as {"E-mail klant": "email"}.')}
        ) from None
