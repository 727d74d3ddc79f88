"""Letters by e-mail. Each is two templates of one name: `.txt` for every program, `.html` for those that show it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def language(wish: str, otherwise: str) -> str:
    """The language somebody wishes, where Kith speaks it; else the other."""
    return wish[:2] if wish[:2] in dict(settings.LANGUAGES) else otherwise


def send(name: str, subject: str, context: Mapping[str, Any], *, to: str, **options: Any) -> None:
    """One message, in the language that is on; `options` are those of Django's messages.

    Templates find `action_url` with `action_label` for the button, and `brand` for the sender's looks.
    """
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()), body=render_to_string(f"{name}.txt", context), to=[to], **options
    )
    message.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    message.send()
