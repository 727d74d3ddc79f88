"""E-mails about referrals."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from kith.kit.html import Brand
from kith.referrals.models import Referral
from kith.tenants.models import Tenant


def send_question(*, referral: Referral, tenant: Tenant, question: str, reply_to: str) -> None:
    """One message in the referrer's language; an answer goes to whoever asked."""
    person = referral.referrer
    with translation.override(person.language or tenant.locale):
        context = {
            "brand": Brand(name=tenant.name, color=tenant.brand), "tenant": tenant, "person": person,
            "referral": referral, "question": question, "replies": bool(reply_to),
        }  # fmt: skip
        subject = _("A question about whom you referred to %(name)s") % {"name": tenant.name}
        body = render_to_string("referrals/email/question.txt", context)
        message = EmailMultiAlternatives(
            subject=subject, body=body, to=[person.email], reply_to=[reply_to] if reply_to else None
        )
        message.attach_alternative(render_to_string("referrals/email/question.html", context), "text/html")
        message.send()
