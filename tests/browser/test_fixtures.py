"""The browser that the other tests use sees what it has to see."""

import pytest

from tests.browser.conftest import Demo, Opener, faults, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]


def test_a_page_is_that_of_the_member_in_the_language_asked_for(open_page: Opener, demo: Demo) -> None:
    page = open_page("manager", language="nl", phone=True)
    page.goto(f"/t/{demo.slug}/people/")
    assert page.locator("html").get_attribute("lang") == "nl"
    assert page.locator("tbody tr").count() > 3


def test_faults_that_are_planted_are_seen(open_page: Opener) -> None:
    page = open_page()
    page.goto("/accounts/login/")
    assert faults(page) == []
    assert sideways(page) == []
    page.evaluate(
        """() => {
            const button = document.createElement('button'), wide = document.createElement('p');
            button.className = 'nameless'; wide.className = 'scroll'; wide.textContent = 'x'.repeat(4000);
            document.querySelector('main').append(button, wide);
            wide.setAttribute('style', 'color: red');
        }"""
    )
    assert any("button-name" in fault for fault in faults(page))
    assert sideways(page) != []
    assert len(open_page.said) == 1
    open_page.said.clear()
