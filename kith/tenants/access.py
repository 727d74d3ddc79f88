"""The gate: every page and operation names its permission, or says why it needs none."""

import datetime
import functools
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from ninja.decorators import decorate_view

from kith.kit import clock, html, limits
from kith.kit.actors import Actor
from kith.kit.clients import client_address
from kith.kit.errors import Forbidden, NotFound, NotSignedIn
from kith.tenants import queries, rules
from kith.tenants.models import ApiKey, Invitation, Member, SavedView, User

View = TypeVar("View", bound=Callable[..., Any])

GATE = "required_permission"
OPEN = "open_because"
PROVEN_AT = "proven_at"
"""Where a session keeps the time at which the person last showed who they are."""


def requires(permission: str) -> Callable[[View], View]:
    """Let the view run only for an actor that holds the permission in the tenant in force.

    Signed out: 401, or the sign-in page for a browser. Lacking the permission: 403.
    """

    def check(request: HttpRequest) -> HttpResponse | None:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return _sign_in(request)
        if not actor.may(permission):
            raise Forbidden(permission=permission)
        return None

    return _gated(check, GATE, permission)


def public(reason: str) -> Callable[[View], View]:
    """Anybody may call this; the reason is written down and checked by a guard test.

    Who calls it with a credential of some organization is counted like a caller without one: what it opens
    may be another organization's.
    """

    def check(request: HttpRequest) -> None:
        counts = request.path.startswith("/api/") and request.path not in settings.UNCOUNTED_PATHS
        # An operation passes its gate twice: before its input is looked at, and after.
        if counts and getattr(request, "actor", None) and not hasattr(request, "public_call"):
            request.public_call = public_call(request, insist=True)  # type: ignore[attr-defined]

    return _gated(check, OPEN, reason)


def public_call(request: HttpRequest, *, insist: bool = False) -> limits.Hit:
    """Count one public call of the caller's address. Raises TooMany beyond the limit when asked to `insist`."""
    count = limits.enforce if insist else limits.hit
    return count(f"public|{client_address(request)}", rules.PUBLIC_CALLS, rules.PUBLIC_WINDOW_S)


def signed_in(reason: str) -> Callable[[View], View]:
    """Any signed-in person may call this, whatever the role."""

    def check(request: HttpRequest) -> HttpResponse | None:
        if getattr(request, "actor", None) is None and not request.user.is_authenticated:
            return _sign_in(request)
        return None

    return _gated(check, OPEN, reason)


class OnlyLooking(Forbidden):
    """Staff look into a participant's portal; what is done there, the participant does."""

    code, message = "portal_read_only", _("You are only looking. Changes are for the participant to make.")


def enrolled(reason: str) -> Callable[[View], View]:
    """A participant who is signed in to the portal may call this, for what is theirs.

    Signed out: the portal's sign-in page. A session that only reads is refused everything but looking.
    """

    def check(request: HttpRequest) -> HttpResponse | None:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None or actor.kind != "participant":
            return _sign_in_to_portal(request)
        if actor.on_behalf_of and request.method not in ("GET", "HEAD"):
            raise OnlyLooking
        return None

    return _gated(check, OPEN, reason)


def portal_cookie(slug: str) -> str:
    """The cookie that holds a portal's session, one for each organization."""
    return f"{settings.COOKIE_PREFIX}portal_{slug}"


def _sign_in_to_portal(request: HttpRequest) -> HttpResponse:
    page = reverse(settings.PORTAL_LOGIN_URL, args=[request.tenant.slug])  # type: ignore[attr-defined]
    if request.headers.get("HX-Request") == "true":  # a part of a page is no place for another page
        return HttpResponse(status=204, headers={"HX-Redirect": page})
    return redirect_to_login(request.get_full_path(), page)


def _sign_in(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        raise NotSignedIn
    return redirect_to_login(request.get_full_path())


def _gated(
    check: Callable[[HttpRequest], HttpResponse | None], mark: str, value: str
) -> Callable[[View], View]:
    """The view behind the check; an operation of the API is checked before its input is looked at."""

    def before(run: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(run)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return check(request) or run(request, *args, **kwargs)

        return checked

    def gate(view: View) -> View:
        guarded = before(view)
        setattr(guarded, mark, value)
        return decorate_view(before)(guarded)  # type: ignore[return-value]

    return gate


def joined(request: Any, user: User) -> None:
    """When somebody who is signed in takes one more place: its rules count from now on, and nothing is proven."""
    now, found = clock.now(), queries.sign_in_rules(user)
    ends_at = (now + datetime.timedelta(hours=found.hours)).timestamp()
    request.session["ends_at"] = min(request.session.get("ends_at", ends_at), ends_at)
    request.session["factor_due"] = bool(found.factor_wanted_by) and not queries.has_factor(user)


def is_proven(request: HttpRequest) -> bool:
    """Whether the person signed in, or gave a password or second factor again, within the last quarter of an hour."""
    since = clock.now().timestamp() - request.session.get(PROVEN_AT, 0)
    return bool(since < rules.PROOF_LIFETIME.total_seconds())


def proven(view: View) -> View:
    """Run a POST of the page only for somebody who showed lately who they are; ask again otherwise.

    The question stands in the way with everything that was typed, so that nothing has to be done twice.
    """

    @functools.wraps(view)
    def checked(request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST" or is_proven(request):
            return view(request, *args, **kwargs)
        fields = [
            (name, value) for name, values in request.POST.lists() for value in values if name not in _OURS
        ]
        context = {"fields": fields, "fault": getattr(request, "proof_fault", None), "back": _back(request)}
        response = html.page(request, "tenants/proof.html", context, status=401)
        if html.is_part(request):
            response.status_code = 200  # htmx swaps nothing that is refused
            response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
        return response

    return checked  # type: ignore[return-value]


_OURS = {"proof", "csrfmiddlewaretoken", "proof_back"}


def _back(request: HttpRequest) -> str:
    """Where the person came from, when that is a page of ours."""
    came = (
        request.POST.get("proof_back")
        or request.headers.get("HX-Current-URL")
        or request.headers.get("Referer", "")
    )
    ours = url_has_allowed_host_and_scheme(came, {request.get_host()}, require_https=request.is_secure())
    return came if ours else "/"


def one(rows: QuerySet[Any], **wanted: Any) -> Any:
    """The tenant's row with these values. Raises NotFound for another tenant's and for none."""
    found = rows.filter(**wanted).first()
    if found is None:
        raise NotFound
    return found


def member(member_id: UUID) -> Member:
    """A present member of the organization. Raises NotFound."""
    found: Member = one(Member.objects.all(), pk=member_id, removed_at=None)
    return found


def api_key(key_id: UUID) -> ApiKey:
    """A live key of the organization. Raises NotFound."""
    found: ApiKey = one(ApiKey.objects.all(), pk=key_id, revoked_at=None)
    return found


def invitation(invitation_id: UUID) -> Invitation:
    """An open invitation of the organization. Raises NotFound."""
    found: Invitation = one(Invitation.objects.all(), pk=invitation_id, accepted_at=None, withdrawn_at=None)
    return found


def view(actor: Actor, view_id: UUID) -> SavedView:
    """A named view of the member's own, or one shared by a colleague. Raises NotFound."""
    mine = models.Q(member_id=actor.id) | models.Q(shared=True)
    found: SavedView = one(SavedView.objects.filter(mine).exclude(name=""), pk=view_id)
    return found
