"""Second factors: codes of an app, recovery codes, and taking them off somebody who lost them.

django-allauth keeps them; that a code is good once, and how often one may guess, is decided here, together
with passwords.
"""

import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import jobs, limits, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, Forbidden, NotSignedIn
from kith.kit.keyring import keyring
from kith.tenants import queries, rules
from kith.tenants.actions.passwords import SignInRefused, attempt, keys_of
from kith.tenants.actions.people import RoleNotYours
from kith.tenants.actions.tokens import sign_out_everywhere
from kith.tenants.models import Member, User

PURPOSE = "second factor"
_ONCE_S = 5 * 60


class FactorWanted(NotSignedIn):
    """The password is right; a code is wanted as well."""

    code = "second_factor_required"
    message = _("Send the code of your authenticator app, or a recovery code, as second_factor.")


class FactorRefused(NotSignedIn):
    """A wrong code, or one that was used."""

    code, message = "second_factor_refused", _("This code is not right, or it was used already.")


class FactorMissing(Forbidden):
    """The organization wants a second factor and the person has none."""

    code = "second_factor_missing"
    message = _("Your organization wants a second factor. Sign in with a browser once and set one up.")


class OnlyOperator(Forbidden):
    """What would reach into other organizations."""

    code = "only_operator"
    message = _("Only the operator of this installation can reset the second factor of this person.")


class NoFactor(Conflict):
    """There is nothing to take off."""

    code, message = "no_second_factor", _("This person has no second factor.")


def check_factor(*, user: User, code: str, address: str) -> Authenticator:
    """The factor whose code this is. A wrong one counts like a wrong password.

    Raises FactorRefused or SignInPaused.
    """
    shown = keys_of(user, address)
    try:
        return attempt(user, shown=shown, account=shown[-1], check=lambda: _matching(user, code))
    except SignInRefused:
        raise FactorRefused from None


def _matching(user: User, code: str) -> Authenticator | None:
    rows = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    for row in rows.order_by("-type"):  # the app first
        fits = _is_fresh_totp if row.type == Authenticator.Type.TOTP else _is_recovery_code
        if fits(row, code):
            row.user = user
            return row
    return None


def _is_recovery_code(row: Authenticator, code: str) -> bool:
    return bool(row.wrap().validate_code(code))


def _is_fresh_totp(row: Authenticator, code: str) -> bool:
    secret = decrypt(row.data["secret"])
    for counter in totp.yield_hotp_counters_from_time():
        if totp.compare_user_code(
            actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))
        ):
            # Each half minute's code counts once, however many processes are asked at the same time.
            return limits.hit(f"sign-in|totp|{row.pk}|{counter}", 1, _ONCE_S).allowed
    return False


# --- taking them off ----------------------------------------------------------------------------------


def reset_factor(*, member: Member, actor: Actor, now: datetime.datetime) -> None:
    """Take every second factor off a member, sign them out, and tell them.

    Raises RoleNotYours, OnlyOperator for somebody who has a place elsewhere too, or NoFactor.
    """
    if str(member.pk) == actor.id or not rules.may_give_role(actor.role, member.role):
        raise RoleNotYours
    if member.user.is_operator or len(queries.seats_of(member.user)) > 1:
        raise OnlyOperator
    with transaction.atomic():
        row = Member.objects.select_for_update(of=("self",)).select_related("user").get(pk=member.pk)
        _take_off(row.user, now)
        row.factor_reset_at = now
        row.save(update_fields=["factor_reset_at"])


def reset_factor_of_user(*, user: User, actor: Actor, now: datetime.datetime) -> None:
    """As `reset_factor`, by the operator, for anybody. Raises NoFactor."""
    with tenancy.across_tenants("a person may work for several organizations", actor=actor):
        _take_off(user, now)


def _take_off(user: User, now: datetime.datetime) -> None:
    deleted, _each = Authenticator.objects.filter(user=user).delete()
    if not deleted:
        raise NoFactor
    sign_out_everywhere(user=user, now=now)
    tell(user=user, what="factor_reset")


def tell(*, user: User, what: str) -> None:
    """Have a letter about a change of how the person signs in written; `what` is one of `mail.NOTICES`."""
    jobs.enqueue("tenants.send_notice", user_id=str(user.pk), what=what)


# --- at rest ------------------------------------------------------------------------------------------


@transaction.atomic
def reseal_factors() -> int:
    """Move the secrets of second factors to the present master key; how many were moved."""
    ring, moved = keyring(), 0
    rows = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).select_for_update()
    for row in rows.order_by("pk"):
        name = "secret" if row.type == Authenticator.Type.TOTP else "seed"
        if not row.data[name].startswith(f"{ring.version}:"):
            row.data[name] = ring.seal(ring.unseal(row.data[name], purpose=PURPOSE), purpose=PURPOSE)
            row.save(update_fields=["data"])
            moved += 1
    return moved
