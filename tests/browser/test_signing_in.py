"""Signing in with what a browser has: passkeys, the code of an app, and a proof before what matters."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page

from kith.kit import tenancy
from kith.tenants import access
from kith.tenants.models import ApiKey, User
from tests.browser.conftest import Opener, faults, sideways
from tests.flows.conftest import Organization

TOUCH = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def page(open_page: Opener) -> Page:
    """A browser on a computer with a fingerprint reader. Passkeys want a name, so the address is localhost."""
    found = open_page(base_url=open_page.live.url.replace("127.0.0.1", "localhost"))
    touch = found.context.new_cdp_session(found)
    touch.send("WebAuthn.enable")
    touch.send("WebAuthn.addVirtualAuthenticator", {"options": TOUCH})
    return found


def enter(page: Page, organization: Organization, role: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address or user name").fill(organization.username(role))
    page.get_by_label("Password", exact=True).fill(organization.passwords[role])
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")


def check(page: Page) -> None:
    assert faults(page) == [], page.url
    assert sideways(page) == [], page.url


def forget_proof(page: Page) -> None:
    """As if a quarter of an hour had passed."""
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    session = SessionStore(cookies[settings.SESSION_COOKIE_NAME])
    session[access.PROVEN_AT] = 0
    session.save()


def test_a_passkey_is_made_signs_in_and_is_the_second_factor(page: Page, organization: Organization) -> None:
    home = f"**/t/{organization.tenant.slug}/**"
    enter(page, organization, "owner")
    page.wait_for_url(home)
    page.goto("/accounts/security/")
    page.get_by_role("link", name="Add one").click()
    check(page)
    page.get_by_label("Name of this passkey").fill("Laptop at work")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_text("Laptop at work").wait_for()
    check(page)
    leave(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(home)
    leave(page)
    enter(page, organization, "owner")
    page.get_by_role("heading", name="One more step").wait_for()
    check(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(home)
    with tenancy.use(organization.tenant.id):
        user = User.objects.get(username=organization.username("owner"))
    assert Authenticator.objects.get(user=user, type="webauthn").last_used_at is not None


def test_an_app_is_set_up_by_scanning_and_asked_for(page: Page, organization: Organization) -> None:
    enter(page, organization, "admin")
    page.wait_for_url(f"**/t/{organization.tenant.slug}/**")
    page.goto("/accounts/2fa/totp/activate/")
    check(page)
    secret = page.locator(".secret").inner_text().replace(" ", "")
    before, now, _after = (
        totp.format_hotp_value(totp.hotp_value(secret, at)) for at in totp.yield_hotp_counters_from_time()
    )
    page.get_by_label("Code from your app").fill(before)
    page.get_by_role("button", name="Switch it on").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    check(page)
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    codes = kept.value.path().read_text().split()
    assert len(codes) == 10
    leave(page)
    enter(page, organization, "admin")
    page.get_by_label("Code from your app").fill(now)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**/t/{organization.tenant.slug}/**")


def test_a_key_is_made_after_a_proof_without_typing_again(page: Page, organization: Organization) -> None:
    enter(page, organization, "owner")
    page.wait_for_url(f"**/t/{organization.tenant.slug}/**")
    page.goto(f"/t/{organization.tenant.slug}/settings/keys/")
    forget_proof(page)
    page.get_by_label("Name", exact=True).fill("Booking site")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make the key").click()
    check(page)
    page.get_by_label("Your password, or a code from your app").fill(organization.passwords["owner"])
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Copy the key now").wait_for()
    with tenancy.use(organization.tenant.id):
        assert [key.name for key in ApiKey.objects.all()] == ["Booking site"]
