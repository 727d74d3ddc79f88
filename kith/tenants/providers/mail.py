"""E-mails about places in an organization."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kith.tenants.context import brand
from kith.tenants.models import Invitation, Role


def send_invitation(*, invitation: Invitation, token: str) -> None:
    """One message in the organization's language, as text and HTML."""
    tenant = invitation.tenant
    with translation.override(tenant.locale):
        context = {
            "brand": brand(tenant),
            "tenant": tenant,
            "role": Role(invitation.role).label,
            "invitation": invitation,
            "action_url": settings.KITH_PUBLIC_URL + reverse("tenants:invitation", args=[token]),
            "action_label": _("Accept the invitation"),
        }
        message = EmailMultiAlternatives(
            subject=_("%(name)s invites you") % {"name": tenant.name},
            body=render_to_string("tenants/email/invitation.txt", context),
            to=[invitation.email],
        )
        message.attach_alternative(render_to_string("tenants/email/invitation.html", context), "text/html")
        message.send()
