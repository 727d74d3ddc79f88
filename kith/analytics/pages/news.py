"""The bell: what happened that concerns this member."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.analytics import actions, queries
from kith.analytics.pages.places import address
from kith.kit import clock, html
from kith.tenants.access import requires

IN_THE_BELL = 8


def lines(tenant: str, found: list[queries.News]) -> list[dict[str, Any]]:
    """News with the address each leads to."""
    return [{"line": line, "url": address(tenant, line.target, line.id)} for line in found]


@requires("tenants.view")
def news(request: Any, tenant: str) -> HttpResponse:
    """Everything of the last thirty days; for the bell only the newest."""
    limit = IN_THE_BELL if html.is_part(request) else 100
    found = queries.news(request.actor, limit=limit)
    context = {"news": lines(tenant, found), "new": any(line.is_new for line in found)}
    return html.page(request, "analytics/news.html", context, part="analytics/_bell_list.html")


@requires("tenants.view")
def bell(request: Any, tenant: str) -> HttpResponse:
    """Asked every half minute with what is shown: nothing while that is still right, else the bell anew."""
    pulse = queries.pulse(request.actor)
    if request.GET.get("unread") == str(pulse.unread) and request.GET.get("waiting") == str(pulse.waiting):
        return HttpResponse(status=204)
    return html.part(request, "analytics/_bell.html", {"pulse": pulse})


@require_POST
@requires("tenants.view")
def news_seen(request: Any, tenant: str) -> HttpResponse:
    """The member has seen everything until now."""
    actions.see_news(actor=request.actor, now=clock.now())
    if html.is_part(request):
        return html.part(request, "analytics/_bell.html", {"pulse": queries.pulse(request.actor)})
    return html.done(request, reverse("analytics:news", args=[tenant]), _("Marked as seen."))
