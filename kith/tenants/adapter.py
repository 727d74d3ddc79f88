"""How django-allauth behaves here: no open sign-up, our pages, our language."""

from typing import Any

from allauth.account import forms
from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from kith.kit import clock
from kith.kit.clients import client_address
from kith.kit.errors import TooMany
from kith.tenants import actions
from kith.tenants.models import User


class AccountAdapter(DefaultAccountAdapter):
    """People join by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account comes from an invitation."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The page that picks the organization."""
        return reverse("tenants:home")

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address all limits use."""
        return client_address(request)

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


class ResetPasswordForm(forms.ResetPasswordForm):
    """Asks for the link to a new password."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """The address asked for. A job writes the letter, so that the page takes as long for strangers."""
        actions.ask_for_reset(user=next(iter(self.users), None))
        return str(self.cleaned_data["email"])
