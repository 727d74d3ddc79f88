"""What stands around every page of the console, by keyboard and while it is open."""

from typing import Any

from playwright.sync_api import expect

from conftest import make_member
from kith.kit import clock, outbox, tenancy
from kith.participants.events import ParticipantCreated
from kith.participants.models import Participant
from kith.participants.tests.factories import make_participant
from tests.browser.conftest import faults


def test_the_palette_is_reached_searched_and_left_by_keyboard(open_page: Any, demo: Any) -> None:
    page = open_page("owner")
    page.goto(f"/t/{demo.slug}/")
    page.locator(".segmented a").first.focus()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    options = page.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    # What is chosen is what the field points at, for those who cannot see it.
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator(".segmented a").first).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("audit")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/audit/")


def test_the_palette_and_the_sheet_of_keys_pass_axe(open_page: Any, demo: Any) -> None:
    for dark in (False, True):
        page = open_page("owner", dark=dark)
        page.goto(f"/t/{demo.slug}/")
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("people")
        expect(page.get_by_role("option", name="Import people")).to_be_visible()
        expect(page.get_by_role("option", name="Audit trail")).to_have_count(0)
        assert faults(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("#palette input")).not_to_be_focused()
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        assert faults(page) == []
        page.keyboard.press("Escape")
        page.locator("[data-bell]").click()
        expect(page.locator("#bell-list h2")).to_be_visible()
        assert faults(page) == []


def test_letters_go_places_unless_they_are_switched_off(open_page: Any, committed: Any) -> None:
    acme = committed("keys")
    page = open_page(make_member(acme, "kees", "owner"))
    page.goto(f"/t/{acme.slug}/")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/people/")
    # Not while somebody types.
    page.locator("[data-search]").first.focus()
    page.keyboard.type("g?")
    expect(page.locator("#help")).to_be_hidden()
    page.goto("/account/")
    page.get_by_label("Keys of one letter").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(f"/t/{acme.slug}/")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.keyboard.press("Control+k")
    # Ctrl+K still works, so what came before it had its chance.
    expect(page.get_by_role("combobox")).to_be_focused()
    expect(page.locator("#help")).to_be_hidden()
    assert page.url.endswith(f"/t/{acme.slug}/")


def test_the_bell_rings_by_itself_and_stops_when_it_was_looked_at(open_page: Any, committed: Any) -> None:
    acme = committed("bell")
    page = open_page(make_member(acme, "bella", "manager"))
    page.clock.install()
    page.goto(f"/t/{acme.slug}/")
    expect(page.locator("#pulse .dot")).to_have_count(0)
    with tenancy.use(acme.id):
        make_participant(name="Sam Sample")
        said = ParticipantCreated(participant_id=Participant.objects.get().id, kind="person", source="api")
        outbox.publish(said, subject_type="participant", subject_id=said.participant_id, now=clock.now())
    page.clock.fast_forward(31_000)
    expect(page.locator("#pulse .dot")).to_have_text("1")
    page.locator("[data-bell]").click()
    expect(page.locator("#bell-list")).to_contain_text("Sam Sample joined")
    page.clock.fast_forward(2_000)
    expect(page.locator("#pulse .dot")).to_have_count(0)


def test_on_a_phone_everything_is_one_touch_away(open_page: Any, demo: Any) -> None:
    page = open_page("owner", phone=True)
    page.goto(f"/t/{demo.slug}/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("[data-opens-palette]").tap()
    page.get_by_role("combobox").fill("imp")
    page.get_by_role("option").filter(has_text="Import people").tap()
    page.wait_for_url("**/people/import/")


def test_without_script_search_and_news_are_pages(open_page: Any, demo: Any) -> None:
    page = open_page("owner", java_script_enabled=False)
    page.goto(f"/t/{demo.slug}/")
    page.locator("[data-opens-palette]").click()
    page.wait_for_url("**/search/")
    page.goto(f"/t/{demo.slug}/")
    page.locator("[data-bell]").click()
    page.wait_for_url("**/news/")
    expect(page.get_by_role("heading", level=1)).to_have_text("What is new")
