"""Into the portal by e-mail: a letter with six digits and a link, then one of the two.

An address nobody has gets the same answers after the same work as one that somebody has. Tries are counted
per e-mail address as typed and per address of the network, right ones too until one lets somebody in.
"""

import datetime
import hmac
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.kit import codes, emails, ids, jobs, limits, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Invalid, TooMany
from kith.participants.actions.portal import Opened, start_portal_session
from kith.participants.models import CompanyPerson, Participant, PortalSession, SignInCode
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules

NOBODY = UUID(int=0)


class CodeWrong(Invalid):
    """Another code, an old one, or nobody has this address: the caller cannot tell which."""

    code = "sign_in_code_wrong"
    message = _("This code is not right, or it is older than ten minutes. Look again or ask for a new one.")


class SignInPaused(TooMany):
    """Too many tries for this person or from this network."""

    message = _("Too many tries. Wait ten minutes, then ask for a new code.")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one letter says: the digits to type and the token of the link."""

    code: str
    token: str


def ask_to_sign_in(*, email: str, address: str) -> None:
    """Have a code and a link mailed to whoever has this address, if anybody. Raises Invalid, TooMany."""
    typed = emails.address(email)
    if typed is None:
        raise Invalid(fields={"email": _("Write an e-mail address like name@example.com.")})
    limits.enforce(f"portal|letters|{address}", rules.LETTERS_OF_ADDRESS, rules.LETTERS_WINDOW_S)
    limits.enforce(_key("letters", typed), rules.LETTERS, rules.LETTERS_WINDOW_S)
    found = queries.portal_identity(typed)
    # Queued for strangers too, with nobody to write to, so that both take equally long.
    jobs.enqueue(
        "participants.send_sign_in", tenant_id=tenancy.current_tenant_id(),
        participant_id=str(found.participant.pk) if found else "",
        person_id=str(found.person.pk) if found and found.person else "", language=get_language() or "en",
    )  # fmt: skip


@transaction.atomic
def make_sign_in_code(
    *,
    participant: Participant,
    person: CompanyPerson | None,
    lifetime: datetime.timedelta,
    now: datetime.datetime,
) -> Secrets:
    """A new way in; the ones before it stop working. What lasts longer than ten minutes has no digits to guess."""
    SignInCode.objects.filter(participant=participant, person=person, used_at=None).update(used_at=now)
    made = Secrets(f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}}", codes.random_token())
    row_id = ids.uuid7()
    SignInCode.objects.create(
        id=row_id, participant=participant, person=person,
        code_hash=_hashed(row_id, made.code) if lifetime <= rules.CODE_LIFETIME else secrets.token_bytes(32),
        token_hash=codes.hash_token(made.token), expires_at=now + lifetime, created_at=now,
    )  # fmt: skip
    return made


@transaction.atomic
def sign_in_with_code(*, email: str, code: str, device: str, address: str, now: datetime.datetime) -> Opened:
    """Let in whoever types the newest code of this address. Raises CodeWrong, SignInPaused."""
    typed = emails.address(email) or email.strip().lower()
    _count_try(typed, address)
    found = queries.portal_identity(typed)
    person_id = found.person.pk if found and found.person else None
    wanted = SignInCode.objects.select_for_update().filter(
        participant_id=found.participant.pk if found else NOBODY, person_id=person_id, used_at=None,
        expires_at__gt=now,
    )  # fmt: skip
    row: SignInCode | None = wanted.order_by("-created_at", "-id").first()
    digits = rules.code_of(code)
    expected = bytes(row.code_hash) if row else b""
    if not hmac.compare_digest(expected, _hashed(row.pk if row else NOBODY, digits)) or row is None:
        raise CodeWrong(fields={"code": CodeWrong.message})
    for name in ("tries", "tries a day"):
        limits.clear(_key(name, typed))
    return _let_in(row, device, now)


@transaction.atomic
def sign_in_with_link(*, token: str, device: str, now: datetime.datetime) -> Opened:
    """Let in whoever presses the button behind the link, once. Raises LinkGone."""
    row = SignInCode.objects.select_for_update().get(pk=queries.link_offered(token, now=now).pk)
    if row.used_at is not None:
        raise queries.LinkGone
    return _let_in(row, device, now)


def _let_in(row: SignInCode, device: str, now: datetime.datetime) -> Opened:
    """Whichever way was used ends both; that the letter arrived proves the address."""
    SignInCode.objects.filter(pk=row.pk).update(used_at=now)
    person = row.person
    if person is None:
        Participant.objects.filter(pk=row.participant_id, email_verified_at=None).update(
            email_verified_at=now
        )
    actor = Actor(kind="participant", id=str(row.participant_id), tenant_id=row.tenant_id)
    return start_portal_session(
        participant=row.participant, person=person, device=device, actor=actor, now=now
    )


def _count_try(typed: str, address: str) -> None:
    counted = (
        (f"portal|tries|{address}", rules.TRIES_OF_ADDRESS, rules.ADDRESS_WINDOW_S),
        (_key("tries a day", typed), rules.TRIES_A_DAY, rules.DAY_S),
        (_key("tries", typed), rules.CODE_TRIES, rules.CODE_WINDOW_S),
    )
    for key, most, window_s in counted:
        hit = limits.hit(key, most, window_s)
        if not hit.allowed:
            raise SignInPaused(retry_after=hit.reset_after, limit=most, window=window_s)


def _key(what: str, typed: str) -> str:
    return f"portal|{what}|{tenancy.current_tenant_id()}|{typed}"


def _hashed(row_id: UUID, code: str) -> bytes:
    """Six digits could be tried out against a bare hash, so the installation's secret is in it."""
    return salted_hmac("kith.participants.sign_in_code", f"{row_id}:{code}", algorithm="sha256").digest()


@transaction.atomic
def forget_old_ways_in(*, now: datetime.datetime) -> int:
    """Delete codes a day after they ended, and sessions a quarter of a year after; how many."""
    codes_gone, _each = SignInCode.objects.filter(expires_at__lt=now - rules.CODES_KEPT).delete()
    sessions = PortalSession.objects.filter(expires_at__lt=now - rules.SESSIONS_KEPT)
    sessions_gone, _each = sessions.delete()
    return int(codes_gone + sessions_gone)
