"""API clients of people: short access tokens, refresh tokens that work once.

A family is one signed-in client. Using a refresh token twice means somebody copied it: the whole family
ends, also when two uses race, because one UPDATE decides who was first.
"""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import codes, limits, tenancy, tokens
from kith.kit.errors import NotSignedIn
from kith.tenants import queries, rules
from kith.tenants.models import Member, RefreshToken, TokenFamily, User

FAILURES = 5
WINDOW_S = 15 * 60


class SignInRefused(NotSignedIn):
    """Wrong name or password, or no place in that organization: the caller cannot tell which."""

    code, message = "sign_in_refused", _("The user name or password is not right.")


class RefreshRefused(NotSignedIn):
    """Unknown, expired, used or ended."""

    code, message = "refresh_refused", _("Please sign in again.")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets; `expires_in` in seconds."""

    access: str
    refresh: str
    expires_in: int


def sign_in(
    *, username: str, password: str, tenant_slug: str | None, address: str, now: datetime.datetime
) -> tuple[TokenPair, queries.Seat, User]:
    """Check a password and open a token family. Failures are limited per address and per account.

    Raises SignInRefused, or TooMany after five failures in 15 minutes; successes are not counted.
    """
    known = _named(username.strip())
    # By the person, not by what was typed: name, e-mail and other spellings share one count.
    account = known.pk if known else username.strip().lower()
    keys = (f"sign-in|address|{address}", f"sign-in|account|{account}")
    # Counted before the password is looked at: of many guesses at once no more than the limit are answered.
    for key in keys:
        limits.enforce(key, FAILURES, WINDOW_S)
    user = _checked(known, password)
    seats = queries.seats_of(user) if user else []
    seat = next((seat for seat in seats if tenant_slug in (None, seat.tenant.slug)), None)
    if user is None or seat is None:
        raise SignInRefused
    for key in keys:
        limits.give_back(key)
    with tenancy.use(seat.tenant.id, actor=queries.seat_actor(seat, user)):
        pair = open_token_family(member_id=seat.member_id, now=now)
    return pair, seat, user


def _named(login: str) -> User | None:
    user = User.objects.filter(email__iexact=login).first() if "@" in login else None
    return user or User.objects.filter(username__iexact=login).first()


def _checked(user: User | None, password: str) -> User | None:
    if user is None or not user.is_active:
        make_password(password)  # unknown people take as long as known ones
        return None
    found = authenticate(None, username=user.username, password=password)
    return found if isinstance(found, User) else None


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
    return _next_pair(TokenFamily.objects.select_related("member").get(pk=row.family_id), now)


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
    """Sign every client of a person out, in all their organizations."""
    for seat in queries.seats_of(user):
        with tenancy.use(seat.tenant.id):
            end_member_families(member_id=seat.member_id, reason=reason, now=now)
