"""Pages anybody may open: the link itself, its QR code, the landing page."""

import io
import time
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_safe

from kith.kit import clock, codes, html, limits, tenancy
from kith.kit.actors import PUBLIC
from kith.kit.clients import client_address
from kith.kit.errors import DomainError, TooMany
from kith.programs.models import Program
from kith.programs.queries import Landing
from kith.referrals import actions, queries, rules
from kith.referrals.forms import FriendForm
from kith.tenants.access import public
from kith.tenants.models import Tenant

WRONG_TRIES, WRONG_WINDOW_S = 10, 60
FORMS, FORMS_WINDOW_S = 100, 15 * 60
_SHOWN_ANYWHERE = {"Cache-Control": "public, max-age=86400", "Cross-Origin-Resource-Policy": "cross-origin"}
_SENT_ON = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Length": "0"}


# --- the link -----------------------------------------------------------------------------------------


@public("whoever got a link may follow it")
@require_safe
def follow_link(request: HttpRequest, code: str) -> HttpResponse:
    """Record the click and send the visitor on, or say why not."""
    refuse_guessers(request)
    found = _followed(request, code)
    if found is None:
        return unknown(request)
    if found.click_id is None:
        return _closed(request, _arrive(request, code))
    return _sent_on(found, code)


def shortcut(request: HttpRequest, code: str) -> HttpResponse | None:
    """The redirect alone: one statement, no session, no template. None where a page must answer."""
    if _blocked_for(request):
        return None
    found = _followed(request, code)
    return _sent_on(found, code) if found is not None and found.click_id is not None else None


def _followed(request: Any, code: str) -> actions.Answer | None:
    """Where the code leads; the click is recorded once, whichever way the request goes."""
    if not hasattr(request, "followed"):
        request.followed = actions.record_click(
            code=code, address=client_address(request), user_agent=request.headers.get("User-Agent", ""),
            is_visit=rules.is_visit(request.method, request.headers), channel=rules.channel(request.GET.get("c", "")),
            now=clock.now(),
        )  # fmt: skip
    found: actions.Answer | None = request.followed
    return found


def _sent_on(found: actions.Answer, code: str) -> HttpResponse:
    code = codes.normalize(code)
    url = found.destination_url or reverse("referrals:welcome", args=[code])
    target = rules.destination(url, click_id=found.click_id, code=code, utm=found.utm)
    return HttpResponseRedirect(target, headers=_SENT_ON)


# --- unknown codes ------------------------------------------------------------------------------------

_blocked: dict[str, float] = {}


def refuse_guessers(request: HttpRequest) -> None:
    """Turn away an address that this process has found guessing, without asking anybody.

    Raises TooMany.
    """
    if wait := _blocked_for(request):
        raise TooMany(retry_after=wait)


def _blocked_for(request: HttpRequest) -> int:
    """Seconds the address still has to wait; 0 for nearly everybody."""
    if not _blocked:
        return 0
    address, now = client_address(request), time.monotonic()
    if (until := _blocked.get(address, 0.0)) > now:
        return int(until - now) + 1
    _blocked.pop(address, None)
    return 0


def unknown(request: HttpRequest) -> HttpResponse:
    """The friendly answer to a code nobody has. Raises TooMany from the eleventh in a minute on."""
    address = client_address(request)
    hit = limits.hit(f"code|{address}", WRONG_TRIES, WRONG_WINDOW_S)
    if not hit.allowed:
        if len(_blocked) > 10_000:
            _blocked.clear()
        _blocked[address] = time.monotonic() + hit.reset_after
        raise TooMany(retry_after=hit.reset_after)
    return html.page(request, "referrals/unknown.html", status=404)


# --- QR codes -----------------------------------------------------------------------------------------


@public("a picture of a public address")
@require_safe
def qr_code(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """The QR code of a link as SVG or PNG; `scale` is the size of a dot, 1 to 40. Holds the address only."""
    refuse_guessers(request)
    if queries.locate_code(code) is None:
        return unknown(request)
    asked = request.GET.get("scale", "8")
    scale = min(max(int(asked), 1), 40) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else 8
    picture = segno.make(queries.address(code, channel="qr"), error="m", micro=False)
    out = io.BytesIO()
    picture.save(out, kind=kind, scale=scale, border=4, **({"xmldecl": False} if kind == "svg" else {}))
    content_type = "image/svg+xml" if kind == "svg" else "image/png"
    return HttpResponse(out.getvalue(), content_type=content_type, headers=_SHOWN_ANYWHERE)


# --- the landing page ---------------------------------------------------------------------------------

# Refusals that are about the person rather than about what was typed: a page explains them.
_PERSONAL = (actions.SelfReferral, actions.ExistingCustomer, actions.AlreadyReferred)


@public("the friend who got a link is not known yet")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, code: str) -> HttpResponse:
    """What the program promises, and the friend's form."""
    refuse_guessers(request)
    place = _arrive(request, code)
    if place is None:
        return unknown(request)
    if not place.is_live:
        return _closed(request, place)
    form = FriendForm(request.POST or None, **place.asks, initial={"rid": request.GET.get("rid", "")[:40]})
    if request.method == "POST":
        try:
            if _taken_in(request, place, form):
                return html.done(request, reverse("referrals:thanks", args=[place.code]))
        except _PERSONAL as error:
            return _refused(request, place, error)
    context = {"place": place, "form": form, "link": queries.address(code)}
    return html.page(request, "referrals/welcome.html", context)


def sample_form(program: Program, tenant: Tenant, shown: Landing) -> FriendForm:
    """The friend's form as it will stand on a landing page, for the editor's preview."""
    return FriendForm(**queries.sample_place(program, tenant, shown).asks, auto_id="sample_%s")


def _refused(request: HttpRequest, place: queries.Place, error: DomainError) -> HttpResponse:
    """The friendly answer to somebody who cannot be referred, with a way on."""
    context = {
        "place": place,
        "why": error.code,
        "explanation": error.text,
        "link": queries.address(place.code),
    }
    return html.page(request, "referrals/refused.html", context, status=422)


def _taken_in(request: HttpRequest, place: queries.Place, form: FriendForm) -> bool:
    """Create the referral; on refusal say in the form why. Raises the refusals that are about the person."""
    limits.enforce(f"landing|{client_address(request)}", FORMS, FORMS_WINDOW_S)
    if form.is_trapped:
        return True
    if not form.is_valid():
        return False
    try:
        with tenancy.use(place.tenant.id, actor=PUBLIC):
            actions.create_referral(
                code=place.code, **form.details(), source="landing", actor=PUBLIC, now=clock.now()
            )
    except _PERSONAL:
        raise
    except DomainError as error:
        html.blame(form, error)
        return False
    return True


@public("shown to the friend after the form")
@require_safe
def thanks(request: HttpRequest, code: str) -> HttpResponse:
    """The confirmation, and what happens next."""
    refuse_guessers(request)
    place = _arrive(request, code)
    if place is None:
        return unknown(request)
    return html.page(request, "referrals/thanks.html", {"place": place})


@public("whoever mistyped a code types it once more")
@require_safe
def find_code(request: HttpRequest) -> HttpResponse:
    """Go to the code that was typed; guessing is slowed down where the code is looked up."""
    code = codes.normalize(request.GET.get("code", "")[:40])
    if not codes.is_well_formed(code, vanity=True):
        return html.page(request, "referrals/unknown.html", status=404)
    return HttpResponseRedirect(reverse("referrals:follow", args=[code]), headers=_SENT_ON)


def _closed(request: HttpRequest, place: queries.Place | None) -> HttpResponse:
    """The friendly answer where the program takes a break or has ended."""
    return html.page(request, "referrals/closed.html", {"place": place}, status=409)


def _arrive(request: Any, code: str) -> queries.Place | None:
    """The place a code leads to, with its organization's looks and language put on the page."""
    chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES or "Accept-Language" in request.headers
    place = queries.place(code, own_language=not chosen)
    if place is not None:
        request.tenant = place.tenant
        if not chosen:
            translation.activate(place.tenant.locale)
    return place
