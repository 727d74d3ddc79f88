"""Signing in by calls, and by a code that was sent by e-mail."""

import datetime
import secrets

from django.core.cache import cache
from django.utils.crypto import constant_time_compare, salted_hmac

from kith.kit import limits, tenancy
from kith.kit.errors import TooMany
from kith.tenants import queries, rules
from kith.tenants.actions import factors
from kith.tenants.actions.passwords import (
    FAILURES,
    WINDOW_S,
    SignInRefused,
    attempt,
    check_password,
    find_login,
    login_keys,
    send_link,
)
from kith.tenants.actions.tokens import TokenPair, open_token_family
from kith.tenants.models import User

_ASKED_FROM_ONE = 20


def sign_in(
    *,
    username: str,
    password: str,
    tenant_slug: str | None,
    address: str,
    now: datetime.datetime,
    second_factor: str = "",
) -> tuple[TokenPair, queries.Seat, User]:
    """Check a password, and a code where the person or the organization wants one; open a token family.

    Raises SignInRefused, SignInPaused, FactorWanted, FactorRefused or FactorMissing.
    """
    user = check_password(login=username, password=password, address=address)
    seat = next((seat for seat in queries.seats_of(user) if tenant_slug in (None, seat.tenant.slug)), None)
    if seat is None:
        raise SignInRefused
    _check_factor(user, seat, second_factor, address)
    with tenancy.use(seat.tenant.id, actor=queries.seat_actor(seat, user)):
        pair = open_token_family(member_id=seat.member_id, now=now)
    return pair, seat, user


def _check_factor(user: User, seat: queries.Seat, code: str, address: str) -> None:
    if not queries.has_factor(user):
        if queries.is_factor_due(user, seat):
            raise factors.FactorMissing
        return
    if not code.strip():
        raise factors.FactorWanted
    factors.check_factor(user=user, code=code, address=address).record_usage()


# --- a code by e-mail ---------------------------------------------------------------------------------


def ask_for_code(*, login: str, address: str) -> None:
    """Have a code mailed, if there is such a person and all their organizations allow it. Raises TooMany."""
    if not limits.hit(f"sign-in|code asked|{address}", _ASKED_FROM_ONE, WINDOW_S).allowed:
        raise TooMany(retry_after=WINDOW_S, limit=_ASKED_FROM_ONE)
    send_link("tenants.send_code", find_login(login))


def make_code(*, user: User) -> str:
    """Six digits that sign the person in once, within ten minutes; empty when the person may not or had five."""
    if not queries.sign_in_rules(user).codes:
        return ""
    if not limits.hit(f"sign-in|code sent|{user.pk}", FAILURES, WINDOW_S).allowed:
        return ""
    code = f"{secrets.randbelow(10**6):06}"
    cache.set(_place(user), _digest(user, code), rules.CODE_LIFETIME.total_seconds())
    return code


def check_code(*, login: str, code: str, address: str) -> User:
    """The person whom this code was sent to. Counts like a password. Raises SignInRefused or SignInPaused."""
    known = find_login(login)
    shown, account = login_keys(login, address)
    return attempt(known, shown=shown, account=account, check=lambda: _used(known, code))


def _used(user: User | None, code: str) -> User | None:
    digest = _digest(user, "".join(code.split())) if user else ""
    if user is None or not constant_time_compare(cache.get(_place(user)) or "", digest):
        return None
    cache.delete(_place(user))
    return user if user.is_active else None


def _place(user: User) -> str:
    return f"sign-in-code:{user.pk}"


def _digest(user: User, code: str) -> str:
    return salted_hmac("kith.tenants.code", f"{user.pk}:{code}", algorithm="sha256").hexdigest()
