"""Letters as e-mail, in the participant's language and the organization's looks and words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kith.kit import letters
from kith.kit.money import Money
from kith.notifications.queries import stop_token
from kith.notifications.rules import MOST_SHOWN
from kith.participants.models import Participant
from kith.rewards.queries.portal import Told
from kith.tenants.context import brand


@contextmanager
def language_of(person: Participant) -> Iterator[str]:
    """Speak the participant's language where it is offered, else the organization's."""
    chosen = letters.language(person.language, person.tenant.locale)
    with translation.override(chosen):
        yield chosen


def send_progress(*, person: Participant, told: Sequence[Told]) -> None:
    """Where each of the referrals stands, with a sentence."""
    with language_of(person):
        count, name = len(told), told[0].name
        subject = _("News about %(name)s") % {"name": name}
        if count > 1:
            subject = ngettext(
                "News about %(count)s person who came through you",
                "News about %(count)s people who came through you",
                count,
            ) % {"count": count}
        context = {"told": told[:MOST_SHOWN], "more": len(told) - MOST_SHOWN, "heading": subject}
        _send(
            "progress", subject, context, person, "progress", _("See how it goes"), "rewards:portal_referrals"
        )


def send_earned(*, person: Participant, sums: Sequence[Money]) -> None:
    """What is on the balance now that was not before."""
    with language_of(person) as locale:
        amount = " + ".join(each.format(locale) for each in sums)
        subject = _("%(amount)s is yours") % {"amount": amount}
        sentence = _("It is on your balance and goes out with the next payment. Thank you for sharing!")
        _send_money(person, subject, sentence)


def send_paid(*, person: Participant, amount: Money) -> None:
    """What left for the account."""
    with language_of(person) as locale:
        subject = _("%(amount)s is on its way to your account") % {"amount": amount.format(locale)}
        sentence = _("We paid what you earned. Depending on your bank it arrives today or in a day or two.")
        _send_money(person, subject, sentence)


def _send_money(person: Participant, subject: str, sentence: str) -> None:
    context = {"heading": subject, "sentence": sentence}
    _send("money", subject, context, person, "earnings", _("See your earnings"), "rewards:portal_earnings")


def _send(
    template: str,
    subject: str,
    context: dict[str, Any],
    person: Participant,
    kind: str,
    label: str,
    page: str,
) -> None:
    """One message, which programs can stop by themselves (RFC 8058)."""
    tenant = person.tenant
    stop = _address("notifications:stop", tenant.slug, stop_token(person.pk, kind))
    context |= {
        "brand": brand(tenant), "tenant": tenant, "name": person.name, "action_label": label,
        "action_url": _address(page, tenant.slug), "unsubscribe_url": stop,
    }  # fmt: skip
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    letters.send(f"notifications/email/{template}", subject, context, to=person.email, headers=headers)


def _address(page: str, *arguments: str) -> str:
    return str(settings.KITH_PUBLIC_URL) + reverse(page, args=arguments)
