"""Every page and every operation names its permission, or says why it needs none."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI

from kith.tenants.access import public, requires
from kith.tenants.rules import PERMISSIONS
from tests.guards.source import none
from tests.guards.surface import Entry, entries

# Views of libraries, which cannot carry our decorators. One table, each with its reason.
LIBRARIES = {
    "allauth.account.views.LoginView": "people sign in here; failures are limited",
    "allauth.account.views.LogoutView": "ends the caller's own session, by POST only",
    "allauth.account.views.AccountInactiveView": "a sentence without data",
    "allauth.account.views.SignupView": "closed by the adapter: places are offered by invitation",
    "allauth.account.views.ReauthenticateView": "asks the signed-in person for the password again",
    "allauth.account.views.PasswordChangeView": "the signed-in person's own password",
    "allauth.account.views.PasswordSetView": "the signed-in person's own password",
    "allauth.account.views.PasswordResetView": "sends a link; never says whether an address is known",
    "allauth.account.views.PasswordResetDoneView": "a sentence without data",
    "allauth.account.views.PasswordResetFromKeyView": "the signed key of the link is the proof",
    "allauth.account.views.PasswordResetFromKeyDoneView": "a sentence without data",
    "allauth.account.views.ConfirmLoginCodeView": "needs a code that was sent to the person",
    "allauth.mfa.base.views.AuthenticateView": "the second step of signing in; failures are limited",
    "allauth.mfa.base.views.ReauthenticateView": "asks the signed-in person for a code again",
    "allauth.mfa.totp.views.ActivateTOTPView": "the signed-in person's own app, after a proof",
    "allauth.mfa.totp.views.DeactivateTOTPView": "the signed-in person's own app, after a proof",
    "allauth.mfa.recovery_codes.views.ViewRecoveryCodesView": "the signed-in person's own codes, shown once",
    "allauth.mfa.recovery_codes.views.GenerateRecoveryCodesView": "the signed-in person's own codes, after a proof",
    "allauth.mfa.recovery_codes.views.DownloadRecoveryCodesView": "the signed-in person's own codes, given once",
    "allauth.mfa.webauthn.views.AddWebAuthnView": "the signed-in person's own passkey, after a proof",
    "allauth.mfa.webauthn.views.EditWebAuthnView": "the signed-in person's own passkey, after a proof",
    "allauth.mfa.webauthn.views.RemoveWebAuthnView": "the signed-in person's own passkey, after a proof",
    "allauth.mfa.webauthn.views.ReauthenticateWebAuthnView": "asks the signed-in person for a passkey again",
    "allauth.mfa.webauthn.views.LoginWebAuthnView": "people sign in here with a passkey; the signature is the proof",
    "ninja.openapi.views.openapi_json": "the description of the API holds no data",
    "ninja.openapi.views.openapi_view": "the description of the API holds no data",
    "ninja.openapi.views.default_home": "a refusal: there is nothing at the root of the API",
}


def ungated(found: list[Entry]) -> list[str]:
    """Entries with neither a permission nor a reason, with both, or with a permission nobody declared."""
    wrong = []
    for entry in found:
        if entry.permission is not None and entry.reason is not None:
            wrong.append(f"{entry}: both a permission and a reason to need none")
        elif entry.permission is not None and entry.permission not in PERMISSIONS:
            wrong.append(f"{entry}: {entry.permission} is not in rules.PERMISSIONS")
        elif entry.permission is None and not (entry.reason or LIBRARIES.get(entry.name)):
            wrong.append(f"{entry}: {entry.name} names neither a permission nor a reason")
    return wrong


def unauthenticated(found: list[Entry]) -> list[str]:
    """Operations that ask for a permission but switched the check of the caller off."""
    return [
        f"{entry}: asks for {entry.permission} of callers it does not know"
        for entry in found
        if entry.operation is not None and entry.permission and not entry.operation.auth_callbacks
    ]


def test_every_page_and_operation_is_gated() -> None:
    found = list(entries())
    assert len(found) > 40, "the walk has lost its way"
    none([*ungated(found), *unauthenticated(found)])


def test_no_exception_outlives_its_view() -> None:
    names = {entry.name for entry in entries()}
    none([f"{name} is not routed any more" for name in LIBRARIES if name not in names])


def _page(request: HttpRequest, **_: Any) -> HttpResponse:
    return HttpResponse()


def test_the_guard_sees_an_open_page_and_an_open_operation() -> None:
    api = NinjaAPI(urls_namespace="planted", docs_url=None, openapi_url=None)
    api.get("/open")(lambda request: {})
    api.get("/known")(requires("rewards.view")(_page))
    planted = [
        path("page", _page),
        path("unknown", requires("rewards.conjure")(_page)),
        path("both", public("why not")(requires("rewards.view")(_page))),
        path("api/", api.urls),
        path("fine", requires("rewards.view")(_page)),
    ]
    found = list(entries(planted))
    wrong = " ".join(ungated(found))
    for name in ("/page", "/unknown", "/both", "GET /api/open"):
        assert f"{name}:" in wrong, name
    assert "/fine" not in wrong
    assert "GET /api/known" not in wrong
    assert "GET /api/known: asks for rewards.view" in " ".join(unauthenticated(found))


def test_every_permission_guards_something() -> None:
    from tests.guards.test_permissions import used_elsewhere

    used = {entry.permission for entry in entries()} | used_elsewhere()
    none(
        [
            f"{permission} opens no page, operation or check"
            for permission in PERMISSIONS
            if permission not in used
        ]
    )
