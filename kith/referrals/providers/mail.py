"""E-mails about referrals."""

from django.utils import translation
from django.utils.translation import gettext as _

from kith.kit import letters
from kith.participants.queries.portal import greeted
from kith.referrals.models import Referral
from kith.tenants.context import brand
from kith.tenants.models import Tenant


def send_question(*, referral: Referral, tenant: Tenant, question: str, reply_to: str) -> None:
    """One message in the referrer's language; an answer goes to whoever asked."""
    person = referral.referrer
    with translation.override(letters.language(person.language, tenant.locale)):
        context = {
            "brand": brand(tenant), "tenant": tenant, "name": greeted(person),
            "referral": referral, "question": question, "replies": bool(reply_to),
        }  # fmt: skip
        subject = _("A question about whom you referred to %(name)s") % {"name": tenant.name}
        answers = [reply_to] if reply_to else None
        letters.send("referrals/email/question", subject, context, to=person.email, reply_to=answers)
