"""What every answer tells the browser to refuse, whichever layer gave the answer."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Who uses the same computer or proxy afterwards shall find nothing; what is for all says so itself.
    "Cache-Control": "no-store",
}
_NOT_A_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_HSTS = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"


class Headers:
    """Completes the security headers of all answers: pages, calls, files, redirects, refusals.

    Stands outside every layer that answers by itself. A header that is set already stays. What is not a page
    gets a policy under which nothing in it runs; pages get theirs, with its nonce, from django-csp around this.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if not _is_page(response):
            response.headers.setdefault("Content-Security-Policy", _NOT_A_PAGE)
        return response


def without_trusted_types(response: HttpResponse) -> HttpResponse:
    """The same answer, for a page of a library whose scripts make markup out of text. Its nonces stay."""
    lifted = {"require-trusted-types-for": None, "trusted-types": None}
    response._csp_replace = {**getattr(response, "_csp_replace", {}), **lifted}  # type: ignore[attr-defined]
    return response


def _is_page(response: HttpResponseBase) -> bool:
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    return is_html and not 300 <= response.status_code < 400


class Messages(CookieStorage):
    """Toasts that wait for the next page, in a cookie that only this host can set."""

    cookie_name = f"{settings.COOKIE_PREFIX}messages"
