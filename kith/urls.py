"""The whole URL map: one line per feature."""

from typing import Any

from allauth.account import urls as account_urls
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from kith.api import api, compat_api
from kith.kit import desk as operator_desk
from kith.kit import errors, html, showroom
from kith.kit.middleware import handler
from kith.tenants import admin as _tenants_desk  # noqa: F401  registers itself
from kith.tenants.access import public
from kith.tenants.pages import security

# Features with pages; each brings its own paths below /t/<slug>/, /p/<slug>/, /r/ and so on.
FEATURES = (
    "tenants", "programs", "participants", "referrals", "rewards", "payouts", "analytics", "notifications", "presets",
)  # fmt: skip

# Sign-in and passwords only: addresses are changed by an administrator, not by adding a second one.
NOT_OFFERED = {"account_email", "account_confirm_email", "account_email_verification_sent"}
ACCOUNT_PAGES = [page for page in account_urls.urlpatterns if page.name not in NOT_OFFERED]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("api/", compat_api.urls),
    path("theme", public("a preference of the browser, kept in a cookie")(html.choose_theme), name="theme"),
    path(
        "language", public("a preference of the browser, kept in a cookie")(set_language), name="set_language"
    ),
    path(settings.OPERATOR_PATH, operator_desk.desk.urls),
    path("-/components", public("shows no data, and only where pages are built")(showroom.components)),
    path("accounts/", include(ACCOUNT_PAGES)),
    # One page shows all factors; what the library would list stands there.
    path("accounts/2fa/", security.to_security, name="mfa_index"),
    path("accounts/2fa/webauthn/", security.to_security, name="mfa_list_webauthn"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    *(path("", include(f"kith.{feature}.urls")) for feature in FEATURES),
]

handler500 = "kith.kit.outages.on_error"
handler400: Any = handler(errors.Malformed)
handler403: Any = handler(errors.Forbidden)
handler404: Any = handler(errors.NotFound)
