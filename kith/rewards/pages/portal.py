"""What participants see first: their overview, their referrals, their earnings."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import DomainError
from kith.referrals import access
from kith.referrals import actions as referrals
from kith.referrals.queries import notes_of, share
from kith.rewards.queries import first_page
from kith.rewards.queries import portal as queries
from kith.tenants.access import enrolled

MINE = "shows what is the participant's own"


def _asked(request: Any) -> dict[str, Any]:
    return {"locale": get_language() or "en", "now": clock.now()}


@enrolled(MINE)
def home(request: Any, tenant: str) -> HttpResponse:
    """The link to share, how it goes, and what it brought."""
    visitor, said = request.visitor, _asked(request)
    context = {
        "greeting": greeting(timezone.localtime(clock.now()).hour),
        "overview": first_page.overview(participant_id=visitor.participant.pk, **said),
        "share": share(visitor.participant, name=visitor.first_name, language=said["locale"]),
    }
    return html.page(request, "rewards/portal/home.html", context)


def greeting(hour: int) -> str:
    """By the clock of whoever reads it."""
    if 5 <= hour < 12:
        return _("Good morning")
    return _("Good afternoon") if 12 <= hour < 18 else _("Good evening")


@enrolled(MINE)
def referrals_list(request: Any, tenant: str) -> HttpResponse:
    """Everybody who came through the link, with progress."""
    show, search = request.GET.get("show", ""), request.GET.get("q", "")[:100]
    found = queries.told_list(
        participant_id=request.visitor.participant.pk, show=show, search=search,
        page=request.GET.get("page", 1), **_asked(request),
    )  # fmt: skip
    context = {
        "page": found, "q": search, "show": show, "filtered": bool(show or search),
        "views": [("", _("All")), ("open", _("Under way")), ("done", _("Complete")), ("closed", _("Ended"))],
    }  # fmt: skip
    part = "rewards/portal/_more.html" if request.GET.get("more") else "rewards/portal/_list.html"
    return html.page(request, "rewards/portal/referrals.html", context, part=part)


@enrolled(MINE)
def referral(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """One referral: where it stands, what happened, and what was asked."""
    row = access.referral(request.actor, referral_id)
    context = {
        "told": queries.told(row, get_language() or "en", clock.now()),
        "story": queries.story(row, get_language() or "en"),
        "notes": [note for note in notes_of(row.id) if note.visibility == "public"],
    }
    return html.page(request, "rewards/portal/referral.html", context)


@require_POST
@enrolled(MINE)
def answer(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Answer what the organization asked about a referral."""
    row = access.referral(request.actor, referral_id)
    page = reverse("rewards:portal_referral", args=[tenant, row.id])
    try:
        referrals.record_answer(
            referral=row, text=request.POST.get("text", ""), actor=request.actor, now=clock.now()
        )
    except DomainError as error:
        return html.refusal(request, error)
    return html.done(request, page, _("Thank you. We have your answer."))


@enrolled(MINE)
def earnings(request: Any, tenant: str) -> HttpResponse:
    """What there is, what still waits and why, and every movement."""
    context = {"earnings": queries.earnings(participant_id=request.visitor.participant.pk, **_asked(request))}
    return html.page(request, "rewards/portal/earnings.html", context)
