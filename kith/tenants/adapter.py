"""How django-allauth behaves here: no open sign-up, our pages, our language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


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
        from kith.kit.clients import client_address

        return client_address(request)

    def format_email_subject(self, subject: str) -> str:
        """The subject as it is: no host name in brackets before it."""
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent after the answer's transaction, in the person's language."""
        super().send_mail(template_prefix, email, context)
