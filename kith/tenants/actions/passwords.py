"""Passwords: who may try them how often, and the two letters that let people back in.

Failures are counted per address, per name as it was typed, and per account. The count of the account is
kept quiet: whoever uses it up under one spelling is told "not right" under any other, so that nobody
learns which names and e-mail addresses belong together, or to anybody.
"""

import datetime
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.hashers import make_password
from django.core import signing
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.kit import codes, jobs, limits, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import NotFound, NotSignedIn, TooMany
from kith.tenants.actions.tokens import end_user_families, sign_out_everywhere
from kith.tenants.models import User

FAILURES = 5
WINDOW_S = 15 * 60
_SALT = "kith.tenants.unlock"
T = TypeVar("T")


class SignInRefused(NotSignedIn):
    """Wrong name or password, or no place in that organization: the caller cannot tell which."""

    code, message = "sign_in_refused", _("The user name or password is not right.")


class SignInPaused(TooMany):
    """Five failures in a quarter of an hour; the same for accounts that exist and for those that do not."""

    message = _(
        "Too many failed attempts. Wait a quarter of an hour, or use the link in the e-mail that we have sent "
        "to the owner of the account, if there is one."
    )


class UnlockGone(NotFound):
    """Unknown, used or expired: the caller cannot tell which."""

    code, message = "unlock_gone", _("This link is not valid any more. Try to sign in again.")


def check_password(*, login: str, password: str, address: str) -> User:
    """The person of that name or e-mail address, if this is the password.

    Of many attempts at once, in all processes, five per quarter of an hour fail for a key and the others are
    not looked at; successes are not counted. Raises SignInRefused or SignInPaused.
    """
    known = find_login(login)
    shown, account = login_keys(login, address)
    return attempt(known, shown=shown, account=account, check=lambda: _checked(known, password))


def attempt(known: User | None, *, shown: tuple[str, ...], account: str, check: Callable[[], T | None]) -> T:
    """What `check` finds, unless five attempts failed; one at a time for the account and the first shown key.

    `shown` are the counts that the caller may learn of. Raises SignInRefused or SignInPaused.
    """
    if paused := _paused(shown):
        raise paused
    with limits.alone(account, shown[0]):
        paused = _paused(shown)  # once more, now that nobody else is trying
        found = None if paused else check()
        was_open = _peeked(account).allowed
        if not was_open:
            found = None
        if found is None and not paused:
            for key in dict.fromkeys((*shown, account)):
                limits.hit(key, FAILURES, WINDOW_S)
        locked = was_open and not _peeked(account).allowed
    if locked:
        send_link("tenants.send_unlock", known)
    if paused or found is None:
        raise paused or SignInRefused
    return found


def keys_of(user: User, address: str) -> tuple[str, str]:
    """The counts of somebody whose name is known already: of the address, and of the account."""
    return f"sign-in|address|{address}", _account(user, "")


def login_keys(login: str, address: str) -> tuple[tuple[str, str], str]:
    """The counts that may be known, of the address and of the name as typed, and that of the account."""
    login = login.strip()
    return _keys(login, address), _account(find_login(login), login)


def _keys(login: str, address: str) -> tuple[str, str]:
    # In capitals as the database compares: "\u0131" is an I to both.
    return f"sign-in|address|{address}", f"sign-in|name|{login.upper()}"


def _account(known: User | None, login: str) -> str:
    return f"sign-in|account|{known.pk if known else login.upper()}"


def _peeked(key: str) -> limits.Hit:
    return limits.peek(key, FAILURES, WINDOW_S)


def _paused(keys: tuple[str, ...]) -> SignInPaused | None:
    full = [found for found in map(_peeked, keys) if not found.allowed]
    if not full:
        return None
    return SignInPaused(retry_after=full[0].reset_after, limit=FAILURES, window=WINDOW_S)


def find_login(login: str) -> User | None:
    """The person of that name or e-mail address, as typed."""
    login = login.strip()
    user = User.objects.filter(email__iexact=login).first() if "@" in login else None
    return user or User.objects.filter(username__iexact=login).first()


def _checked(user: User | None, password: str) -> User | None:
    if user is None:
        make_password(password)  # unknown people take as long as known ones
        return None
    return user if user.check_password(password) and user.is_active else None


def send_link(job: str, user: User | None) -> None:
    """Have a job write to the person, or to nobody."""
    # Queued for strangers too, with nobody to write to, so that both take equally long. The link itself is made
    # by the job: in the queue it could be read.
    person = str(user.pk) if user and user.is_active else ""
    jobs.enqueue(job, user_id=person, language=get_language() or "en")


# --- forgotten passwords ------------------------------------------------------------------------------


def ask_for_reset(*, user: User | None) -> None:
    """Have the link to choose a new password mailed, if there is such a person."""
    send_link("tenants.send_reset", user)


def password_changed(*, user: User, now: datetime.datetime) -> None:
    """After a new password: the old one's API sessions end, and failures with it are forgotten."""
    end_user_families(user=user, reason="password changed", now=now)
    _lift(user)


# --- by the operator ----------------------------------------------------------------------------------


def lock_user(*, user: User, actor: Actor, now: datetime.datetime) -> None:
    """Sign a person out everywhere and keep them out."""
    _set_active(user, False, actor)
    sign_out_everywhere(user=user, now=now)


def unlock_user(*, user: User, actor: Actor) -> None:
    """Let a person in again; failed attempts are forgotten."""
    _set_active(user, True, actor)
    _lift(user)


def _set_active(user: User, active: bool, actor: Actor) -> None:
    with tenancy.across_tenants("a person may work for several organizations", actor=actor):
        User.objects.filter(pk=user.pk).update(is_active=active)


# --- locked accounts ----------------------------------------------------------------------------------


def unlock_token(*, user: User, now: datetime.datetime) -> str:
    """A secret for the link that lifts the lock of an account: works once, as long as a lock lasts."""
    until = now + datetime.timedelta(seconds=WINDOW_S)
    said = {"user": str(user.pk), "until": int(until.timestamp()), "once": codes.random_token(9)}
    return signing.dumps(said, salt=_SALT)


def open_unlock(token: str, *, now: datetime.datetime) -> User:
    """The person whose account the link unlocks; nothing changes. Raises UnlockGone."""
    said = _said(token, now)
    user = User.objects.filter(pk=said["user"], is_active=True).first()
    if user is None or not limits.peek(_once(said), 1, WINDOW_S).allowed:
        raise UnlockGone
    return user


def unlock(*, token: str, address: str, now: datetime.datetime) -> None:
    """Forget the failures of an account, and those of the address its owner asks from. Raises UnlockGone.

    A lock costs five failures and lifting it gives five back, so nobody gains guesses by locking themselves.
    """
    user = open_unlock(token, now=now)
    if not limits.hit(_once(_said(token, now)), 1, WINDOW_S).allowed:
        raise UnlockGone
    _lift(user)
    limits.clear(f"sign-in|address|{address}")


def _said(token: str, now: datetime.datetime) -> dict[str, Any]:
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise UnlockGone from None
    if said["until"] <= now.timestamp():
        raise UnlockGone
    return said


def _once(said: dict[str, Any]) -> str:
    return f"sign-in|unlock|{said['once']}"


def _lift(user: User) -> None:
    for key in (_account(user, ""), *(_keys(login, "")[1] for login in (user.username, user.email))):
        limits.clear(key)
