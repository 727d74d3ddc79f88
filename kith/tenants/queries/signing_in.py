"""How people sign in: what their organizations ask of them, and what they have set up."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from kith.kit import clock, tenancy
from kith.tenants import rules
from kith.tenants.models import Member, PlatformSetting, SettingScope, SettingValue, Tenant, User
from kith.tenants.queries.organizations import Seat, members, seats_of, setting

_STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True, slots=True)
class SignInRules:
    """The strictest of what all organizations of a person ask."""

    hours: int
    codes: bool
    factor_wanted_by: str


def sign_in_rules(user: User) -> SignInRules:
    """What holds for a person; somebody without a place gets the installation's defaults, and no codes."""
    hours = [int(rules.SETTINGS["signin.session_hours"].default)]
    codes, wanted_by = [], str(_("the operator of this installation")) if user.is_operator else ""
    for seat in seats_of(user):
        with tenancy.use(seat.tenant.id):
            hours.append(int(setting("signin.session_hours")))
            codes.append(bool(setting("signin.email_code")))
            if not wanted_by and rules.wants_factor(setting("signin.second_factor"), seat.role):
                wanted_by = seat.tenant.name
    return SignInRules(min(hours[1:] or hours), bool(codes) and all(codes), wanted_by)


def is_factor_due(user: User, seat: Seat) -> bool:
    """Whether that organization, or the person's work for the installation, asks for a second factor."""
    with tenancy.use(seat.tenant.id):
        return user.is_operator or rules.wants_factor(setting("signin.second_factor"), seat.role)


def lacks_factor(user: User, role: str) -> bool:
    """Whether the organization in force asks a person of the role for a second factor, and there is none."""
    wanted = user.is_operator or rules.wants_factor(setting("signin.second_factor"), role)
    return wanted and not has_factor(user)


def codes_are_offered() -> bool:
    """Whether any organization lets its people in with a code by e-mail."""
    if PlatformSetting.objects.filter(key="signin.email_code", value=True).exists():
        return True
    with tenancy.across_tenants("the page to sign in belongs to all organizations"):
        newest = SettingValue.objects.filter(scope=SettingScope.TENANT, key="signin.email_code")
        return any(
            newest.order_by("tenant_id", "-version").distinct("tenant_id").values_list("value", flat=True)
        )


def factors_of(user: User) -> QuerySet[Authenticator]:
    """The person's second factors without the recovery codes, oldest first."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=_STRONG)
    return found.order_by("created_at", "pk")


def has_factor(user: User) -> bool:
    """Whether the person set up an app or a passkey."""
    return factors_of(user).exists()


def recovery_codes_left(user: User) -> int | None:
    """How many codes the person has for a bad day; None when none were made."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else None


def tenants_with_places() -> QuerySet[Tenant]:
    """Every organization of the installation, each with the number of `places` on its staff."""
    with tenancy.across_tenants("the operator sees how many people work for each organization"):
        counted = dict(
            Member.objects.filter(removed_at=None)
            .values_list("tenant")
            .annotate(n=Count("pk"))
            .order_by("tenant")
        )
    cases = [When(pk=tenant_id, then=Value(count)) for tenant_id, count in counted.items()]
    return Tenant.objects.annotate(places=Case(*cases, default=Value(0), output_field=IntegerField()))


@dataclass(frozen=True, slots=True)
class MemberFactors:
    """A member, the kinds of second factors they have, and whether the organization asks for one."""

    member: Member
    kinds: tuple[str, ...]
    wanted: bool

    @property
    def is_missing(self) -> bool:
        """One is asked for and there is none."""
        return self.wanted and not self.kinds


def members_and_factors(rule: str) -> list[MemberFactors]:
    """Everybody with a place in the organization in force, and how they stand to its rule."""
    present = list(members())
    kinds: dict[UUID, list[str]] = {}
    rows = Authenticator.objects.filter(user__in=[member.user_id for member in present], type__in=_STRONG)
    for user_id, kind in rows.order_by("type").values_list("user_id", "type").distinct():
        kinds.setdefault(user_id, []).append(kind)
    return [
        MemberFactors(member, tuple(kinds.get(member.user_id, ())), rules.wants_factor(rule, member.role))
        for member in present
    ]


def sessions_of(user: User, *, key: str) -> list[dict[str, Any]]:
    """The browsers in which the person is signed in, the one with that key first, then the latest seen."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk"))
    alive = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=clock.now()
        ).values_list("session_key", flat=True)
    )
    shown = [
        {
            "id": row.pk, "device": rules.device_of(row.user_agent), "network": row.ip, "since": row.created_at,
            "seen_at": row.last_seen_at, "is_current": row.session_key == key,
        }
        for row in rows
        if row.session_key in alive and not _ended(user, row)
    ]  # fmt: skip
    return sorted(shown, key=lambda row: not row["is_current"])


def _ended(user: User, row: UserSession) -> bool:
    return user.sessions_ended_at is not None and row.last_seen_at < user.sessions_ended_at
