"""API clients of people: short access tokens, refresh tokens that work once.

A family is one signed-in client. Using a refresh token twice means somebody copied it: the whole family
ends, also when two uses race, because one UPDATE decides who was first.
"""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import codes, tenancy, tokens
from kith.kit.actors import Actor
from kith.kit.errors import NotSignedIn
from kith.tenants import queries, rules
from kith.tenants.models import Member, RefreshToken, TokenFamily, User


class RefreshRefused(NotSignedIn):
    """Unknown, expired, used or ended."""

    code, message = "refresh_refused", _("Please sign in again.")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets; `expires_in` in seconds."""

    access: str
    refresh: str
    expires_in: int


@transaction.atomic
def open_token_family(*, member_id: UUID | str, now: datetime.datetime) -> TokenPair:
    """The first pair of tokens of a new client of that member."""
    family = TokenFamily.objects.create(member=Member.objects.get(pk=member_id), created_at=now)
    return _next_pair(family, now)


def refresh_tokens(*, refresh: str, now: datetime.datetime) -> TokenPair:
    """Trade a refresh token for a new pair. Raises RefreshRefused; a second use ends the family."""
    with tenancy.across_tenants("the token itself says whose it is"):
        row: RefreshToken | None = (
            RefreshToken.objects.filter(token_hash=codes.hash_token(refresh)).select_related("family").first()
        )
    if row is None or row.expires_at <= now:
        raise RefreshRefused
    with tenancy.use(row.tenant_id):
        pair = _use_once(row, now)
    # Outside the block: the family's end must be committed although the answer is a refusal.
    if pair is None:
        raise RefreshRefused
    return pair


def _use_once(row: RefreshToken, now: datetime.datetime) -> TokenPair | None:
    actor = queries.family_actor(
        tenant_id=row.tenant_id, family_id=str(row.family_id), member_id=str(row.family.member_id)
    )
    if actor is None:
        return None
    if not RefreshToken.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        end_family(family_id=row.family_id, reason="refresh token used twice", now=now)
        return None
    family = TokenFamily.objects.select_related("member__user").get(pk=row.family_id)
    # Asked for since this client signed in: it must not go round the question by never signing in again.
    if queries.lacks_factor(family.member.user, family.member.role):
        end_family(family_id=family.pk, reason="second factor missing", now=now)
        return None
    return _next_pair(family, now)


def _next_pair(family: TokenFamily, now: datetime.datetime) -> TokenPair:
    refresh = codes.random_token()
    RefreshToken.objects.create(
        family=family,
        token_hash=codes.hash_token(refresh),
        expires_at=now + rules.REFRESH_LIFETIME,
        created_at=now,
    )
    claims = {
        "sub": str(family.member.user_id), "mid": str(family.member_id), "tid": family.tenant_id, "fam": str(family.id)
    }  # fmt: skip
    access = tokens.sign(claims, now=now, lifetime=rules.ACCESS_LIFETIME)
    return TokenPair(access, refresh, int(rules.ACCESS_LIFETIME.total_seconds()))


@transaction.atomic
def end_family(*, family_id: UUID | str, reason: str, now: datetime.datetime) -> None:
    """Sign one client out."""
    TokenFamily.objects.filter(pk=family_id, ended_at=None).update(ended_at=now, ended_reason=reason)


@transaction.atomic
def end_member_families(*, member_id: UUID | str, reason: str, now: datetime.datetime) -> None:
    """Sign every client of a member out."""
    TokenFamily.objects.filter(member_id=member_id, ended_at=None).update(ended_at=now, ended_reason=reason)


def end_user_families(*, user: User, reason: str, now: datetime.datetime) -> None:
    """Sign every API client of a person out, in all their organizations."""
    with tenancy.across_tenants("a person's clients may be in any organization"):
        places = list(Member.objects.filter(user=user).order_by("tenant_id").values_list("tenant_id", "id"))
    for tenant_id, member_id in places:
        with tenancy.use(tenant_id, actor=Actor(kind="member", id=str(member_id), tenant_id=tenant_id)):
            end_member_families(member_id=member_id, reason=reason, now=now)


@transaction.atomic
def end_sessions(*, user: User, now: datetime.datetime) -> None:
    """Sign every browser of a person out: what their sessions were signed with is no longer the same."""
    User.objects.filter(pk=user.pk).update(sessions_ended_at=now)


def sign_out_everywhere(*, user: User, now: datetime.datetime) -> None:
    """Sign a person out of every browser and every API client, in all their organizations."""
    end_sessions(user=user, now=now)
    end_user_families(user=user, reason="signed out everywhere", now=now)


@transaction.atomic
def forget_expired_tokens(*, now: datetime.datetime) -> int:
    """Delete refresh tokens past their time, which nobody could use any more; how many."""
    deleted, _each = RefreshToken.objects.filter(expires_at__lte=now).delete()
    return int(deleted)
