"""The short way for links: answered before sessions, languages and everything else a redirect does not need."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kith.referrals.pages import public

GetResponse = Callable[[HttpRequest], HttpResponse]


class FollowLinks:
    """Answers `GET /r/<code>` with its redirect; whatever needs a page goes the long way to the same view.

    Stands behind the request's id and the security headers, before all other layers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        folder, _, code = request.path_info.rpartition("/")
        if folder == "/r" and code and request.method in ("GET", "HEAD"):
            response = public.shortcut(request, code)
            if response is not None:
                return response
        return self.get_response(request)
