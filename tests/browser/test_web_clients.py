"""The snippet and the widget on a page of another origin, under a policy that allows nothing but them."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.referrals import actions
from kith.referrals.models import Click, Referral
from kith.referrals.tests.factories import NOW, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"], transaction=True)

POLICY = (
    "default-src 'self'; script-src {kith}; connect-src {kith}; style-src 'self';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
# Chromium without a window says so, and is counted as a robot.
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
# A stylesheet that would make everything red if it reached into the widget.
STYLE = "* { color: rgb(255, 0, 0) !important; border: 9px solid red }"
HTML = """<!doctype html><html lang="{lang}"><title>Shop</title><link rel="stylesheet" href="/style.css">
<form method="post" action="/order"><input name="what" value="trip"><button id="order">Order</button></form>
<form method="post" action="https://elsewhere.example/"><button id="away">Away</button></form>
<kith-widget key="{key}"></kith-widget>
<script async src="{kith}/t.js" data-key="{key}" data-consent="{consent}"></script>
<script type="module" src="{kith}/w.js"></script></html>"""


@dataclass
class Shop:
    """An organization's own site: its address, what its pages say, and what was posted to it."""

    kith: str
    url: str = ""
    key: str = ""
    code: str = ""
    tenant_id: int = 0
    lang: str = "en"
    consent: str = ""
    posted: list[str] = field(default_factory=list)


class Pages(BaseHTTPRequestHandler):
    """Answers as a shop would."""

    def __init__(self, shop: Shop, *args: Any) -> None:
        self.shop = shop
        super().__init__(*args)

    def do_GET(self) -> None:
        """The page, or its stylesheet."""
        style = self.path.startswith("/style")
        text = STYLE if style else HTML.format(**vars(self.shop))
        self.send_response(200)
        self.send_header("Content-Type", "text/css" if style else "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY.format(kith=self.shop.kith))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self) -> None:
        """An order."""
        self.shop.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def shop(live: Any, committed: Any) -> Iterator[Shop]:
    """The site, with a key for it and Dana, who refers."""
    found = Shop(kith=live.url)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, found))
    found.url = f"http://127.0.0.1:{server.server_port}"
    found.tenant_id = committed("shop").id
    with tenancy.use(found.tenant_id):
        found.code = make_scene().dana.code
        made = actions.create_site_key(name="shop", origins=[found.url], actor=SYSTEM, now=NOW)
        found.key = made.key
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A visitor's browser; whatever it complains about fails the test."""
    context = chromium.new_context(locale="en", reduced_motion="reduce", user_agent=PERSON)
    visitor, said = context.new_page(), []
    visitor.on("console", lambda message: said.append(message.text))
    visitor.on("pageerror", lambda error: said.append(str(error)))
    yield visitor
    context.close()
    # An icon and an order elsewhere are the page's own affair.
    assert not [text for text in said if "favicon" not in text]


def clicks(shop: Shop) -> list[str]:
    """Ids of what was recorded."""
    with tenancy.use(shop.tenant_id):
        return [str(row.id) for row in Click.objects.filter(channel="site")]


def test_a_visit_is_recorded_kept_and_carried_in_forms(shop: Shop, page: Page) -> None:
    with page.expect_response("**/click"):
        page.goto(f"{shop.url}/?via={shop.code}")
    page.wait_for_function("kith('kept').rid")
    (rid,) = clicks(shop)
    page.goto(shop.url)  # another page of the site, without the code in its address
    page.wait_for_function("!!window.kith && !!kith('kept')")
    page.click("#order")
    page.wait_for_load_state()
    assert shop.posted == [f"what=trip&_ref={shop.code}.{rid}"]
    assert clicks(shop) == [rid]


def test_nothing_is_kept_or_sent_before_consent(shop: Shop, page: Page) -> None:
    shop.consent = "required"
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/click" in request.url else None)
    page.goto(f"{shop.url}/?via={shop.code}")
    page.wait_for_function("!!window.kith")
    expect(page.locator("kith-widget h2")).to_be_visible()
    assert (sent, page.evaluate("document.cookie + localStorage.length"), clicks(shop)) == ([], "0", [])
    with page.expect_response("**/click"):
        page.evaluate("kith('consent')")
    page.wait_for_function("kith('kept').rid")
    assert len(clicks(shop)) == 1
    page.evaluate("kith('forget')")
    assert page.evaluate("document.cookie + localStorage.length") == "0"


@pytest.mark.parametrize(("lang", "button"), [("en", "Send"), ("nl", "Verstuur")])
def test_the_widget_takes_a_friend_in(shop: Shop, page: Page, lang: str, button: str) -> None:
    shop.lang = lang
    page.goto(f"{shop.url}/?via={shop.code}")
    widget = page.locator("kith-widget")
    looks = widget.locator("h2").evaluate(
        "node => (({color, borderWidth}) => [color, borderWidth])(getComputedStyle(node))"
    )
    assert looks == ["rgb(22, 27, 38)", "0px"]
    widget.locator("[name=name]").fill("Eli Friend")
    widget.locator("[name=email]").fill(f"eli-{lang}@example.com")
    widget.locator("[name=booking_reference]").fill("BK-7")
    widget.locator("[name=consent]").check()
    widget.get_by_role("button", name=button, exact=True).click()
    expect(widget.locator("form")).to_have_count(0)
    with tenancy.use(shop.tenant_id):
        made = Referral.objects.get()
    assert (made.source, made.referred_email) == ("site", f"eli-{lang}@example.com")
    assert [str(made.click_id)] == clicks(shop)


def test_without_a_code_the_widget_asks_for_one_and_says_when_it_is_wrong(shop: Shop, page: Page) -> None:
    page.goto(shop.url)
    widget = page.locator("kith-widget")
    widget.locator("[name=code]").fill("ZZZZ9999")
    widget.get_by_role("button").click()
    expect(widget.get_by_role("alert")).not_to_be_empty()
    widget.locator("[name=code]").fill(shop.code)
    widget.get_by_role("button").click()
    expect(widget.locator("[name=email]")).to_be_visible()


def test_a_page_that_is_not_named_gets_nothing(shop: Shop, chromium: Browser) -> None:
    with tenancy.use(shop.tenant_id):
        row = actions.create_site_key(name="other", origins=["https://shop.example"], actor=SYSTEM, now=NOW)
    shop.key = row.key
    visitor = chromium.new_page()
    with visitor.expect_event("requestfailed", lambda request: "/click" in request.url):
        visitor.goto(f"{shop.url}/?via={shop.code}")
    assert clicks(shop) == []
    visitor.close()
