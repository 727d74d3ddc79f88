"""Request and response shapes of this feature."""

import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from kith.kit.http import Moment, Schema


class SignInIn(Schema):
    """User name or e-mail, password, and the organization when there are several."""

    username: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=1000)
    tenant: str | None = Field(default=None, max_length=40)
    second_factor: str = Field(
        default="", max_length=20, description="code of the authenticator app, or a recovery code"
    )


class RefreshIn(Schema):
    """The refresh token received last."""

    refresh_token: str = Field(min_length=1, max_length=200)


class TokensOut(Schema):
    """`expires_in` in seconds; the refresh token works once."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"


class MeOut(Schema):
    """The caller."""

    kind: str
    id: str
    label: str
    role: str
    permissions: list[str]
    tenant: str
    currency: str


class MemberOut(Schema):
    """A colleague."""

    id: UUID
    username: str
    name: str
    email: str
    role: str
    created_at: datetime.datetime


class RoleIn(Schema):
    """Another role."""

    role: str


class InviteIn(Schema):
    """A place to offer."""

    email: str = Field(max_length=254)
    role: str


class InvitationOut(Schema):
    """An open invitation; its link went by e-mail only."""

    id: UUID
    email: str
    role: str
    expires_at: datetime.datetime


class KeyIn(Schema):
    """A new key; scopes are permissions or `feature.*`."""

    name: str = Field(min_length=1, max_length=60)
    scopes: list[str] = Field(min_length=1, max_length=60)
    expires_at: Moment | None = None
    rate_limit: int = Field(default=1000, ge=1, le=1_000_000)


class KeyOut(Schema):
    """A key; `text` only in the answer that made it."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    rate_limit: int
    expires_at: datetime.datetime | None
    last_used_at: datetime.datetime | None
    created_at: datetime.datetime
    text: str | None = None


class SettingIn(Schema):
    """A value of the declared type; money as decimal text."""

    value: bool | int | str


class SettingOut(Schema):
    """A declared setting and its value; a secret only says whether it is set."""

    key: str
    type: str
    value: Any
    default: Any
    meaning: str
    is_secret: bool
    choices: list[str]


class TenantOut(Schema):
    """The organization."""

    slug: str
    name: str
    currency: str
    locale: str
    timezone: str
    brand: str
    labels: dict[str, Any]


class DoneOut(Schema):
    """Nothing to show but that it was done."""
