"""Reading organizations, members, keys and settings."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto, tenancy, web
from kith.kit.actors import Actor
from kith.kit.codes import hash_token
from kith.kit.days import day_of
from kith.kit.errors import NotFound
from kith.kit.money import Money
from kith.tenants import rules
from kith.tenants.models import (
    ApiKey,
    Invitation,
    Member,
    PlatformSetting,
    Role,
    SavedView,
    SettingScope,
    SettingValue,
    Tenant,
    TenantStatus,
    TokenFamily,
    User,
)


class InvitationGone(NotFound):
    """Unknown, used, withdrawn or expired: the caller cannot tell which."""

    code, message = "invitation_gone", _("This invitation is not valid any more. Ask for a new one.")


def get_tenant(slug: str) -> Tenant:
    """The active organization of that slug. Raises Tenant.DoesNotExist."""
    return Tenant.objects.get(slug=slug, status=TenantStatus.ACTIVE)


def get_tenant_by_id(tenant_id: int) -> Tenant:
    """The active organization of that id. Raises Tenant.DoesNotExist."""
    return Tenant.objects.get(pk=tenant_id, status=TenantStatus.ACTIVE)


def logo_of(slug: str) -> Tenant | None:
    """The active organization of that slug, if it has a logo."""
    return Tenant.objects.filter(slug=slug, status=TenantStatus.ACTIVE).exclude(logo="").first()


def offered_languages(tenant: Tenant) -> list[str]:
    """Codes of the languages that participants of the organization may choose from."""
    return [code for code, _name in settings.LANGUAGES if not tenant.languages or code in tenant.languages]


def current_tenant() -> Tenant:
    """The organization in force."""
    return Tenant.objects.get(pk=tenancy.current_tenant_id())


def local_day(at: datetime.datetime) -> datetime.date:
    """The day of a moment in the organization in force, by its time zone."""
    return day_of(at, current_tenant().timezone)


def active_tenant_ids() -> list[int]:
    """Every organization a scheduled job visits."""
    return list(Tenant.objects.filter(status=TenantStatus.ACTIVE).order_by("id").values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class Seat:
    """A user's place in one organization."""

    member_id: UUID
    role: str
    tenant: Tenant

    @property
    def role_words(self) -> str:
        """The role as people read it."""
        return str(Role(self.role).label)


def seats_of(user: User) -> list[Seat]:
    """Where a person may sign in, by name of the organization."""
    with tenancy.across_tenants("a person chooses between their organizations"):
        members = Member.objects.filter(
            user=user, removed_at=None, tenant__status=TenantStatus.ACTIVE
        ).select_related("tenant")
        return [
            Seat(member.id, member.role, member.tenant) for member in members.order_by("tenant__name", "id")
        ]


def get_seat(user: User, slug: str) -> Seat | None:
    """The person's place in that organization, or None."""
    return next((seat for seat in seats_of(user) if seat.tenant.slug == slug), None)


def seat_actor(seat: Seat, user: User) -> Actor:
    """The actor a signed-in person is in that organization."""
    return Actor(
        kind="member",
        id=str(seat.member_id),
        label=user.get_full_name(),
        tenant_id=seat.tenant.id,
        role=seat.role,
        permissions=rules.permissions_of(seat.role),
    )


def member_actor(member: Member) -> Actor:
    """The actor of a member row."""
    return seat_actor(Seat(member.id, member.role, member.tenant), member.user)


def actor_of(tenant_id: int, ref: str) -> Actor:
    """Whoever a job was asked for by, with what they may do now: nothing when they left."""
    kind, _colon, actor_id = ref.partition(":")
    with tenancy.use(tenant_id):
        row = (
            Member.objects.select_related("user", "tenant")
            .filter(pk=actor_id, removed_at=None, user__is_active=True)
            .first()
            if kind == "member"
            else None
        )
    return member_actor(row) if row else Actor(kind=kind, id=actor_id, tenant_id=tenant_id)  # type: ignore[arg-type]


def family_actor(*, tenant_id: int | None, family_id: str, member_id: str) -> Actor | None:
    """The actor behind an access token, or None when signed out, removed or suspended."""
    with tenancy.use(tenant_id):
        family = (
            TokenFamily.objects.select_related("member", "member__user", "tenant")
            .filter(
                pk=family_id,
                member_id=member_id,
                ended_at=None,
                member__removed_at=None,
                member__user__is_active=True,
                tenant__status=TenantStatus.ACTIVE,
            )
            .first()
        )
        return member_actor(family.member) if family else None


def members() -> QuerySet[Member]:
    """The organization's present members with their users."""
    found: QuerySet[Member] = (
        Member.objects.filter(removed_at=None).select_related("user").order_by("created_at", "id")
    )
    return found


def owner_addresses() -> list[str]:
    """Where the organization's present owners get their e-mail."""
    owners = members().filter(role=Role.OWNER, user__is_active=True)
    return list(owners.values_list("user__email", flat=True))


def api_keys() -> QuerySet[ApiKey]:
    """The organization's live keys."""
    found: QuerySet[ApiKey] = ApiKey.objects.filter(revoked_at=None).order_by("name", "slot")
    return found


def open_invitations() -> QuerySet[Invitation]:
    """Invitations that can still be accepted or withdrawn."""
    found: QuerySet[Invitation] = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).order_by(
        "-created_at"
    )
    return found


def offered(token: str, *, now: datetime.datetime) -> Invitation:
    """The open invitation behind a link, with its organization. Raises InvitationGone."""
    with tenancy.across_tenants("the link carries no organization"):
        found: Invitation | None = (
            Invitation.objects.select_related("tenant")
            .filter(token_hash=hash_token(token), accepted_at=None, withdrawn_at=None, expires_at__gt=now)
            .first()
        )
    if found is None:
        raise InvitationGone
    return found


@dataclass(frozen=True, slots=True)
class ViewsOf:
    """What a member may choose from on a page: their own and shared views, and the columns they left it with."""

    views: list[SavedView]
    columns: str


def views_of(page: str, member_id: str) -> ViewsOf:
    """The views of a page that the member may open, by name. One statement."""
    rows = list(
        SavedView.objects.filter(Q(member_id=member_id) | Q(shared=True), page=page).order_by("name", "id")
    )
    return ViewsOf([row for row in rows if row.name], next((row.query for row in rows if not row.name), ""))


def setting(key: str, *, program_id: UUID | None = None, user_id: UUID | None = None) -> Any:
    """The value in force: user, program, tenant, platform, then the declared default.

    Money settings come back as `Money` in the organization's currency.
    """
    return settings_in_force([key], program_id=program_id, user_id=user_id)[key]


def settings_in_force(
    keys: Sequence[str], *, program_id: UUID | None = None, user_id: UUID | None = None
) -> dict[str, Any]:
    """Several settings as `setting` gives them, in this order and in as few statements as one."""
    found = _nearest([rules.SETTINGS[key] for key in keys], program_id=program_id, user_id=user_id)
    money = [key for key in keys if rules.SETTINGS[key].type == "money"]
    currency = current_tenant().currency if money else ""
    found |= {key: Money.parse(str(found[key]), currency) for key in money}
    return {key: found[key] for key in keys}


def _nearest(
    wanted: Iterable[rules.Setting], *, program_id: UUID | None = None, user_id: UUID | None = None
) -> dict[str, Any]:
    by_key = {declared.key: declared for declared in wanted}
    # The last one wins: the nearest place, and there the newest version.
    places = Q(scope=SettingScope.TENANT, scope_id=None)
    for scope, scope_id in ((SettingScope.PROGRAM, program_id), (SettingScope.USER, user_id)):
        if scope_id is not None:
            places |= Q(scope=scope, scope_id=scope_id)
    rows = SettingValue.objects.filter(places, key__in=by_key).order_by("key", "scope", "-version")
    order = [SettingScope.TENANT, SettingScope.PROGRAM, SettingScope.USER]
    newest = rows.distinct("key", "scope")
    nearest = {row.key: row for row in sorted(newest, key=lambda row: order.index(SettingScope(row.scope)))}
    found = {key: _clear(by_key[key], row) for key, row in nearest.items()}
    missing = by_key.keys() - found.keys()
    platform = PlatformSetting.objects.filter(key__in=missing).values_list("key", "value") if missing else ()
    return {key: by_key[key].default for key in missing} | dict(platform) | found


def _clear(declared: rules.Setting, row: SettingValue) -> Any:
    if not declared.secret:
        return row.value
    if row.secret is None:
        return declared.default
    return crypto.decrypt(row.secret, subject_id=row.id, context=f"tenants_settingvalue.secret:{row.id}")


def settings_shown() -> list[dict[str, Any]]:
    """Every declared setting with its value for the organization; secrets only say whether they are set."""
    shown, values = [], _nearest(rules.SETTINGS.values())
    for declared in rules.SETTINGS.values():
        value = values[declared.key]
        shown.append(
            {
                "key": declared.key,
                "type": declared.type,
                "value": bool(value) if declared.secret else value,
                "default": declared.default,
                "meaning": declared.meaning,
                "is_secret": declared.secret,
                "choices": list(declared.choices),
            }
        )
    return shown


def addresses(tenant: Tenant) -> dict[str, Any]:
    """Where the organization is found on this installation, and the host it could have on a domain of its own."""
    base = web.public_base()
    host = urlsplit(base).hostname or ""
    website = urlsplit(tenant.website).hostname or ""
    wished = f"refer.{website.removeprefix('www.')}" if "." in website else ""
    return {
        "base": base, "host": host, "is_name": re.search(r"\.[a-z]+$", host) is not None,
        "wished": "" if host.endswith(f".{website.removeprefix('www.')}") else wished,
        "portal": f"{base}/p/{tenant.slug}/", "console": f"{base}/t/{tenant.slug}/",
        "sender": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    }  # fmt: skip


def label(tenant: Tenant, term: str, locale: str, fallback: str) -> str:
    """The organization's own word for a term, in a language."""
    words = tenant.labels.get(term, {})
    return str(words.get(locale) or words.get(tenant.locale) or fallback)


def own_words(tenant: Tenant) -> list[tuple[str, str]]:
    """(language, "one / several") of the organization's own words for its participants."""
    one, several = tenant.labels.get("participant", {}), tenant.labels.get("participant_plural", {})
    return [
        (code, " / ".join(word for word in (one.get(code), several.get(code)) if word))
        for code in sorted({*one, *several})
    ]


def actor_names(refs: Iterable[str]) -> dict[str, str]:
    """A name people know for each `kind:id` of a history, in at most two statements."""
    split = {ref: ref.partition(":") for ref in refs}
    ids: dict[str, set[str]] = {"member": set(), "api_key": set()}
    for kind, _colon, actor_id in split.values():
        if kind in ids and actor_id:
            ids[kind].add(actor_id)
    people = Member.objects.filter(id__in=ids["member"]).select_related("user") if ids["member"] else ()
    keys = ApiKey.objects.filter(id__in=ids["api_key"]) if ids["api_key"] else ()
    named = {str(row.id): row.user.get_full_name() for row in people} | {
        str(row.id): row.name for row in keys
    }
    return {
        ref: named.get(actor_id) or str(ACTOR_WORDS.get(kind, kind))
        for ref, (kind, _, actor_id) in split.items()
    }


ACTOR_WORDS = {
    "system": _("Kith, by rule"),
    "public": _("The landing page"),
    "participant": _("The participant"),
    "operator": _("The operator"),
    "member": _("A former colleague"),
    "api_key": _("A server"),
}
