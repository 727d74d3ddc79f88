"""Setting up an organization and its settings."""

import datetime
import functools
import zoneinfo
from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import colors, crypto, files, images, tenancy, text, web
from kith.kit.actors import Actor
from kith.kit.currencies import CURRENCIES
from kith.kit.errors import Conflict, Invalid
from kith.tenants import rules
from kith.tenants.models import PlatformSetting, SettingScope, SettingValue, Tenant, TenantStatus


class SlugTaken(Conflict):
    """Another organization has that address."""

    code, message = "slug_taken", _("This address is taken. Choose another.")


class BadSlug(Invalid):
    """The address has characters that are not allowed."""

    code, message = "slug_invalid", _("An address has 2 to 40 lower-case letters, digits and hyphens.")


class SettingRefused(Invalid):
    """Unknown key, wrong place or wrong type."""

    code, message = "setting_invalid", _("This value cannot be stored for %(key)s.")


@transaction.atomic
def create_tenant(
    *, slug: str, name: str, currency: str, locale: str, timezone: str, now: datetime.datetime, **values: Any
) -> Tenant:
    """A new, empty organization. Raises BadSlug, SlugTaken or Invalid naming the field."""
    if not rules.is_good_slug(slug):
        raise BadSlug(fields={"slug": BadSlug.message})
    _check(currency=currency, timezone=timezone)
    _check_brand(values.get("brand"))
    name, values = text.line(name.strip(), "name"), _with_website(values)
    try:
        with transaction.atomic():
            return Tenant.objects.create(
                slug=slug,
                name=name,
                currency=currency,
                locale=locale,
                timezone=timezone,
                created_at=now,
                **values,
            )
    except IntegrityError as error:
        if "slug" in str(error):
            raise SlugTaken(fields={"slug": SlugTaken.message}) from None
        raise


@transaction.atomic
def update_tenant(*, tenant: Tenant, changes: Mapping[str, Any], actor: Actor) -> Tenant:
    """Change name, brand, country, languages, time zone or labels. Raises Invalid naming the field."""
    allowed = {"name", "brand", "country", "languages", "locale", "timezone", "labels", "website"}
    unknown = set(changes) - allowed
    if unknown:
        raise Invalid(fields={name: _("This cannot be changed here.") for name in unknown})
    _check(timezone=changes.get("timezone"))
    _check_brand(changes.get("brand"))
    changes = _with_website(changes)
    if "name" in changes:
        changes = {**changes, "name": text.line(changes["name"].strip(), "name")}
    row = Tenant.objects.select_for_update().get(pk=tenant.pk)
    for name, value in changes.items():
        setattr(row, name, value)
    if row.languages and row.locale not in row.languages:
        raise Invalid(fields={"languages": _("Offer at least the organization's own language.")})
    row.save(update_fields=list(changes))
    return row


def suspend_tenant(*, tenant: Tenant, actor: Actor) -> None:
    """Keep everybody out of an organization; nothing of it is lost."""
    _set_status(tenant, TenantStatus.SUSPENDED, actor)


def reactivate_tenant(*, tenant: Tenant, actor: Actor) -> None:
    """Let a suspended organization work again."""
    _set_status(tenant, TenantStatus.ACTIVE, actor)


def _set_status(tenant: Tenant, status: str, actor: Actor) -> None:
    with tenancy.use(tenant.id, actor=actor):
        row = Tenant.objects.select_for_update().get(pk=tenant.pk)
        row.status = status
        row.save(update_fields=["status"])


LOGO_SIDE = 512


@transaction.atomic
def set_logo(*, tenant: Tenant, picture: IO[bytes] | None, actor: Actor, now: datetime.datetime) -> Tenant:
    """Show this picture as the organization's mark, written anew; None shows a symbol again.

    Raises NotAPicture, PictureTooLarge.
    """
    png = images.as_png(picture, width=LOGO_SIDE, height=LOGO_SIDE) if picture is not None else b""
    row = Tenant.objects.select_for_update().get(pk=tenant.pk)
    before, row.logo = row.logo, files.keep([png], folder="logos", suffix=".png") if png else ""
    row.save(update_fields=["logo"])
    if before:
        transaction.on_commit(functools.partial(_drop, row.pk, before))
    return row


@transaction.atomic
def update_brand(
    *, tenant: Tenant, color: str, logo: IO[bytes] | None = None, without_logo: bool = False, actor: Actor,
    now: datetime.datetime,
) -> Tenant:  # fmt: skip
    """Change the color and, if there is one, the logo; both or neither.

    Raises Invalid naming `brand` or `logo`, with the nearest color on which text can be read.
    """
    row = update_tenant(tenant=tenant, changes={"brand": color}, actor=actor)
    if logo is None and not without_logo:
        return row
    try:
        return set_logo(tenant=tenant, picture=logo, actor=actor, now=now)
    except (images.NotAPicture, images.PictureTooLarge) as refusal:
        raise Invalid(fields={"logo": refusal.text}) from None


def _drop(tenant_id: int, name: str) -> None:
    with tenancy.use(tenant_id):
        files.remove(name)


LOOKED_AT = ("words", "landing", "email", "done")


@transaction.atomic
def note_look(*, tenant: Tenant, what: str, actor: Actor, now: datetime.datetime) -> Tenant:
    """Remember that staff have looked at one of LOOKED_AT, or are done setting up. Raises Invalid."""
    if what not in LOOKED_AT:
        raise Invalid(fields={"what": _("There is nothing here to look at.")})
    row = Tenant.objects.select_for_update().get(pk=tenant.pk)
    row.looked_at = {**row.looked_at, what: now.isoformat()}
    row.save(update_fields=["looked_at"])
    return row


def _with_website(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the website, if there is one, as it is stored. Raises Invalid naming it."""
    if not values.get("website"):
        return dict(values)
    found = web.address(values["website"])
    if found is None or len(found) > 200:
        raise Invalid(fields={"website": _("Write a web address that starts with https:// or http://.")})
    return {**values, "website": found}


def _check_brand(color: str | None) -> None:
    if color is None:
        return
    if not colors.is_color(color):
        raise Invalid(fields={"brand": _("Write a color such as #1d4ed8.")})
    if (better := colors.readable(color)) != color:
        sentence = _("Text is hard to read on %(color)s. On %(better)s, the nearest such color, it is not.")
        raise Invalid(fields={"brand": sentence % {"color": color, "better": better}})


def _check(*, currency: str | None = None, timezone: str | None = None) -> None:
    if currency is not None and currency not in CURRENCIES:
        raise Invalid(fields={"currency": _("Use an ISO 4217 code such as EUR.")})
    if timezone is not None and timezone not in zoneinfo.available_timezones():
        raise Invalid(fields={"timezone": _("Use a name such as Europe/Amsterdam.")})


def _checked(key: str, value: Any, place: str) -> rules.Setting:
    declared = rules.SETTINGS.get(key)
    if declared is None:
        raise SettingRefused(key=key, fields={"key": _("There is no such setting.")})
    if place not in declared.places:
        raise SettingRefused(key=key, fields={"scope": _("This setting cannot be set at this level.")})
    if rules.bad_value(declared, value):
        raise SettingRefused(
            key=key, fields={"value": _("The type or range is wrong.")}, meaning=declared.meaning
        )
    return declared


@transaction.atomic
def set_setting(
    *, key: str, value: Any, scope: str = SettingScope.TENANT, scope_id: UUID | None = None,
    actor: Actor, now: datetime.datetime,
) -> SettingValue:  # fmt: skip
    """Store a new version of a setting at one place. Raises SettingRefused."""
    declared = _checked(key, value, scope)
    # The organization's row is the lock of its settings.
    tenant = Tenant.objects.select_for_update().get(pk=actor.tenant_id) if actor.tenant_id else None
    last = SettingValue.objects.filter(scope=scope, scope_id=scope_id, key=key).order_by("-version").first()
    row = SettingValue(
        scope=scope, scope_id=scope_id, key=key, version=(last.version if last else 0) + 1,
        value=None if declared.secret else value, set_by=actor.ref, set_at=now,
    )  # fmt: skip
    if tenant is not None:
        row.tenant = tenant
    if declared.secret:
        row.secret = crypto.encrypt(
            str(value), subject_id=row.id, context=f"tenants_settingvalue.secret:{row.id}"
        )
    row.save(force_insert=True)
    return row


@transaction.atomic
def set_settings(*, values: Mapping[str, Any], actor: Actor, now: datetime.datetime) -> list[SettingValue]:
    """Store several settings of the organization, all or none. Raises SettingRefused."""
    return [set_setting(key=key, value=value, actor=actor, now=now) for key, value in sorted(values.items())]


@transaction.atomic
def set_platform_setting(*, key: str, value: Any, actor: Actor, now: datetime.datetime) -> None:
    """Store a value for the whole installation. Raises SettingRefused; secrets are per organization only."""
    declared = _checked(key, value, "platform")
    if declared.secret:
        raise SettingRefused(key=key, fields={"key": _("Secrets are set per organization.")})
    PlatformSetting.objects.update_or_create(
        key=key, defaults={"value": value, "set_by": actor.ref, "set_at": now}
    )
