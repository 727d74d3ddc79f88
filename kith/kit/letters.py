"""Letters by e-mail. Each is two templates of one name: `.txt` for every program, `.html` for those that show it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone


def language(wish: str, otherwise: str) -> str:
    """The language somebody wishes, where Kith speaks it; else the other."""
    return wish[:2] if wish[:2] in dict(settings.LANGUAGES) else otherwise


def send(name: str, subject: str, context: Mapping[str, Any], *, to: str, **options: Any) -> None:
    """One message, in the language that is on; `options` are those of Django's messages.

    Templates find `action_url` with `action_label` for the button, and `brand` for the sender's looks. Days and
    hours are those of the `tenant`, where one sends the letter.
    """
    with timezone.override(getattr(context.get("tenant"), "timezone", None)):
        text, page = (render_to_string(f"{name}.{kind}", context) for kind in ("txt", "html"))
    message = EmailMultiAlternatives(subject=" ".join(subject.split()), body=text, to=[to], **options)
    message.attach_alternative(page, "text/html")
    message.send()
