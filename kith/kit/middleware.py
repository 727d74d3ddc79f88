"""The outermost layers of a request: its id, and outcomes turned into answers."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kith.kit import html, http
from kith.kit.errors import DomainError
from kith.kit.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]

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
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Only outcomes are answered; anything else is a defect and stays an error 500."""
        if not isinstance(error, DomainError):
            return None
        if request.path.startswith("/api/"):
            return http.refused(request, error)
        return html.refusal(request, error)
