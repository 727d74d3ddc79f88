"""Shapes of links and codes."""

import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from kith.kit.http import Schema
from kith.referrals import queries
from kith.referrals.models import Link
from kith.referrals.schemas.shared import PersonOut, Slug, UtmIn


class LinkIn(Schema):
    """A further address; without `slug` it gets a code of its own."""

    participant_id: UUID
    program: Slug = ""
    campaign: Slug = ""
    slug: Annotated[str, Field(max_length=40)] = ""
    destination_url: Annotated[str, Field(max_length=500)] = ""
    utm: UtmIn = Field(default_factory=UtmIn)


class LinkPatch(Schema):
    """Switch a link off or on."""

    active: bool


class LinkOut(Schema):
    """A link; `url` is what people share."""

    id: UUID
    slug: str
    url: str
    participant: PersonOut
    program: str
    campaign: str | None
    destination_url: str
    active: bool
    created_at: datetime.datetime

    @classmethod
    def of(cls, row: Link) -> "LinkOut":
        """The shape of a row read with its names."""
        return cls.model_validate(
            {
                "id": row.id, "slug": row.slug, "url": queries.address(row.slug),
                "participant": {
                    "id": row.participant.id, "name": row.participant.name, "code": row.participant.code
                },
                "program": row.program.code, "campaign": row.campaign.code if row.campaign else None,
                "destination_url": row.destination_url, "active": row.active, "created_at": row.created_at,
            }
        )  # fmt: skip


class CodeOut(Schema):
    """Who a code stands for."""

    code: str
    url: str
    participant: PersonOut
    program: str | None
    is_live: bool
    link_id: UUID | None

    @classmethod
    def of(cls, found: queries.Sender) -> "CodeOut":
        """The shape of who stands behind a code."""
        who, program = found.participant, found.program
        return cls.model_validate(
            {
                "code": found.code, "url": queries.address(found.code),
                "participant": {"id": who.id, "name": who.name, "code": who.code},
                "program": program.code if program else None, "is_live": bool(program and program.status == "live"),
                "link_id": found.link.id if found.link else None,
            }
        )  # fmt: skip
