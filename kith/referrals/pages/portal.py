"""How participants share their link."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language

from kith.kit import html
from kith.referrals import queries
from kith.tenants.access import enrolled

MINE = "shows what is the participant's own"


@enrolled(MINE)
def share(request: Any, tenant: str) -> HttpResponse:
    """The link for every channel, the QR code, and further links there may be."""
    person = request.visitor.participant
    rows = list(queries.link_list(participant_id=person.pk).filter(active=True)[:50])
    links = [(row, queries.address(row.slug)) for row in rows]
    return html.page(request, "referrals/portal/share.html", {**_shared(request), "links": links})


@enrolled(MINE)
def poster(request: Any, tenant: str) -> HttpResponse:
    """The QR code on a sheet of A4, to be printed."""
    return html.page(request, "referrals/portal/poster.html", _shared(request))


def _shared(request: Any) -> dict[str, Any]:
    visitor = request.visitor
    language = get_language() or "en"
    return {"share": queries.share(visitor.participant, name=visitor.first_name, language=language)}
