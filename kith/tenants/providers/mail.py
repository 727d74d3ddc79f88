"""E-mails about places in an organization, forgotten passwords and locked accounts."""

from collections.abc import Mapping
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kith.kit import letters
from kith.tenants.context import brand
from kith.tenants.models import Invitation, Role, Tenant, User


def send_invitation(*, invitation: Invitation, token: str) -> None:
    """One message in the organization's language, as text and HTML."""
    tenant = invitation.tenant
    with translation.override(tenant.locale):
        context = {
            "brand": brand(tenant),
            "tenant": tenant,
            "role": Role(invitation.role).label,
            "invitation": invitation,
            "action_url": settings.KITH_PUBLIC_URL + reverse("tenants:invitation", args=[token]),
            "action_label": _("Accept the invitation"),
        }
        _send("invitation", _("%(name)s invites you") % {"name": tenant.name}, context, to=invitation.email)


def send_reset(*, user: User, language: str) -> None:
    """The link to choose a new password: it works once, and not after the next sign-in."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
    with translation.override(user.locale or language):
        context = {
            "username": user.username,
            "action_url": settings.KITH_PUBLIC_URL + path,
            "action_label": _("Choose a new password"),
        }
        _send("reset", _("Choose a new password"), context, to=user.email)


def send_unlock(*, user: User, token: str, language: str) -> None:
    """The link that lifts the lock of an account, as text and HTML."""
    with translation.override(user.locale or language):
        context = {
            "username": user.username,
            "action_url": settings.KITH_PUBLIC_URL + reverse("tenants:unlock", args=[token]),
            "action_label": _("Unlock my account"),
        }
        _send("unlock", _("Too many failed attempts to sign in"), context, to=user.email)


def send_code(*, user: User, code: str, language: str) -> None:
    """A code to sign in with, as text and HTML."""
    with translation.override(user.locale or language):
        _send("code", _("%(code)s is your code to sign in") % {"code": code}, {"code": code}, to=user.email)


# What a letter about a change says: subject, sentence.
NOTICES: Mapping[str, tuple[Any, Any]] = {
    "totp_activated": (
        gettext_lazy("An authenticator app was added"),
        gettext_lazy("From now on a code from your app is asked for when you sign in."),
    ),
    "totp_deactivated": (
        gettext_lazy("The authenticator app was removed"),
        gettext_lazy("Its codes are no longer asked for when you sign in."),
    ),
    "webauthn_added": (
        gettext_lazy("A passkey was added"),
        gettext_lazy("You can sign in with it from now on."),
    ),
    "webauthn_removed": (
        gettext_lazy("A passkey was removed"),
        gettext_lazy("Nobody can sign in with it any more."),
    ),
    "recovery_codes_generated": (
        gettext_lazy("New recovery codes were made"),
        gettext_lazy("The former ones no longer work."),
    ),
    "factor_reset": (
        gettext_lazy("Your second factor was taken off"),
        gettext_lazy("An administrator did that. Sign in with your password and set up a new one."),
    ),
    "password_changed": (
        gettext_lazy("Your password was changed"),
        gettext_lazy("You sign in with the new one from now on."),
    ),
    "password_reset": (
        gettext_lazy("Your password was changed"),
        gettext_lazy("You sign in with the new one from now on."),
    ),
}


def send_notice(*, user: User, what: str) -> None:
    """That the way somebody signs in has changed, as text and HTML; nothing for what is not worth a letter."""
    if what not in NOTICES:
        return
    with translation.override(user.locale or settings.LANGUAGE_CODE):
        heading, sentence = NOTICES[what]
        context = {
            "heading": heading,
            "sentence": sentence,
            "name": user.get_full_name(),
            "action_url": settings.KITH_PUBLIC_URL + reverse("tenants:security"),
            "action_label": _("See how you sign in"),
        }
        _send("notice", str(heading), context, to=user.email)


def send_head(*, tenant: Tenant, to: list[str], number: int, hash: str) -> None:
    """The last hash of the audit trail, in the organization's language, to be kept."""
    with translation.override(tenant.locale):
        context = {"brand": brand(tenant), "tenant": tenant, "number": number, "hash": hash}
        subject = _("Proof of the audit trail: block %(number)s") % {"number": number}
        # Each owner keeps a copy; none needs to know the others' addresses.
        for address in to:
            _send("head", subject, context, to=address)


def _send(template: str, subject: str, context: dict[str, Any], *, to: str) -> None:
    letters.send(f"tenants/email/{template}", subject, context, to=to)
