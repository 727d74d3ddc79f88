"""The outermost layers of a request: its id, and outcomes turned into answers."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from kith.kit import html, http
from kith.kit.errors import DomainError, Malformed, TooLarge
from kith.kit.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]

_FORM_BYTES = 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestId:
    """Takes or makes `X-Request-ID`; it is returned, logged and stored on audit rows and events."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid7())  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class Errors:
    """Turns a DomainError that a view let through into the page or envelope that explains it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        most = _most_bytes(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > most:
            return refused(request, TooLarge(limit_bytes=most))
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """A NUL character is in nothing that people write, and in no text PostgreSQL could store."""
        return refused(request, Malformed()) if _has_nul(request) else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Only outcomes are answered; anything else is a defect and stays an error 500."""
        return refused(request, error) if isinstance(error, DomainError) else None


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The outcome as its caller reads it: the envelope of the API, or a page."""
    if request.path.startswith("/api/"):
        return http.refused(request, error)
    return html.refusal(request, error)


def _most_bytes(request: HttpRequest) -> int:
    """The largest body worth reading: an upload with its form, or what is kept in memory."""
    if str(request.content_type).startswith("multipart/"):
        return int(settings.MAX_UPLOAD_BYTES) + _FORM_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _has_nul(request: HttpRequest) -> bool:
    """In the path, the query or a page's form. Bodies of the API are looked at by its parser."""
    if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    if request.method != "POST" or request.path.startswith("/api/"):
        return False
    return any("\0" in value for values in request.POST.lists() for value in (values[0], *values[1]))
