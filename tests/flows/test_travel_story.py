"""The travel company's main job in a real browser: from the customers' file to the money at the bank."""

import datetime
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from kith.analytics.models import DayRollUp
from kith.kit import clock, tenancy
from kith.ledger import queries as books
from kith.participants.models import Participant
from kith.presets.demo.people import Person as Invented
from kith.presets.demo.people import write_csv
from kith.presets.story import check_bank_file
from kith.referrals.models import Click, Referral
from kith.rewards import jobs as rewards
from kith.rewards import queries as earned
from kith.rewards.models import Reward
from tests.flows.conftest import Organization
from tests.serving import Live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

CHROMIUM = "/usr/bin/chromium"
# A headless browser says so, and is then counted as a robot.
FRIENDS = {
    "Dana": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
    "Eli": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
}
REWARD, BOOKING = 2_500, 50_000
IBAN = "NL20INGB0001234567"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that the system has."""
    assert Path(CHROMIUM).exists(), "Chromium is missing; run scripts/setup test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def visitor(chromium: Browser, live: Live, **options: Any) -> BrowserContext:
    """Somebody who reads English."""
    context = chromium.new_context(locale="en-GB", base_url=live.url, **options)
    context.set_default_timeout(20_000)
    return context


class Told:
    """What the story has to check after each step: balances in the ledger, figures of the dashboard."""

    def __init__(self, live: Live, organization: Organization) -> None:
        self.live, self.organization = live, organization

    def inside(self) -> Any:
        return tenancy.use(self.organization.tenant.id)

    def person(self, name: str) -> Participant:
        with self.inside():
            found: Participant = Participant.objects.get(name=name)
            return found

    def balances(self, name: str) -> dict[str, int]:
        who = self.person(name)
        with self.inside():
            assert books.check() == []
            held = earned.holdings(who.id)
            kinds = ("pending", "available", "reserved", "paid")
            return {kind: getattr(held[0], kind).amount_minor if held else 0 for kind in kinds}

    def settle(self) -> None:
        """In a thread of its own: playwright keeps this one's event loop busy, and the worker needs one."""

        def work() -> None:
            try:
                self.live.settle()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()

    def figures(self) -> dict[str, int]:
        self.settle()
        names = (
            "clicks",
            "referrals",
            "conversions",
            "completed",
            "revenue_minor",
            "reward_minor",
            "paid_minor",
        )
        with self.inside():
            rows = DayRollUp.objects.values_list(*names)
            return {name: sum(row[index] for row in rows) for index, name in enumerate(names)}


def test_from_the_customers_file_to_the_money_at_the_bank(
    chromium: Browser, live: Live, organization: Organization, tmp_path: Path
) -> None:
    told = Told(live, organization)
    slug = organization.tenant.slug
    office = visitor(chromium, live)
    office.add_cookies([{"name": "language", "value": "en", "url": live.url}])
    page = office.new_page()
    sign_in(page, organization)

    import_customers(page, told, slug, tmp_path)
    link = personal_link(page, slug, "Ans Tuinman")
    assert told.balances("Ans Tuinman") == {"pending": 0, "available": 0, "reserved": 0, "paid": 0}

    for number, (name, agent) in enumerate(FRIENDS.items(), start=1):
        book_as_friend(chromium, live, link, name, agent)
        assert told.figures() == {
            "clicks": number, "referrals": number, "conversions": number, "completed": 0,
            "revenue_minor": number * BOOKING, "reward_minor": number * REWARD, "paid_minor": 0,
        }  # fmt: skip
    assert told.balances("Ans Tuinman") == {"pending": 2 * REWARD, "available": 0, "reserved": 0, "paid": 0}
    with told.inside():
        assert {row.click_id for row in Referral.objects.all()} == {row.id for row in Click.objects.all()}

    approve_all(page, slug)
    assert told.figures()["completed"] == 2
    assert told.balances("Ans Tuinman")["pending"] == 2 * REWARD, "approval moves no money"

    wait_out_the_hold(told)
    assert told.balances("Ans Tuinman") == {"pending": 0, "available": 2 * REWARD, "reserved": 0, "paid": 0}
    save_account(page, slug, told.person("Ans Tuinman"))
    make_batch(page, slug)
    assert told.balances("Ans Tuinman") == {"pending": 0, "available": 0, "reserved": 2 * REWARD, "paid": 0}
    assert check_bank_file(bank_file(page)) == []
    send_and_pay(page)
    assert told.balances("Ans Tuinman") == {"pending": 0, "available": 0, "reserved": 0, "paid": 2 * REWARD}
    assert told.figures()["paid_minor"] == 2 * REWARD
    dashboard_says_so(page, slug)
    office.close()


def sign_in(page: Page, organization: Organization) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address or user name").fill(organization.username("manager"))
    page.get_by_label("Password", exact=True).fill(organization.passwords["manager"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/t/**")


def import_customers(page: Page, told: Told, slug: str, folder: Path) -> None:
    path = folder / "customers.csv"
    names = [("Ans", "Tuinman"), ("Bas", "Kuiper"), ("Cleo", "Zomer")]
    people = [
        Invented(first, last, f"{first}.{last}@example.com".lower(), "", "NL", "nl") for first, last in names
    ]
    write_csv(path, people, prefix="KL")
    page.goto(f"/t/{slug}/people/import/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_role("button", name="Import it").click()
    page.wait_for_url("**/people/jobs/**")
    told.settle()
    expect(page.get_by_role("heading", name="The table is imported")).to_be_visible()
    with told.inside():
        assert Participant.objects.count() == 3


def personal_link(page: Page, slug: str, name: str) -> str:
    page.goto(f"/t/{slug}/people/")
    page.get_by_role("link", name=name).click()
    return page.get_by_label("Personal link").first.input_value()


def book_as_friend(chromium: Browser, live: Live, link: str, name: str, agent: str) -> None:
    """The friend knows nothing of Kith: a link, a page, a form."""
    phone = visitor(chromium, live, user_agent=agent, viewport={"width": 390, "height": 844})
    page = phone.new_page()
    page.goto(link)
    page.wait_for_url(re.compile(r"/r/\w+/welcome\?.*rid="))
    expect(page.get_by_role("heading", level=1)).to_contain_text("see the world")
    page.get_by_label("Your name").fill(f"{name} Vriend")
    page.get_by_label("Your e-mail address").fill(f"{name}@example.nl".lower())
    page.get_by_label("Booking reference").fill(f"boek-{name}")
    page.get_by_label(re.compile("may use these details")).check()
    page.get_by_role("button", name="Count me in").click()
    page.wait_for_url("**/thanks**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    phone.close()


def approve_all(page: Page, slug: str) -> None:
    page.goto(f"/t/{slug}/referrals/?show=waiting")
    row = page.locator("[data-row]").filter(has_text="Dana Vriend")
    expect(row).to_be_visible()
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("link", name="Dana Vriend")).to_have_count(0)
    page.goto(f"/t/{slug}/referrals/")
    expect(page.locator("tbody tr").filter(has_text="Approved")).to_have_count(2)


def wait_out_the_hold(told: Told) -> None:
    """Fourteen days in which the booking may still be cancelled."""
    rewards.mature_due()
    with told.inside():
        assert set(Reward.objects.values_list("status", flat=True)) == {"approved"}
    with clock.frozen(clock.now() + datetime.timedelta(days=14, hours=1)):
        rewards.mature_due()


def save_account(page: Page, slug: str, person: Participant) -> None:
    page.goto(f"/t/{slug}/people/{person.id}/account/edit/")
    page.get_by_label("Holder").fill(person.name)
    page.get_by_label("IBAN").fill(IBAN)
    page.get_by_role("button", name="Save the account").click()
    page.wait_for_url(f"**/people/{person.id}/**")
    expect(page.get_by_text("4567").first).to_be_visible()


def make_batch(page: Page, slug: str) -> None:
    page.goto(f"/t/{slug}/payouts/new/")
    page.get_by_role("button", name="Make the batch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Batch 1")
    page.get_by_role("button", name="Approve").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Mark as sent").first).to_be_visible()


def bank_file(page: Page) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the file").click()
    assert waiting.value.suggested_filename.endswith(".xml")
    return Path(waiting.value.path()).read_bytes()


def send_and_pay(page: Page) -> None:
    page.get_by_role("button", name="Mark as sent").first.click()
    sheet = page.get_by_role("dialog", name="Is the file at the bank?")
    sheet.get_by_role("textbox").fill("€ 50,00")
    sheet.get_by_role("button", name="Mark as sent").click()
    page.get_by_role("button", name="The bank paid all").click()
    expect(page.get_by_text("Done").first).to_be_visible()


def dashboard_says_so(page: Page, slug: str) -> None:
    page.goto(f"/t/{slug}/")
    cards = {card.split("\n")[0]: card for card in page.locator(".stat").all_inner_texts()}
    assert any("€1,000" in card for card in cards.values()), cards
    assert any("€50" in card for card in cards.values()), cards
    assert "Nothing. You are up to date." in page.locator("main").inner_text()
