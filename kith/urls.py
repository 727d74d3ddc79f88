"""The whole URL map: one line per feature."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from kith.api import api, compat_api
from kith.kit import html
from kith.tenants.access import public

# Features with pages; each brings its own paths below /t/<slug>/, /p/<slug>/, /r/ and so on.
FEATURES = ("tenants", "participants", "referrals", "rewards", "payouts", "analytics")

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("api/", compat_api.urls),
    path("theme", public("a preference of the browser, kept in a cookie")(html.choose_theme), name="theme"),
    path(
        "language", public("a preference of the browser, kept in a cookie")(set_language), name="set_language"
    ),
    path("accounts/", include("allauth.account.urls")),
    *(path("", include(f"kith.{feature}.urls")) for feature in FEATURES if find_spec(f"kith.{feature}.urls")),
]
