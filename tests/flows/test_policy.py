"""A browser finds nothing on the main pages that the content security policy forbids."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from conftest import signed_in
from kith.kit import clock, tenancy
from kith.participants import actions as people
from tests.flows.conftest import Organization
from tests.serving import Live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

CHROMIUM = "/usr/bin/chromium"


def pages(slug: str, code: str) -> Iterator[str]:
    """The main pages, signed in and public."""
    yield from (
        "/accounts/login/",
        "/accounts/password/reset/",
        f"/r/{code}/welcome",
        "/nowhere",
        "/api/v1/docs",
    )
    yield from (f"/t/{slug}/{part}" for part in (
        "", "people/", "people/new/", "people/import/", "referrals/", "payouts/", "settings/", "settings/rules/",
        "settings/team/", "settings/keys/",
    ))  # fmt: skip


def test_no_page_breaks_its_own_policy(live: Live, organization: Organization) -> None:
    owner, slug = organization.actor("owner"), organization.tenant.slug
    with tenancy.use(organization.tenant.id, actor=owner):
        dana = people.create_participant(name="Dana", email="dana@example.com", actor=owner, now=clock.now())
    known = signed_in(owner).cookies.items()
    cookies = [{"name": name, "value": cookie.value, "url": live.url} for name, cookie in known]
    assert Path(CHROMIUM).exists(), "Chromium is missing; run scripts/setup test"
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = browser.new_context(base_url=live.url)
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
        for way in pages(slug, dana.code):
            answer = page.goto(way, wait_until="load", timeout=60_000)
            assert answer is not None
            assert answer.status == (404 if way == "/nowhere" else 200), way
        page.evaluate("document.body.setAttribute('style', 'color:red')")
        browser.close()
    planted = [each for each in said if "style" in each and "Content Security Policy" in each]
    assert planted, "the browser did not report the planted violation"
    assert [each for each in said if "Content Security Policy" in each and each not in planted[-1:]] == []
