"""E-mails about referrals."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kith.kit import letters
from kith.participants.queries.portal import greeted
from kith.referrals.models import Referral
from kith.tenants.context import brand
from kith.tenants.models import Tenant


def send_question(*, referral: Referral, tenant: Tenant, question: str, reply_to: str) -> None:
    """One message in the referrer's language, with the page that takes the answer; a reply goes to whoever asked."""
    person = referral.referrer
    page = reverse("rewards:portal_referral", args=[tenant.slug, referral.pk])
    with translation.override(letters.language(person.language, tenant.locale)):
        context = {
            "brand": brand(tenant), "tenant": tenant, "name": greeted(person),
            "referral": referral, "question": question, "replies": bool(reply_to),
            "action_label": _("Answer on your page"), "action_url": settings.KITH_PUBLIC_URL + page,
        }  # fmt: skip
        subject = _("A question about whom you referred to %(name)s") % {"name": tenant.name}
        answers = [reply_to] if reply_to else None
        letters.send("referrals/email/question", subject, context, to=person.email, reply_to=answers)
