"""The letter with which somebody sets up an organization."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kith.kit import letters


def send_start(*, to: str, token: str, language: str) -> None:
    """One message with the link, as text and HTML."""
    with translation.override(language):
        context = {
            "action_url": settings.KITH_PUBLIC_URL + reverse("presets:invitation", args=[token]),
            "action_label": _("Set up my organization"),
        }
        letters.send("presets/email/start", _("Start your own referral program"), context, to=to)
