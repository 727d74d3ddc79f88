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
    context = {**_shared(request), "links": queries.shared_links(request.visitor.participant.pk)}
    return html.page(request, "referrals/portal/share.html", context)


@enrolled(MINE)
def poster(request: Any, tenant: str) -> HttpResponse:
    """The QR code on a sheet of A4, to be printed."""
    return html.page(request, "referrals/portal/poster.html", _shared(request))


def _shared(request: Any) -> dict[str, Any]:
    visitor = request.visitor
    language = get_language() or "en"
    return {"share": queries.share(visitor.participant, name=visitor.first_name, language=language)}
