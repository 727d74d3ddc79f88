"""The JSON API: one mount per feature, one shape of refusal."""

from importlib import import_module
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.docs import Swagger
from ninja.security import HttpBearer

from kith import __version__
from kith.kit import http
from kith.kit.errors import DomainError, Invalid, Malformed, NotFound, NotSignedIn
from kith.kit.headers import without_trusted_types


class Bearer(HttpBearer):
    """An API key (`kith_live_…`) or an access token; the tenancy middleware has checked it already."""

    openapi_name = "bearer"

    def __call__(self, request: HttpRequest) -> Any:
        """The actor, or a refusal."""
        actor = getattr(request, "actor", None)
        if actor is None:
            raise NotSignedIn
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Never reached: `__call__` decides."""
        raise NotImplementedError


class Docs(Swagger):
    """The description of the API to read and try; its scripts are the library's."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page."""
        return without_trusted_types(super().render_page(request, api, **kwargs))


api = NinjaAPI(
    title="Kith",
    version="1",
    description=f"Referral programs with a real ledger. Kith {__version__}.",
    urls_namespace="api-v1",
    docs=Docs(),
    docs_url="/docs",
    openapi_url="/openapi.json",
    auth=Bearer(),
    renderer=http.Renderer(),
    parser=http.Parser(),
)

# Feature, attribute of its api module, prefix. One line per mount.
MOUNTS = (
    ("tenants", "auth", "/auth"),
    ("tenants", "tenant", ""),
    ("pipelines", "router", ""),
    ("programs", "router", ""),
    ("participants", "router", ""),
    ("referrals", "router", ""),
    ("rewards", "router", ""),
    ("payouts", "router", ""),
    ("analytics", "router", ""),
)

for feature, attribute, prefix in MOUNTS:
    api.add_router(prefix, getattr(import_module(f"kith.{feature}.api"), attribute))


# The older calls, word for word, have an API of their own below /api/.
compat_api = NinjaAPI(
    title="Kith, older calls",
    version="travel",
    urls_namespace="api-compat",
    docs_url=None,
    openapi_url=None,
    auth=Bearer(),
    renderer=http.Renderer(),
    parser=http.Parser(),
)
compat_api.add_router("", import_module("kith.compat.api").router)


def on_refusal(request: HttpRequest, error: Any) -> HttpResponse:
    """An outcome of the domain."""
    return http.refused(request, error)


def on_bad_fields(request: HttpRequest, error: Any) -> HttpResponse:
    """Fields that do not fit the description: each by its path."""
    fields = {
        ".".join(str(part) for part in found["loc"][1:]) or "body": str(found["msg"])
        for found in error.errors
    }
    return http.refused(request, Invalid(fields=fields))


def on_unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    """A body that cannot be read; the parser's own words come wrapped."""
    cause = error.__cause__
    return http.refused(request, cause if isinstance(cause, DomainError) else Malformed())


def on_missing(request: HttpRequest, error: Any) -> HttpResponse:
    """Nothing here."""
    return http.refused(request, NotFound())


for each in (api, compat_api):
    each.add_exception_handler(DomainError, on_refusal)
    each.add_exception_handler(ValidationError, on_bad_fields)
    each.add_exception_handler(HttpError, on_unreadable)
    each.add_exception_handler(Http404, on_missing)
