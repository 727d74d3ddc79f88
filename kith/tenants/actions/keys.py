"""API keys of servers."""

import datetime
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kith.kit import codes, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, Forbidden, Invalid, NotSignedIn
from kith.tenants import rules
from kith.tenants.models import ApiKey, TenantStatus

PREFIX = "kith_live_"


class ApiKeyLimit(Conflict):
    """Two keys of one name are enough to rotate."""

    code, message = "api_key_limit", _("There are two live keys of this name. Revoke one first.")


class KeyRefused(NotSignedIn):
    """Unknown, revoked or expired."""

    code, message = "api_key_invalid", _("The API key is not valid.")


class ScopesNotYours(Forbidden):
    """A key cannot do more than the person who makes it."""

    code, message = "scopes_not_yours", _("A key cannot do more than you may do yourself.")


@dataclass(frozen=True, slots=True)
class NewKey:
    """The stored row and the key's text, shown once."""

    row: ApiKey
    text: str


@transaction.atomic
def create_api_key(
    *, name: str, scopes: list[str], actor: Actor, now: datetime.datetime, expires_at: datetime.datetime | None = None,
    rate_limit: int = 1000,
) -> NewKey:  # fmt: skip
    """A new key in the first free of two slots. Raises ApiKeyLimit, ScopesNotYours or Invalid."""
    unknown = rules.unknown_scopes(scopes)
    if unknown or not scopes:
        raise Invalid(fields={"scopes": _("Name at least one known permission.")}, unknown=unknown)
    _require(actor, scopes)
    maker = _maker(actor, expires_at, rate_limit)
    used = set(ApiKey.objects.filter(name=name, revoked_at=None).values_list("slot", flat=True))
    slot = next((slot for slot in (1, 2) if slot not in used), None)
    if slot is None:
        raise ApiKeyLimit
    prefix, secret = codes.random_token(9)[:12], codes.random_token()
    try:
        with transaction.atomic():
            row: ApiKey = ApiKey.objects.create(
                name=name, slot=slot, prefix=prefix, secret_hash=codes.hash_token(secret), scopes=scopes,
                rate_limit=rate_limit, expires_at=expires_at, created_by=actor.principal, made_with=maker,
                created_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        if "api_key_slot_once" in str(error):
            raise ApiKeyLimit from None
        raise
    return NewKey(row, f"{PREFIX}{prefix}.{secret}")


def _require(actor: Actor, scopes: list[str]) -> None:
    if not all(actor.may(permission) for permission in rules.permissions_of_scopes(scopes)):
        raise ScopesNotYours


def _maker(actor: Actor, expires_at: datetime.datetime | None, rate_limit: int) -> ApiKey | None:
    """The key at work, if it is one: it gives neither more time nor more calls than it has itself.

    Locked, so that it is not revoked in between: then the new key would be left over.
    """
    if actor.kind != "api_key":
        return None
    own: ApiKey | None = ApiKey.objects.select_for_update().filter(pk=actor.id, revoked_at=None).first()
    if own is None:
        raise KeyRefused
    outlives = own.expires_at is not None and (expires_at is None or expires_at > own.expires_at)
    if outlives or rate_limit > own.rate_limit:
        raise ScopesNotYours
    return own


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: Actor, now: datetime.datetime) -> None:
    """End a key at once, and every key that was made with it, and with those.

    Raises ScopesNotYours for a key that may do more than the actor.
    """
    _require(actor, key.scopes)
    made = [key.pk]
    while made:
        ApiKey.objects.filter(pk__in=made, revoked_at=None).update(revoked_at=now)
        made = list(ApiKey.objects.filter(made_with__in=made).values_list("pk", flat=True))


def authenticate_key(text: str, *, now: datetime.datetime) -> tuple[Actor, int]:
    """The actor behind a key and its limit per 15 minutes. Raises KeyRefused."""
    prefix, _dot, secret = text.removeprefix(PREFIX).partition(".")
    with tenancy.across_tenants("the key itself says whose it is"):
        row: ApiKey | None = (
            ApiKey.objects.select_related("tenant")
            .filter(Q(expires_at=None) | Q(expires_at__gt=now), prefix=prefix, revoked_at=None)
            .filter(secret_hash=codes.hash_token(secret), tenant__status=TenantStatus.ACTIVE)
            .first()
        )
    if row is None:
        raise KeyRefused
    _note_use(row, now)
    actor = Actor(
        kind="api_key", id=str(row.id), label=row.name, tenant_id=row.tenant_id, role="",
        permissions=rules.permissions_of_scopes(row.scopes),
        on_behalf_of=row.created_by,
    )  # fmt: skip
    return actor, row.rate_limit


def _note_use(row: ApiKey, now: datetime.datetime) -> None:
    """Once an hour is enough to see whether a key is still in use."""
    if row.last_used_at is None or now - row.last_used_at > datetime.timedelta(hours=1):
        with tenancy.use(row.tenant_id):
            ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
