"""The letter with which somebody sets up an organization."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _


def send_start(*, to: str, token: str, language: str) -> None:
    """One message with the link, as text and HTML."""
    with translation.override(language):
        context = {
            "action_url": settings.KITH_PUBLIC_URL + reverse("presets:invitation", args=[token]),
            "action_label": _("Set up my organization"),
        }
        body = render_to_string("presets/email/start.txt", context)
        message = EmailMultiAlternatives(subject=_("Start your own referral program"), body=body, to=[to])
        message.attach_alternative(render_to_string("presets/email/start.html", context), "text/html")
        message.send()
