"""The first fence: who is calling, in which organization, and one transaction around the view."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation.trans_real import parse_accept_lang_header

from kith.kit import clock, idempotency, limits, tenancy, tokens
from kith.kit.actors import PUBLIC, Actor
from kith.kit.errors import DomainError, NotFound, TooMany
from kith.kit.middleware import refused
from kith.tenants import access, actions, queries, rules
from kith.tenants.models import Tenant

GetResponse = Callable[[HttpRequest], HttpResponse]


class Tenancy:
    """Resolves `request.tenant` and `request.actor` and runs the view inside the tenant's transaction.

    An answer of 400 or more rolls the transaction back: a refused request leaves nothing behind.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.tenant, request.actor, request.visitor = None, None, None
        timezone.deactivate()
        if request.path.startswith("/r/"):  # the hottest path opens no transaction of ours
            return self.get_response(request)
        try:
            hit = self._identify(request)
        except DomainError as error:
            return refused(request, error)
        if hit is None:
            return self._run(request)
        if hit.allowed:
            response = self._run(request)
        else:
            response = refused(request, TooMany(retry_after=hit.reset_after, limit=hit.limit))
        for name, value in limits.headers(hit).items():
            response[name] = value
        return response

    def _identify(self, request: Any) -> limits.Hit | None:
        if request.path.startswith("/api/"):
            return _identify_caller(request)
        if request.path.startswith("/t/"):
            _identify_person(request)
        if request.path.startswith("/p/"):
            _identify_visitor(request)
        return None

    def _run(self, request: Any) -> HttpResponse:
        if request.tenant is None:
            return self.get_response(request)
        actor = request.actor or PUBLIC
        try:
            with tenancy.use(request.tenant.id, actor=actor, request_id=request.request_id):
                response = idempotency.once(request, lambda: self.get_response(request))
                if response.status_code >= 400:
                    transaction.set_rollback(True)
        except DomainError as error:
            return refused(request, error)
        return response


def _identify_caller(request: Any) -> limits.Hit | None:
    """A bearer of a key or access token; signed-out callers are counted per address."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        if request.path in settings.UNCOUNTED_PATHS:
            return None
        return access.public_call(request)
    if credential.startswith(actions.keys.PREFIX):
        request.actor, allowed = actions.authenticate_key(credential, now=clock.now())
        hit = limits.hit(f"key|{request.actor.id}", allowed, rules.PUBLIC_WINDOW_S)
    else:
        request.actor, hit = _token_actor(credential), None
    request.tenant = queries.get_tenant_by_id(request.actor.tenant_id)
    return hit


def _token_actor(token: str) -> Actor:
    claims = tokens.verify(token, now=clock.now())
    actor = queries.family_actor(
        tenant_id=int(claims["tid"]), family_id=str(claims["fam"]), member_id=str(claims["mid"])
    )
    if actor is None:
        raise tokens.TokenInvalid
    return actor


def _identify_person(request: Any) -> None:
    """A signed-in person below /t/<slug>/; a stranger must not learn that it exists."""
    slug = request.path.split("/")[2]
    if not request.user.is_authenticated:
        return
    seat = queries.get_seat(request.user, slug)
    if seat is None:
        raise NotFound
    request.tenant, request.actor = seat.tenant, queries.seat_actor(seat, request.user)
    timezone.activate(seat.tenant.timezone)
    _speak(request, request.user.locale)


def _identify_visitor(request: Any) -> None:
    """Whoever opens a portal below /p/<slug>/, whose organization everybody may know. Raises NotFound.

    A place on its staff opens no portal: staff look into one with a session that participants hands out.
    """
    try:
        tenant = queries.get_tenant(request.path.split("/")[2])
    except Tenant.DoesNotExist:
        raise NotFound from None
    request.tenant = tenant
    token = request.COOKIES.get(access.portal_cookie(tenant.slug), "")
    if token:
        with tenancy.use(tenant.id):
            request.visitor = import_string(settings.PORTAL_VISITOR)(token)
    if request.visitor is not None:
        request.actor = request.visitor.actor
    timezone.activate(getattr(request.visitor, "timezone", "") or tenant.timezone)
    _speak(request, getattr(request.visitor, "language", ""))


def _speak(request: Any, wish: str) -> None:
    chosen = _language(request, request.tenant, wish)
    translation.activate(chosen)
    request.LANGUAGE_CODE = chosen


def _language(request: Any, tenant: Tenant, wish: str) -> str:
    """Chosen on the page, by the person, by the browser, by the organization: the first that is offered."""
    offered = dict(settings.LANGUAGES)
    wishes = [request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""), wish]
    wishes += [tag for tag, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    return next((wish[:2] for wish in wishes if wish[:2] in offered), tenant.locale)
