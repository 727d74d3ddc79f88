"""What a page function returns, and the frame it is shown in.

A page reads its input, makes one call and ends with `page`, `part`, `done` or `refusal`. The tenants
feature fills a `Frame` through a context processor under the name `frame`; templates use nothing else to
draw the navigation, so `kit` needs to know neither tenants nor members.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kith.kit.colors import contrast as contrast
from kith.kit.colors import on_brand as on_brand
from kith.kit.errors import DomainError

Words = Mapping[str, Any]
DEFAULT_BRAND = "#1d5fe0"
THEMES = ("system", "light", "dark")
YEAR = 365 * 24 * 3600


# --- the frame ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brand:
    """How a tenant looks: name, one color (#rrggbb), and a logo or else a lucide icon as its mark."""

    name: str = "Kith"
    color: str = DEFAULT_BRAND
    logo_url: str = ""
    symbol: str = "sprout"
    home_url: str = "/"

    @property
    def on_color(self) -> str:
        """White or near-black: whichever is easier to read on the brand color."""
        return on_brand(self.color)


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation. `tab` entries (at most three) also stand in the tab bar of phones.

    `count` may be a function, asked when the page is drawn. `key` is the letter that, after g, goes there.
    """

    label: Any
    url: str
    icon: str
    count: Any = None
    tab: bool = False
    group: Any = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in: name, a second line (role), e-mail."""

    name: str
    detail: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A further entry of the user menu."""

    label: Any
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything the page frame shows around a page. Empty URLs leave their control out.

    `pulse` is a function that says what waits and what is new, asked only where a page draws it; without
    `keys_on` single letters do nothing.
    """

    brand: Brand = Brand()
    nav: Sequence[NavItem] = ()
    person: Person | None = None
    menu: Sequence[Link] = ()
    languages: Sequence[tuple[str, str]] = ()
    language_url: str = ""
    theme_url: str = ""
    sign_out_url: str = ""
    notice: Any = ""
    search_url: str = ""
    palette_url: str = ""
    news_url: str = ""
    bell_url: str = ""
    pulse: Any = None
    keys_on: bool = True

    @property
    def tabs(self) -> list[NavItem]:
        """The entries for the phone's tab bar, which has room for four; the whole menu opens beside them."""
        return [item for item in self.nav if item.tab][:4]


# --- questions ----------------------------------------------------------------------------------------


def given(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is empty; None when the page is only shown."""
    return request.POST if request.method == "POST" else None


# --- answers ------------------------------------------------------------------------------------------


def is_part(request: HttpRequest) -> bool:
    """True when htmx asks for a piece of a page, not for a whole one."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def page(
    request: HttpRequest, template: str, context: Words | None = None, *, part: str = "", status: int = 0
) -> HttpResponse:
    """A whole page; or, when `part` is given and htmx asks, only that template with the same context.

    Unless a status is given, it is 422 when the context's `form` was filled in wrongly, else 200.
    """
    chosen, words = part if part and is_part(request) else template, dict(context or {})
    form = words.get("form")
    response = render(request, chosen, words, status=status or (422 if form and form.errors else 200))
    patch_vary_headers(response, ["HX-Request"])
    return response


def part(
    request: HttpRequest, template: str, context: Words | None = None, *, toast: str = "", status: int = 200
) -> HttpResponse:
    """A piece of a page for htmx, with a toast if there is something to say."""
    response = render(request, template, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return with_toast(response, toast) if toast else response


def done(request: HttpRequest, url: str, toast: str = "", *, undo: str = "") -> HttpResponse:
    """After a successful POST: go to `url` (303; htmx gets HX-Redirect) and say what happened there.

    `undo` is the address of a form without fields that takes it back; the toast offers it.
    """
    if toast:
        messages.success(request, toast, extra_tags=undo)
    if is_part(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = iri_to_uri(url)  # as the redirect below; a header takes no line break
        return response
    redirect = HttpResponseRedirect(url)
    redirect.status_code = 303
    return redirect


def with_toast(response: HttpResponse, text: str, tone: str = "ok") -> HttpResponse:
    """Show a toast (ok, warn, bad, info) when htmx receives this response. Keeps other triggers."""
    triggers = json.loads(response.get("HX-Trigger", "{}"))
    # Header values are latin-1 at best; JSON escapes carry every script.
    response["HX-Trigger"] = json.dumps({**triggers, "toast": {"text": str(text), "tone": tone}})
    return response


def blame(form: forms.Form, error: DomainError) -> None:
    """Put a domain error into the form: on the fields it names, otherwise above the form."""
    known = {name: sentence for name, sentence in error.fields.items() if name in form.fields}
    for name, sentence in known.items():
        form.add_error(name, str(sentence))
    if len(known) < len(error.fields) or not known:
        form.add_error(None, error.text)


@contextlib.contextmanager
def blaming(form: forms.Form) -> Iterator[None]:
    """A domain error inside goes into the form, as `blame` puts it, and the page shows the form again."""
    try:
        yield
    except DomainError as error:
        blame(form, error)


# --- refusals -----------------------------------------------------------------------------------------

TITLES = {
    400: _("We could not read that request"),
    401: _("Please sign in first"),
    403: _("You have no access to this"),
    404: _("This page does not exist"),
    405: _("That does not work here"),
    409: _("That is not possible now"),
    413: _("That file is too large"),
    422: _("Some fields need attention"),
    429: _("That was a bit too fast"),
    500: _("Something went wrong on our side"),
    503: _("We will be right back"),
}
ICONS = {
    401: "lock",
    403: "lock",
    404: "compass",
    429: "hourglass",
    500: "cloud-alert",
    503: "construction",
}


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A friendly page for an outcome that is not success. htmx gets a toast and leaves its page alone."""
    if is_part(request):
        response = with_toast(HttpResponse(status=error.status), error.text, "bad")
        response["HX-Reswap"] = "none"
    else:
        context = {
            "status": error.status,
            "code": error.code,
            "heading": TITLES.get(error.status, TITLES[409]),
            "explanation": error.text,
            "symbol": ICONS.get(error.status, "circle-alert"),
            "request_id": getattr(request, "request_id", ""),
        }
        if error.status == 503:  # drawn without asking who is there: what knows may be away
            drawn = render_to_string("kit/refusal.html", {**context, "request": request, "frame": Frame()})
            response = HttpResponse(drawn, status=503)
        else:
            response = render(request, "kit/refusal.html", context, status=error.status)
    if "retry_after" in error.details:
        response["Retry-After"] = str(error.details["retry_after"])
    return response


# --- theme --------------------------------------------------------------------------------------------


def choose_theme(request: HttpRequest) -> HttpResponse:
    """POST theme=system|light|dark: remember it in a cookie and go back. Works without JavaScript."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponse(status=204) if is_part(request) else HttpResponseRedirect(back if safe else "/")
    if response.status_code == 302:
        response.status_code = 303
    if chosen in THEMES:
        response.set_cookie(
            settings.THEME_COOKIE_NAME,
            chosen,
            max_age=YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    else:
        messages.error(request, gettext("This theme does not exist."))
    return response
