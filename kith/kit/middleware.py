"""The outermost layers of a request: its id, and outcomes turned into answers."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.utils.translation import gettext_lazy as _
from django.views import defaults

from kith.kit import html, http, tenancy, text
from kith.kit.errors import DomainError, Malformed, MethodNotAllowed, TooLarge
from kith.kit.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]

_FORM_BYTES = 1024 * 1024
_OF_PAGES = ("GET", "HEAD", "POST")
_PAGES = {400: "bad_request", 403: "permission_denied", 404: "page_not_found", 500: "server_error"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """Takes or makes `X-Request-ID`; it is returned, logged and stored on audit rows and events."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid7())  # type: ignore[attr-defined]
        with tenancy.answering(request.request_id):  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class Errors:
    """Turns a DomainError that a view let through into the page or envelope that explains it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        size, most = request.META.get("CONTENT_LENGTH") or "0", _most_bytes(request)
        if not (size.isascii() and size.isdecimal()):
            return refused(request, Malformed())
        if "Transfer-Encoding" in request.headers:  # its end would be read as nothing, or as the next request
            return refused(request, Malformed(_("Send the body with its length, in Content-Length.")))
        if len(size) > 15 or int(size) > most:
            return refused(request, TooLarge(limit_bytes=most))
        if not _is_api(request) and request.method not in _OF_PAGES:
            return _refused_method(request)
        asked = request.method
        if _is_api(request) and asked == "HEAD":  # whose answer is that of GET; servers leave its body out
            request.method = "GET"
        response = _explained(request, self.get_response(request))
        request.method = asked
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Address, query and a page's form as texts may be. Bodies of the API are read by its parser."""
        try:
            text.refuse(request.path_info, "path")
            for name, values in request.GET.lists():
                for each in (name, *values):
                    text.refuse(each, name)
            if request.method == "POST" and not _is_api(request):
                request.POST = _cleaned(request.POST)  # type: ignore[assignment,misc]
        except DomainError as error:
            return refused(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Only outcomes are answered; anything else is a defect and stays an error 500."""
        if isinstance(error, UnreadablePostError):
            return refused(request, Malformed())
        return refused(request, error) if isinstance(error, DomainError) else None


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The outcome as its caller reads it: the envelope of the API, or a page."""
    if _is_api(request):
        return http.refused(request, error)
    return html.refusal(request, error)


def _most_bytes(request: HttpRequest) -> int:
    """The largest body worth reading: an upload with its form, or what is kept in memory."""
    if str(request.content_type).startswith("multipart/"):
        return int(settings.MAX_UPLOAD_BYTES) + _FORM_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _cleaned(form: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, values in form.lists():
        # The parts of a name like `text-legal` say what kind of field it is.
        found.setlist(text.line(name), [text.line(each, *name.split("-")) for each in values])
    return found


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _refused_method(request: HttpRequest) -> HttpResponse:
    response = refused(request, MethodNotAllowed())
    response["Allow"] = ", ".join(_OF_PAGES)
    return response


def _explained(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A method that was refused without a word, with our words."""
    if response.status_code != 405 or response.get("Content-Type", "").startswith("application/json"):
        return response
    explained = refused(request, MethodNotAllowed())
    # The length is that of the other body: a server would wait for the rest, or hang up.
    for name in response.headers.keys() - explained.headers.keys() - {"Content-Length"}:
        explained[name] = response[name]
    return explained


def handler(outcome: type[DomainError]) -> Callable[..., HttpResponse]:
    """What answers where the framework refuses by itself: our page, or the envelope."""
    page: Callable[..., HttpResponse] = getattr(defaults, _PAGES[outcome.status])

    def answer(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        if _is_api(request):
            return http.refused(request, outcome())
        return page(request) if outcome.status == 500 else page(request, exception)

    return answer
