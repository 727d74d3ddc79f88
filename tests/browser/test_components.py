"""Every component in every state looks right to axe, fits its window, and leaves a picture to be looked at.

The pictures are in `KITH_SHOTS`, or else in `.cache/shots`.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener, faults, sideways
from tests.machine import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

WAY = "/-/components"
SMALLEST = 12
TEXT = """() => {
    const scale = (node) => (node.ownerSVGElement ? node.getScreenCTM()?.a ?? 1 : 1);
    const speaks = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    return [...document.querySelectorAll('body *')]
        .filter((node) => speaks(node) && node.checkVisibility({ visibilityProperty: true }))
        .filter((node) => !node.closest('.vh, .pick-words, noscript, title'))
        .map((node) => [parseFloat(getComputedStyle(node).fontSize) * scale(node), node.outerHTML.slice(0, 100)])
        .filter(([size]) => size < SMALLEST - 0.05)
        .map(([size, markup]) => size.toFixed(1) + ' px: ' + markup);
}""".replace("SMALLEST", str(SMALLEST))
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"dark": True},
    "phone": {"phone": True},
    "phone-dark-dutch": {"phone": True, "dark": True, "language": "nl"},
    "dutch": {"language": "nl"},
    "rtl": {"direction": "rtl"},
    "phone-rtl": {"direction": "rtl", "phone": True},
}


def shots() -> Path:
    """Where pictures go."""
    folder = Path(os.environ.get("KITH_SHOTS") or ROOT / ".cache" / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shown(open_page: Opener, direction: str = "ltr", **look: Any) -> Page:
    page = open_page(**look)
    answer = page.goto(f"{WAY}?dir={direction}")
    assert answer is not None
    assert answer.status == 200
    assert "<c-" not in answer.text()
    return page


@pytest.mark.parametrize("name", LOOKS)
def test_components(open_page: Opener, name: str) -> None:
    page = shown(open_page, **LOOKS[name])
    page.locator("tbody .tick").first.check()
    page.evaluate(
        "scrollTo(0, 0); document.querySelectorAll('img').forEach((each) => (each.loading = 'eager'))"
    )
    page.screenshot(path=shots() / f"components-{name}.png", full_page=True)
    assert faults(page) == []
    assert sideways(page) == []
    assert page.evaluate(TEXT) == []


@pytest.mark.parametrize("phone", [False, True])
def test_open_dialogs(open_page: Opener, phone: bool) -> None:
    page = shown(open_page, phone=phone, dark=True)
    for name in ("sample-dialog", "sample-confirm", "sample-share"):
        opener = page.locator(f"[data-opens={name}]")
        opener.click()
        expect(page.locator(f"#{name}")).to_be_visible()
        page.screenshot(path=shots() / f"{name}-{'phone' if phone else 'desktop'}.png")
        assert faults(page) == []
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()


def test_a_long_choice_is_searched_with_the_keyboard(open_page: Opener) -> None:
    page = shown(open_page)
    field = page.get_by_role("combobox", name="Referrer").first
    expect(field).to_have_value("Liv Bakker")
    field.fill("amr")
    options = page.locator("[role=listbox] [role=option]")
    expect(options).to_have_text(["Youssef El Amrani"])
    page.screenshot(path=shots() / "combobox.png")
    assert faults(page) == []
    field.press("Enter")
    assert page.locator("select[name=person]").input_value() == "2"
    expect(field).to_have_value("Youssef El Amrani")
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("Escape")
    assert page.locator("select[name=person]").input_value() == "2", "Escape chooses nothing"
    field.fill("zz")
    expect(options).to_have_text(["Nothing found"])
    field.press("Tab")
    expect(field).to_have_value("Youssef El Amrani")


def test_without_scripts_the_long_choice_is_an_ordinary_one(open_page: Opener) -> None:
    page = shown(open_page, java_script_enabled=False)
    expect(page.locator("select[name=person]")).to_be_visible()


def test_an_amount_is_typed_before_money_moves(open_page: Opener) -> None:
    page = shown(open_page)
    page.locator("[data-opens=sample-confirm]").click()
    field = page.locator("#sample-confirm-typed")
    expected = field.get_attribute("data-typed") or ""
    for typed, fits in (
        (expected[:-1], False),
        (expected.replace("0", "1"), False),
        (expected, True),
        (expected.replace(".", ","), True),
        (expected.removesuffix(".00"), expected.endswith(".00")),
    ):
        field.fill(typed)
        assert field.evaluate("(input) => input.validity.valid") is fits, typed


def test_a_form_that_is_sent_shows_that_it_is(open_page: Opener) -> None:
    page = open_page()
    page.goto("/accounts/login/")
    page.evaluate(
        """() => new MutationObserver(([change]) => { sessionStorage.busy = change.target.textContent.trim(); })
            .observe(document.body, { subtree: true, attributeFilter: ['aria-busy'] })"""
    )
    page.locator("#id_login").fill("dana")
    page.locator("#id_password").fill("a wrong one")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.evaluate("sessionStorage.busy") == "Sign in"
    assert page.locator("[aria-busy=true]").count() == 0


def test_only_those_who_build_see_them(client: Client, settings: Any) -> None:
    assert client.get(WAY).status_code == 404
    settings.COMPONENTS_PAGE = True
    assert client.get(WAY).status_code == 200
