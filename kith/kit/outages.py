"""What we depend on is away, full or too slow: nothing was done, and the caller is told when to come again."""

import logging
import sys
from collections.abc import Callable

from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from kith.kit import patience
from kith.kit.errors import Broken, Malformed, Unavailable
from kith.kit.middleware import handler, refused

log = logging.getLogger("kith.outages")

RETRY_SECONDS = 5
_broken = handler(Broken)
# Connections, transactions that lost a race, resources, limits of time, the server's own system.
_CLASSES = ("08", "40", "53", "55", "57", "58")
# Read-only, for it is a standby now; and it ended a transaction that did nothing for too long.
_CODES = ("25006", "25P03")


def is_outage(error: BaseException | None) -> bool:
    """Whether the database is why, not what was asked of it."""
    if not isinstance(error, Error):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    if code is None:
        return isinstance(error, (OperationalError, InterfaceError))
    return code.startswith(_CLASSES) or code in _CODES


class Outages:
    """The outermost layer: a request has no time to lose, and an outage is an answer, not a defect."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with patience.use(patience.BRIEF):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view met; its transaction is rolled back because of the status."""
        return _unavailable(request, error) if is_outage(error) else None


def on_error(request: HttpRequest) -> HttpResponse:
    """The last resort of every request, also for what the layers around the view met."""
    error = sys.exc_info()[1]
    if isinstance(error, UnreadablePostError):  # the caller hung up half-way
        return refused(request, Malformed())
    return _unavailable(request, error) if is_outage(error) else _broken(request)


def _unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    log.warning("database unavailable", extra={"reason": " ".join(str(error).split())[:200]})
    return refused(request, Unavailable(retry_after=RETRY_SECONDS))
