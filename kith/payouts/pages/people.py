"""Two participants who are one person: compared, and made one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kith.kit import clock, html
from kith.kit.errors import DomainError
from kith.kit.templatetags.words import country, tongue
from kith.participants import access as participants
from kith.participants import forms, rules
from kith.participants import queries as people
from kith.participants.models import Participant
from kith.payouts import actions, queries
from kith.tenants.access import requires
from kith.tenants.queries import label

FIELDS: Mapping[str, Any] = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "external_id": gettext_lazy("Your own number"),
    "kind": gettext_lazy("Kind"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
    "timezone": gettext_lazy("Time zone"),
    "visa_type": gettext_lazy("Visa type"),
    "visa_stage": gettext_lazy("Visa stage"),
    "visa_number": gettext_lazy("Visa number"),
    "application_on": gettext_lazy("Applied on"),
    "picture_url": gettext_lazy("Picture"),
}
KINDS: Mapping[str, Any] = {
    "pending": gettext_lazy("Waiting"),
    "available": gettext_lazy("Available"),
    "reserved": gettext_lazy("In a payout"),
    "paid": gettext_lazy("Paid out"),
    "debt": gettext_lazy("Owed back"),
}


@requires("participants.merge")
def merge(request: Any, tenant: str, participant_id: UUID, other_id: UUID) -> HttpResponse:
    """Show two people side by side with what would move; a POST makes them one."""
    survivor = participants.participant(request.actor, participant_id)
    other = participants.participant(request.actor, other_id)
    problem = ""
    if request.method == "POST":
        choices = {name: request.POST.get(name, "") for name in (*rules.MERGEABLE, "account")}
        try:
            actions.merge_participants(
                survivor=survivor, other=other, choices=choices, actor=request.actor, now=clock.now()
            )
        except DomainError as error:
            problem = error.text
        else:
            url = reverse("participants:detail", args=[tenant, survivor.pk])
            return html.done(request, url, _("%(name)s is one person now.") % {"name": survivor.name})
    context = {**_compared(request, survivor, other), "problem": problem}
    return html.page(request, "payouts/merge.html", context, status=409 if problem else 200)


def _compared(request: Any, survivor: Participant, other: Participant) -> dict[str, Any]:
    mine, theirs = people.facts_of(survivor), people.facts_of(other)
    seen = queries.merge_preview(survivor, other)
    locale = get_language() or "en"
    return {
        "survivor": survivor, "other": other, "preview": seen,
        "several": label(request.tenant, "participant_plural", locale, _("Participants")),
        "fields": [
            {"name": name, "label": words, "mine": _word(name, mine[name]), "theirs": _word(name, theirs[name]),
             "same": mine[name] == theirs[name], "other": not mine[name] and bool(theirs[name])}
            for name, words in FIELDS.items() if mine[name] or theirs[name]
        ],
        "moves": [(KINDS.get(kind, kind), money) for kind, money in seen.other.balances],
    }  # fmt: skip


def _word(name: str, value: Any) -> Any:
    """A stored word as people read it; anything else as it is."""
    match name if value else "":
        case "kind":
            return dict(forms.KINDS).get(value)
        case "country":
            return country(value)
        case "language":
            return tongue(value)
    return value
