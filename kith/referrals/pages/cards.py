"""The picture that stands beside a link where it is shared."""

import hashlib
from dataclasses import astuple

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kith.kit import cards, limits
from kith.kit.clients import client_address
from kith.kit.templatetags.kit import initials
from kith.referrals import queries
from kith.referrals.pages.public import refuse_guessers, unknown
from kith.tenants.access import public

DRAWN, DRAWN_WINDOW_S = 60, 15 * 60
KEPT_S = 7 * 24 * 3600
_HEADERS = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}


@public("a picture for whoever is shown the link")
@require_safe
def card(request: HttpRequest, code: str) -> HttpResponse:
    """The offer and who invites, as a PNG in the organization's color and language; drawn once per content."""
    refuse_guessers(request)
    place = queries.place(code, own_language=True)
    if place is None:
        return unknown(request)
    with translation.override(place.tenant.locale):
        shown = _card(place)
    digest = hashlib.sha256(repr(astuple(shown)).encode()).hexdigest()
    etag = f'"{digest[:32]}"'
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    key = f"card|{place.tenant.id}|{digest}"
    drawn = cache.get(key)
    if drawn is None:
        limits.enforce(f"card|{client_address(request)}", DRAWN, DRAWN_WINDOW_S)
        drawn = cards.png(shown)
        cache.set(key, drawn, KEPT_S)
    return HttpResponse(drawn, content_type="image/png", headers={**_HEADERS, "ETag": etag})


def _card(place: queries.Place) -> cards.Card:
    who = {"who": place.referrer, "organization": place.organization}
    return cards.Card(
        color=place.tenant.brand,
        organization=place.organization,
        headline=place.landing.offer.headline(place.referrer) or place.title or _("Something for you"),
        line=_("%(who)s invites you to %(organization)s") % who,
        initials=initials(place.referrer),
    )
