"""Having no more letters of a kind."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kith.kit import clock, html
from kith.kit.actors import PUBLIC
from kith.notifications import actions, queries
from kith.tenants.access import public


# nosemgrep: trust-switched-off - mail programs press the button without a cookie; the link is the proof
@csrf_exempt
@public("the letter's link is the proof")
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: Any, tenant: str, token: str) -> HttpResponse:
    """Ask once, since programs that look into e-mails open links too; a POST, of a mail program as well, stops."""
    found = queries.subscriber(token)
    if request.method == "POST":
        actions.stop_letters(subscriber=found, actor=PUBLIC, now=clock.now())
    context = {"kind": found.kind, "stopped": request.method == "POST"}
    return html.page(request, "notifications/stop.html", context)
