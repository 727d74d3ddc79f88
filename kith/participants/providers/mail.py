"""Letters that let people into the portal."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kith.participants.models import CompanyPerson, Participant
from kith.tenants.context import brand
from kith.tenants.models import Tenant


def send_sign_in(*, tenant: Tenant, to: str, name: str, code: str, token: str, language: str) -> None:
    """Six digits to type and a link that does the same, as text and HTML."""
    with translation.override(_offered(language, tenant)):
        shown = f"{code[:3]} {code[3:]}"
        context = _context(tenant, name, token) | {"code": shown, "action_label": _("Sign in")}
        subject = _("%(code)s is your code for %(name)s") % {"code": shown, "name": tenant.name}
        _send("sign_in", subject, context, to=to)


def send_invitation(*, participant: Participant, person: CompanyPerson | None, token: str) -> None:
    """The first way into the portal, in the participant's language."""
    tenant, whom = participant.tenant, person or participant
    with translation.override(_offered(participant.language, tenant)):
        context = _context(tenant, whom.name, token) | {
            "action_label": _("Open my page"),
            "company": participant.name if person else "",
        }
        subject = _("Your page at %(name)s is ready") % {"name": tenant.name}
        _send("portal_invitation", subject, context, to=whom.email)


def _context(tenant: Tenant, name: str, token: str) -> dict[str, Any]:
    path = reverse("participants:portal_link", args=[tenant.slug, token])
    return {
        "brand": brand(tenant), "tenant": tenant, "name": name,
        "action_url": settings.KITH_PUBLIC_URL + path,
    }  # fmt: skip


def _offered(language: str, tenant: Tenant) -> str:
    return language[:2] if language[:2] in dict(settings.LANGUAGES) else tenant.locale


def _send(template: str, subject: str, context: dict[str, Any], *, to: str) -> None:
    body = render_to_string(f"participants/email/{template}.txt", context)
    message = EmailMultiAlternatives(subject=subject, body=body, to=[to])
    message.attach_alternative(render_to_string(f"participants/email/{template}.html", context), "text/html")
    message.send()
