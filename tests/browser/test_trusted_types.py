"""Text becomes a document only through the policies of trust.js, and what could run is not inserted."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Opener

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

INSERT = """(text) => {
    const place = document.createElement('p');
    try { place.innerHTML = text; } catch (error) { return error.name; }
    return place.innerHTML;
}"""


def test_htmx_swaps_under_trusted_types(open_page: Opener, demo: Demo) -> None:
    page = open_page("manager")
    response = page.goto(f"/t/{demo.slug}/people/")
    assert response is not None
    assert "require-trusted-types-for 'script'; " in response.headers["content-security-policy"] + "; "
    rows = page.locator("tbody tr")
    before = rows.count()
    name = rows.first.locator("a").first.inner_text()
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.locator(".filter-bar [data-search]").fill(name)
    expect(rows).not_to_have_count(before)
    expect(rows.first).to_contain_text(name)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<b>Dana</b> booked once = twice", True),
        ('<a href="/t/x/?on=1" title="once = twice">x</a>', True),
        ("<img src=x onerror=alert(1)>", False),
        ("<script>alert(1)</script>", False),
        ("<template><svg><script>alert(1)</script></svg></template>", False),
        ("<a href=' javascript:alert(1)'>x</a>", False),
        ('<iframe srcdoc="<b>x</b>"></iframe>', False),
    ],
)
def test_what_could_run_is_not_inserted(open_page: Opener, text: str, kept: bool) -> None:
    page = open_page()
    page.goto("/accounts/login/")
    found = page.evaluate(INSERT, text)
    open_page.said.clear()  # the browser tells of each refusal
    assert (found != "TypeError") is kept, found


def test_no_text_becomes_a_script(open_page: Opener) -> None:
    page = open_page()
    page.goto("/accounts/login/")
    tried = page.evaluate(
        """() => ['https://elsewhere.example/x.js', '/api/v1/export.csv', '/static/kit/js/kit.js'].map((address) => {
            const script = document.createElement('script');
            try { script.src = address; } catch (error) { return error.name; }
            return new URL(script.src).pathname;
        })"""
    )
    assert tried == ["TypeError", "TypeError", "/static/kit/js/kit.js"]
    open_page.said.clear()
