"""How django-allauth behaves here: no open sign-up, our pages, our counts, our letters."""

import datetime
from typing import Any

from allauth.account import forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import authentication_step_completed
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_removed
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, html
from kith.kit.clients import client_address
from kith.kit.errors import TooMany
from kith.kit.keyring import keyring
from kith.tenants import access, actions, queries, rules
from kith.tenants.actions.factors import PURPOSE
from kith.tenants.models import User

# No password is as short as this.
LONGEST_CODE = 9
# Where somebody who still has to set up a second factor may go.
ALWAYS_OPEN = ("/accounts/", "/theme", "/language", "/invitations/", "/unlock/", "/static/", "/p/", "/api/")


class AccountAdapter(DefaultAccountAdapter):
    """People join by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account comes from an invitation."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The page that picks the organization."""
        return reverse("tenants:home")

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address all limits use; nothing keeps it."""
        return actions.network_of(client_address(request))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person with this name or address and password; failures count together with those of the API."""
        login = credentials.get("email") or credentials.get("username") or ""
        try:
            return actions.check_password(
                login=login, password=credentials["password"], address=client_address(request)
            )
        except TooMany as error:
            raise ValidationError(error.text) from None
        except actions.SignInRefused:
            return None

    def set_password(self, user: Any, password: str) -> None:
        """A new password, changed or reset, ends every API session that the old one opened."""
        super().set_password(user, password)
        actions.password_changed(user=user, now=clock.now())
        actions.end_other_sessions(user=user, key=self.request.session.session_key or "")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Signing in counts as a proof too: nobody is asked again within a quarter of an hour."""
        return not access.is_proven(self.request)

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **kwargs: Any) -> None:
        """A job writes it, in our design; the name of the library's template says what happened."""
        actions.tell(user=user, what=template_prefix.rpartition("/")[2])


class ResetPasswordForm(forms.ResetPasswordForm):
    """Asks for the link to a new password."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """The address asked for. A job writes the letter, so that the page takes as long for strangers."""
        actions.ask_for_reset(user=next(iter(self.users), None))
        return str(self.cleaned_data["email"])


class _Unprompted:
    """Fields have labels; what the library writes into them would be read twice."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class ChangePasswordForm(_Unprompted, forms.ChangePasswordForm):
    """The present password and a new one, twice."""


class ResetPasswordKeyForm(_Unprompted, forms.ResetPasswordKeyForm):
    """A new password, twice, for who came by the link."""


class LoginForm(forms.LoginForm):
    """Name or address, and password."""

    @property
    def offers_code(self) -> bool:
        """Whether any organization lets its people in with a code by e-mail."""
        return queries.codes_are_offered()


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: sealed at rest, named after this installation."""

    def encrypt(self, text: str) -> str:
        """Under the master key, as `kith keys rotate` knows."""
        return keyring().seal(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given."""
        return keyring().unseal(encrypted_text, purpose=PURPOSE)

    def get_totp_issuer(self) -> str:
        """The name beside the code in the person's app."""
        return "Kith"

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Not the last one of somebody whose organization wants one."""
        user = authenticator.user
        left = queries.factors_of(user).exclude(pk=authenticator.pk).exists()
        return left or not queries.sign_in_rules(user).factor_wanted_by

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a passkey is called until the person says something better."""
        return rules.device_of(context.request.headers.get("User-Agent", "")).words or _("Passkey")


# --- sessions -----------------------------------------------------------------------------------------


def begin(sender: Any, request: Any, user: User, **_kwargs: Any) -> None:
    """When somebody signs in: how long that lasts, and what has to happen first."""
    now, found = clock.now(), queries.sign_in_rules(user)
    request.session["ends_at"] = (now + datetime.timedelta(hours=found.hours)).timestamp()
    request.session["factor_due"] = bool(found.factor_wanted_by) and not queries.has_factor(user)
    request.session[access.PROVEN_AT] = now.timestamp()
    _note(request, user, now)


def prove(sender: Any, request: Any, user: User, **_kwargs: Any) -> None:
    """When somebody who is signed in proves it once more."""
    if getattr(request, "user", None) == user:
        request.session[access.PROVEN_AT] = clock.now().timestamp()


def miss(sender: Any, request: Any, user: User, **_kwargs: Any) -> None:
    """When somebody took a factor off: without any left, another has to be set up first if one is wanted."""
    if not queries.has_factor(user) and queries.sign_in_rules(user).factor_wanted_by:
        request.session["factor_due"] = True


def connect() -> None:
    """Listen to sign-ins, however they happen."""
    authenticator_removed.connect(miss, dispatch_uid="kith.sessions.miss")
    user_logged_in.connect(begin, dispatch_uid="kith.sessions.begin")
    authentication_step_completed.connect(prove, dispatch_uid="kith.sessions.prove")


def _note(request: Any, user: User, now: datetime.datetime) -> None:
    if not request.session.session_key:
        request.session.save()
    actions.note_session(
        user=user, key=request.session.session_key, address=client_address(request),
        browser=request.headers.get("User-Agent", ""), now=now,
    )  # fmt: skip
    request.session["seen_at"] = now.timestamp()


class Sessions:
    """Ends sessions in their time, sends people without a second factor to set one up, notes who is where."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        session = request.session
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME) or "_auth_user_id" not in session:
            return self.get_response(request)  # type: ignore[no-any-return]
        now = clock.now()
        if session.get("ends_at", now.timestamp() + 1) <= now.timestamp():
            logout(request)
        elif _factor_is_due(request):
            return _sent_to_set_up(request)
        elif _is_unseen(session, now) and request.user.is_authenticated:
            _note(request, request.user, now)
        if request.method == "POST" and "proof" in request.POST:
            _take_proof(request)
        return self.get_response(request)  # type: ignore[no-any-return]


def _is_unseen(session: Any, now: datetime.datetime) -> bool:
    return bool(session.get("seen_at", 0) + rules.SEEN_EVERY.total_seconds() < now.timestamp())


def _take_proof(request: Any) -> None:
    """A password, or a code, that a page asked for before it does something that matters."""
    if not request.user.is_authenticated:
        return
    said, user, address = request.POST["proof"].strip(), request.user, client_address(request)
    try:
        if len(said) <= LONGEST_CODE and said.replace(" ", "").isdigit():
            actions.check_factor(user=user, code=said, address=address)
        else:
            actions.check_password(login=user.username, password=request.POST["proof"], address=address)
    except (actions.SignInRefused, actions.FactorRefused, TooMany) as error:
        request.proof_fault = error
    else:
        request.session[access.PROVEN_AT] = clock.now().timestamp()


def _factor_is_due(request: Any) -> bool:
    if not request.session.get("factor_due") or request.path.startswith(ALWAYS_OPEN):
        return False
    if not request.user.is_authenticated:
        return False
    if queries.has_factor(request.user):
        del request.session["factor_due"]
        return False
    return True


def _sent_to_set_up(request: Any) -> HttpResponse:
    url = reverse("tenants:security")
    return html.done(request, url) if html.is_part(request) else redirect(url)
