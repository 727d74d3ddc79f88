"""The queue of referrals, and one referral with everything to decide by."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kith.kit import html
from kith.kit.pagination import Page
from kith.participants import access as people
from kith.pipelines.queries import stage_options
from kith.programs.queries import programs
from kith.referrals import access
from kith.rewards import forms, queries
from kith.tenants import rules as tenants
from kith.tenants.access import requires
from kith.tenants.queries import views_of

LIST = "rewards:queue"
PLACE = {"page": 1, "limit": 25, "cursor": ""}


def locale() -> str:
    """The reader's language, for the organization's own words."""
    return get_language() or "en"


@requires("referrals.view")
def queue(request: Any, tenant: str) -> HttpResponse:
    """The referrals; what waits for a decision can be chosen and decided together, beside its evidence."""
    form = forms.FilterForm(request.GET)
    wanted = form.wanted()
    waiting = queries.waiting_total()
    # Who comes to look finds what waits; who filters, or asks for all, finds that.
    show = wanted["show"] or ("waiting" if waiting and not form.narrows else "all")
    place = {name: request.GET.get(name, usual) for name, usual in PLACE.items()}
    found = queries.queue(**wanted | {"show": show}, locale=locale(), **place)
    context = {
        "page": found, "filters": form.cleaned_data, "show": show, "filtered": form.narrows, "waiting": waiting,
        "where": request.GET.urlencode() or f"show={show}", **_choices(request, waiting),
        **({} if html.is_part(request) else _opened(request, found)),
    }  # fmt: skip
    return html.page(request, "rewards/queue.html", context, part="rewards/_queue.html")


def _choices(request: Any, waiting: int) -> dict[str, Any]:
    """What the filters offer."""
    return {
        "stages": stage_options("referral", locale()), "programs": [(row.id, row.name) for row in programs()],
        "asked": queries.asked_total(), "reasons": queries.reject_reasons(), "route": LIST,
        "views": views_of(LIST, request.actor.id).views, "here": tenants.view_query(request.GET.urlencode()),
        "orders": [("created", _("Oldest first")), ("-created", _("Newest first"))],
    }  # fmt: skip


def _opened(request: Any, found: Page[queries.QueueRow]) -> dict[str, Any]:
    """The referral whose evidence stands beside the list: the one asked for, else the first."""
    chosen = request.GET.get("open", "")
    row = next((row.referral for row in found.items if str(row.referral.id) == chosen), None)
    first = found.items[0].referral if found.items else None
    return evidence(row or first) if row or first else {}


def evidence(row: Any) -> dict[str, Any]:
    """What the templates need to show one referral."""
    return {"referral": row, "file": queries.referral_file(row, locale())}


@requires("referrals.view")
def waiting(request: Any, tenant: str) -> HttpResponse:
    """How many wait, asked again and again while the list is open."""
    context = {"waiting": queries.waiting_total(), "seen": request.GET.get("seen", "")}
    return html.part(request, "rewards/_waiting.html", context)


@requires("referrals.view")
def referral(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """One referral with its evidence, money, reasons and history; beside the list only what decides."""
    row = access.referral(request.actor, referral_id)
    context = {
        **evidence(row),
        "reasons": queries.reject_reasons(),
        "back": request.GET.get("back", "")[:2000],
    }
    return html.page(request, "rewards/referral.html", context, part="rewards/_evidence.html")


@requires("referrals.view")
def of_participant(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Whom one participant referred and what it earned; a part of the participant's page."""
    person = people.participant(request.actor, participant_id)
    found = queries.queue(referrer_id=person.id, locale=locale(), limit=10)
    context = {"person": person, "page": found}
    return html.page(request, "rewards/of_participant.html", context, part="rewards/_of_participant.html")
