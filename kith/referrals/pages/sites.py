"""What an organization's own web pages ask: the two scripts, the offer, a visit, a lead.

Callers are pages of other origins. No cookie is read or set, and only the origins of the key may read an
answer or report anything. Bodies are JSON sent as text/plain, so that browsers need not ask beforehand.
"""

import base64
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from kith.kit import clock, codes, http, limits, tenancy
from kith.kit.actors import PUBLIC
from kith.kit.clients import client_address
from kith.kit.errors import DomainError, Forbidden, Invalid, Malformed, NotFound
from kith.referrals import actions, queries, rules
from kith.referrals.forms import FriendForm
from kith.tenants.access import public

# Of one address at one organization's pages, and of all addresses together.
CALLS, ALL_CALLS, WINDOW_S = 100, 20_000, 15 * 60
BUILT = Path(__file__).parent.parent / "static" / "referrals"
SCRIPTS = {name: (BUILT / name).read_bytes() for name in ("t.js", "w.js")}
FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

View = Callable[..., HttpResponse]


class OriginNotAllowed(Forbidden):
    """The key belongs to other pages."""

    code = "origin_not_allowed"
    message = gettext_lazy("This key does not work on %(origin)s. Add it under Settings, Websites.")


@public("programs for other people's pages")
@require_safe
def script(request: HttpRequest, name: str) -> HttpResponse:
    """`t.js` and `w.js` as `make clients` built them; an hour old at most."""
    cached = {"Cache-Control": "public, max-age=3600", **FOR_ALL}
    return HttpResponse(SCRIPTS[name], content_type="text/javascript; charset=utf-8", headers=cached)


@dataclass(frozen=True, slots=True)
class Pinned:
    """One version of a script, for pages that want no other: its address, and the digest browsers compare."""

    url: str
    integrity: str


def pinned(name: str) -> Pinned:
    """The present version of `t.js` or `w.js`."""
    digest = base64.b64encode(hashlib.sha384(SCRIPTS[name]).digest()).decode()
    return Pinned(static(f"referrals/{name}"), f"sha384-{digest}")


def _of_a_site(answer: Callable[[HttpRequest, queries.Site], HttpResponse]) -> View:
    """Answer pages of the key's origins in JSON, refusals too; others learn only that they are others."""

    # nosemgrep: trust-switched-off - no cookie counts here: the key and the page's origin do
    @csrf_exempt
    @functools.wraps(answer)
    def view(request: HttpRequest, key: str) -> HttpResponse:
        origin, site = request.headers.get("Origin", ""), queries.locate_site(key)
        try:
            with tenancy.use(_admitted(request, site, origin).tenant_id, actor=PUBLIC):
                response = answer(request, site)  # type: ignore[arg-type]
        except DomainError as error:
            response = http.refused(request, error)
        response["Vary"] = "Origin"
        if site is not None and origin in site.origins:
            response["Access-Control-Allow-Origin"] = origin
            response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return view


def _admitted(request: HttpRequest, site: queries.Site | None, origin: str) -> queries.Site:
    """The site, when the page is one of its own. Raises NotFound, OriginNotAllowed and TooMany."""
    if site is None:
        raise NotFound
    if origin not in site.origins:
        raise OriginNotAllowed(origin=origin[:200] or "–")
    limits.enforce(f"site|{site.site_id}|{client_address(request)}", CALLS, WINDOW_S)
    limits.enforce(f"site|{site.site_id}", ALL_CALLS, WINDOW_S)
    return site


def _body(request: HttpRequest) -> dict[str, Any]:
    found = http.parsed(request.body)
    if not isinstance(found, dict):
        raise Malformed(fields={"body": _("Send an object.")})
    return found


def _place(site: queries.Site, code: Any) -> queries.Place | None:
    """The landing page of a code of this organization; None for others'."""
    found = queries.place(str(code)) if isinstance(code, str) else None
    return found if found is not None and found.tenant.id == site.tenant_id else None


@public("pages of an organization ask what its codes offer")
@require_safe
@_of_a_site
def offer(request: HttpRequest, site: queries.Site) -> HttpResponse:
    """What the widget shows in `?lang=`: the offer of `?code=` and its form, or the question for a code."""
    _speak(site, request.GET.get("lang", ""))
    place = _place(site, request.GET.get("code", ""))
    if place is None or not place.is_live:
        return http.respond(
            http.ok({"known": False, "title": _("Did somebody invite you?"), "words": _words()})
        )
    invited = _("%(who)s invites you to %(organization)s") % {
        "who": place.referrer,
        "organization": place.organization,
    }
    shown = {"title": place.title or invited, "text": place.text or invited, "fields": _fields(place)}
    return http.respond(http.ok({"known": True, **shown, "words": _words()}))


_ASKED = (
    ("name", "text"), ("email", "email"), ("booking_reference", "text"), ("phone", "tel"), ("consent", "checkbox"),
)  # fmt: skip


def _fields(place: queries.Place) -> list[list[Any]]:
    """Name, label, kind and whether it is required, of each field that the widget shows."""
    fields = FriendForm(**place.asks).fields
    return [
        [name, str(fields[name].label), kind, fields[name].required]
        for name, kind in _ASKED
        if kind != "tel" or fields[name].required
    ]


def _words() -> dict[str, str]:
    return {
        "ask": _("Fill in the code you were given."),
        "code": _("Code"),
        "go": _("Continue"),
        "unknown": _("We do not know this code. Check it and try again."),
        "send": _("Send"),
        "thanks": _("Thank you"),
    }


@public("pages of an organization report that somebody came by a code")
@require_POST
@_of_a_site
def click(request: HttpRequest, site: queries.Site) -> HttpResponse:
    """Record the visit; `rid` is the click's id. Raises CodeUnknown, ProgramNotLive."""
    code = _body(request).get("code")
    place = _place(site, code)
    if place is None:
        raise actions.CodeUnknown
    found = actions.record_click(
        code=str(code), address=client_address(request), user_agent=request.headers.get("User-Agent", ""),
        is_visit=True, channel=rules.SITE_CHANNEL, now=clock.now(),
    )  # fmt: skip
    if found is None or found.click_id is None:
        raise actions.ProgramNotLive
    return http.respond(http.ok({"rid": found.click_id}), 201)


@public("pages of an organization hand in what the friend filled in")
@require_POST
@_of_a_site
def lead(request: HttpRequest, site: queries.Site) -> HttpResponse:
    """Record the referral as the landing page does. Raises CodeUnknown, Invalid and the refusals of a referral."""
    given = _body(request)
    _speak(site, given.get("lang"))
    place = _place(site, given.get("code"))
    if place is None:
        raise actions.CodeUnknown
    form = FriendForm(given, **place.asks)
    if not form.is_valid():
        raise Invalid(fields={name: str(faults[0]) for name, faults in form.errors.items()})
    if not form.is_trapped:
        actions.create_referral(
            code=codes.normalize(str(given["code"])),
            **form.details(),
            source="site",
            actor=PUBLIC,
            now=clock.now(),
        )
    return http.respond(http.ok({"code": given["code"]}, _("Thank you. The referral was recorded.")), 201)


def _speak(site: queries.Site, wish: Any) -> None:
    """The page's language where it is offered, else the organization's."""
    offered = translation.get_supported_language_variant
    try:
        translation.activate(offered(str(wish)[:5]))
    except LookupError:
        translation.activate(site.locale)
