"""Checks codes, names of passkeys, and what an organization decides about signing in."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kith.kit.clients import client_address
from kith.kit.errors import TooMany
from kith.tenants import actions, rules


def _code_field(label: Any) -> forms.CharField:
    shown = {
        "autocomplete": "one-time-code",
        "autocapitalize": "none",
        "spellcheck": "false",
        "class": "code-input",
    }
    return forms.CharField(label=label, max_length=20, widget=forms.TextInput(attrs=shown))


class _Counted(forms.Form):
    """A code that counts like a password when it is wrong."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        """The code of one of the person's factors."""
        code: str = self.cleaned_data["code"]
        address = client_address(context.request)
        try:
            self.authenticator = actions.check_factor(user=self.user, code=code, address=address)
        except (TooMany, actions.FactorRefused) as error:
            raise ValidationError(error.text) from None
        return code


class CodeForm(_Counted, AuthenticateForm):
    """The second step of signing in."""

    code = _code_field(_("Code from your app"))


class AgainCodeForm(_Counted, ReauthenticateForm):
    """A code once more, before something that matters."""

    code = _code_field(_("Code from your app"))


class FirstCodeForm(ActivateTOTPForm):
    """Shows that the app has the secret."""

    code = _code_field(_("Code from your app"))

    @property
    def spaced(self) -> str:
        """The secret as people can copy it: in groups of four."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))

    def clean_code(self) -> str:
        """The code of this moment."""
        try:
            return str(super().clean_code())
        except ValidationError:
            raise ValidationError(
                _("This code is not right. Is the clock of your phone right? Try the next code.")
            ) from None


class PasskeyForm(AddWebAuthnForm):
    """A passkey and its name."""

    name = forms.CharField(label=_("Name of this passkey"), max_length=60, required=False)
    passwordless = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)


class PasskeyNameForm(EditWebAuthnForm):
    """Another name for a passkey."""

    name = forms.CharField(label=_("Name of this passkey"), max_length=60)


class AskCodeForm(forms.Form):
    """Whom to send a code to."""

    login = forms.CharField(
        label=_("E-mail address or user name"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )


class SentCodeForm(forms.Form):
    """The code that came by e-mail."""

    code = _code_field(_("Code from the e-mail"))


class SignInRulesForm(forms.Form):
    """What an organization decides about signing in."""

    second_factor = forms.ChoiceField(
        label=_("Second factor"),
        widget=forms.RadioSelect,
        choices=[
            ("off", _("Not asked for: a password is enough")),
            ("optional", _("Everybody decides for themselves")),
            ("admins", _("Required for owners and administrators")),
            ("everybody", _("Required for everybody")),
        ],
        help_text=_("Who has none sets one up at the next sign-in, before anything else is shown."),
    )
    session_hours = forms.IntegerField(
        label=_("Hours until somebody has to sign in again"),
        min_value=rules.SETTINGS["signin.session_hours"].least,
        max_value=rules.SETTINGS["signin.session_hours"].most,
        help_text=_("From 1 to 168, which is a week. Counts from the next sign-in."),
    )
    email_code = forms.BooleanField(
        label=_("Sign in with a code by e-mail"),
        required=False,
        help_text=_("Instead of a password. A second factor is asked for all the same."),
    )

    def changes(self) -> dict[str, Any]:
        """The settings that differ from what is stored, as `actions.set_settings` wants them."""
        return {f"signin.{name}": self.cleaned_data[name] for name in self.changed_data}
