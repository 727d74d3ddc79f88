"""Letters that let people into the portal."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kith.kit import letters
from kith.participants.models import CompanyPerson, Participant
from kith.participants.queries.portal import greeted
from kith.tenants.context import brand
from kith.tenants.models import Tenant


def send_sign_in(*, tenant: Tenant, to: str, name: str, code: str, token: str, language: str) -> None:
    """Six digits to type and a link that does the same, as text and HTML."""
    with translation.override(letters.language(language, tenant.locale)):
        shown = f"{code[:3]} {code[3:]}"
        context = _context(tenant, name, token) | {"code": shown, "action_label": _("Sign in")}
        subject = _("%(code)s is your code for %(name)s") % {"code": shown, "name": tenant.name}
        letters.send("participants/email/sign_in", subject, context, to=to)


def send_invitation(*, participant: Participant, person: CompanyPerson | None, token: str) -> None:
    """The first way into the portal, in the participant's language."""
    tenant, whom = participant.tenant, person or participant
    with translation.override(letters.language(participant.language, tenant.locale)):
        context = _context(tenant, greeted(participant, person), token) | {
            "action_label": _("Open my page"),
            "company": participant.name if person else "",
        }
        subject = _("Your page at %(name)s is ready") % {"name": tenant.name}
        letters.send("participants/email/portal_invitation", subject, context, to=whom.email)


def _context(tenant: Tenant, name: str, token: str) -> dict[str, Any]:
    path = reverse("participants:portal_link", args=[tenant.slug, token])
    return {
        "brand": brand(tenant), "tenant": tenant, "name": name,
        "action_url": settings.KITH_PUBLIC_URL + path,
    }  # fmt: skip
