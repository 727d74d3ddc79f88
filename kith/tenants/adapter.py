"""How django-allauth behaves here: no open sign-up, our pages, our language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from kith.kit import clock
from kith.kit.clients import client_address
from kith.tenants import actions


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

    def set_password(self, user: Any, password: str) -> None:
        """A new password, changed or reset, ends every API session that the old one opened."""
        super().set_password(user, password)
        actions.end_user_families(user=user, reason="password changed", now=clock.now())

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of the e-mail: at the installation's own address, whatever Host the request claimed."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.KITH_PUBLIC_URL + path.replace("UID-KEY", key))

    def format_email_subject(self, subject: str) -> str:
        """The subject as it is: no host name in brackets before it."""
        return str(subject)
