"""The portal on a phone: sharing, no connection, no JavaScript, and put among the apps."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models import Count
from django.test import Client
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from kith.participants.models import Participant
from kith.participants.tests.factories import portal_client
from kith.referrals.models import Referral
from tests.browser.conftest import Demo, Opener, faults, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]


def busiest(demo: Demo) -> Participant:
    """Who referred most in the organization that has something of everything."""
    with demo.inside():
        counted = Referral.objects.values("referrer").annotate(n=Count("id")).order_by("-n", "referrer")
        return Participant.objects.select_related("tenant").get(pk=counted[0]["referrer"])


@pytest.fixture
def maarten(demo: Demo, open_page: Opener) -> Participant:
    return busiest(demo)


@pytest.fixture
def inside(maarten: Participant) -> Client:
    return portal_client(maarten)


def home(demo: Demo) -> str:
    return f"/p/{demo.slug}/"


def test_sharing_on_a_phone(demo: Demo, open_page: Opener, maarten: Participant, inside: Client) -> None:
    page = open_page(inside, phone=True, permissions=["clipboard-read", "clipboard-write"])
    page.goto(home(demo))
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith(f"/r/{maarten.code}")
    whatsapp = page.get_by_role("link", name="WhatsApp").get_attribute("href") or ""
    assert urlsplit(whatsapp).netloc == "wa.me"
    assert f"/r/{maarten.code}?c=whatsapp" in parse_qs(urlsplit(whatsapp).query)["text"][0]
    page.locator(".channels").get_by_role("link", name="QR code").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    picture = dialog.get_by_role("img")
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", ["", "referrals/", "earnings/", "share/", "profile/", "account/"])
def test_pages_are_accessible_and_fit_a_narrow_phone(
    demo: Demo, open_page: Opener, inside: Client, path: str, dark: bool
) -> None:
    page = open_page(inside, phone=True, dark=dark, viewport={"width": 360, "height": 740})
    page.goto(home(demo) + path)
    assert faults(page) == []
    assert sideways(page) == []


def kept(page: Page) -> list[str]:
    """Addresses of pages in the browser's caches."""
    found: list[str] = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                if (!name.startsWith('kith-pages')) continue;
                for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
            }
            return found.sort();
        }"""
    )
    return found


def at_work(page: Page) -> None:
    """Wait until the service worker controls the page."""
    page.evaluate(
        """() => new Promise((done) => {
            const worker = navigator.serviceWorker;
            if (worker.controller) done();
            else worker.addEventListener("controllerchange", () => done(), { once: true });
        })"""
    )


def test_without_a_connection_the_last_overview_is_there(
    demo: Demo, open_page: Opener, maarten: Participant, inside: Client
) -> None:
    page = open_page(inside, phone=True, service_workers=True)
    page.goto(home(demo))
    at_work(page)
    page.reload()  # the first visit came before there was a worker
    page.goto(f"{home(demo)}earnings/")
    assert kept(page) == [home(demo), f"{home(demo)}offline/"]
    page.context.set_offline(True)
    page.goto(home(demo))
    expect(page.get_by_role("heading", level=1)).to_contain_text(maarten.name.split()[0])
    expect(page.get_by_text("No connection. You see what was there")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderTopStyle") == "solid"
    page.goto(f"{home(demo)}profile/")
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")
    page.context.set_offline(False)
    page.goto(f"{home(demo)}profile/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")


def test_signing_out_leaves_nothing_on_the_phone(demo: Demo, open_page: Opener, inside: Client) -> None:
    page = open_page(inside, phone=True, service_workers=True)
    page.goto(home(demo))
    at_work(page)
    page.reload()
    assert home(demo) in kept(page)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    assert home(demo) not in kept(page)
    page.context.set_offline(True)
    with pytest.raises(PlaywrightError, match="ERR_"):  # no worker and no copy: the browser itself says so
        page.goto(home(demo))


def test_phones_may_put_it_among_their_apps(demo: Demo, open_page: Opener, inside: Client) -> None:
    page = open_page(inside, phone=True, service_workers=True)
    page.goto(home(demo))
    at_work(page)
    protocol: Any = page.context.new_cdp_session(page)
    errors = protocol.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Browsers started for a test have no profile that an app could be kept in.
    assert [each["errorId"] for each in errors if each["errorId"] != "in-incognito"] == []
    manifest = protocol.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith(f"{home(demo)}manifest.webmanifest")


def test_a_phone_shows_whose_portal_it_is_and_four_figures_two_by_two(
    demo: Demo, open_page: Opener, inside: Client
) -> None:
    page = open_page(inside, phone=True)
    page.goto(home(demo))
    expect(page.get_by_role("banner").get_by_role("link", name=demo.tenant.name)).to_be_visible()
    boxes = [card.bounding_box() or {} for card in page.locator(".card.stat").all()]
    assert len(boxes) == 4
    assert {round(each["x"]) for each in boxes[::2]} != {round(each["x"]) for each in boxes[1::2]}
    assert [round(each["y"]) for each in boxes[::2]] == [round(each["y"]) for each in boxes[1::2]]
    assert page.get_by_role("navigation", name="Quick navigation").get_by_role("link").count() == 4
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Profile")).to_be_visible()


def test_a_phone_that_offers_to_install_it_is_asked_once(
    demo: Demo, open_page: Opener, inside: Client
) -> None:
    page = open_page(inside, phone=True)
    page.goto(home(demo))
    button = page.get_by_role("button", name="Put on your home screen")
    expect(button).to_be_hidden()
    # As the browser does once it finds that the portal can be installed.
    page.evaluate(
        """() => {
            const offer = new Event("beforeinstallprompt", { cancelable: true });
            offer.prompt = () => { window.prompted = (window.prompted || 0) + 1; return Promise.resolve(); };
            window.dispatchEvent(offer);
        }"""
    )
    expect(button).to_be_visible()
    button.click()
    expect(button).to_be_hidden()
    assert page.evaluate("window.prompted") == 1


def test_a_push_is_shown_as_a_notification(demo: Demo, open_page: Opener, inside: Client) -> None:
    page = open_page(inside, phone=True, service_workers=True, permissions=["notifications"])
    protocol: Any = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    protocol.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
    protocol.send("ServiceWorker.enable")
    page.goto(home(demo))
    at_work(page)
    said = {"title": "Noor is a step further", "body": "Booked", "url": f"{home(demo)}referrals/"}
    address = urlsplit(page.url)
    protocol.send("ServiceWorker.deliverPushMessage", {
        "origin": f"{address.scheme}://{address.netloc}", "registrationId": found[-1]["registrationId"],
        "data": json.dumps(said),
    })  # fmt: skip
    page.wait_for_function(
        "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length > 0"
    )
    shown = page.evaluate(
        "async () => (await (await navigator.serviceWorker.ready).getNotifications())"
        ".map(({ title, body, data }) => [title, body, data.url])"
    )
    assert shown == [[said["title"], said["body"], said["url"]]]


def test_without_javascript_everything_can_be_read(demo: Demo, open_page: Opener, inside: Client) -> None:
    page = open_page(inside, phone=True, java_script_enabled=False)
    page.goto(home(demo))
    expect(page.get_by_label("Your link", exact=True)).to_have_value(
        f"http://127.0.0.1:{urlsplit(page.url).port}/r/{busiest(demo).code}"
    )
    page.get_by_role("link", name="Referrals").first.click()
    rows = page.locator(".told-row")
    assert rows.count() > 0
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Step by step")).to_be_visible()
    page.goto(f"{home(demo)}earnings/")
    expect(page.get_by_role("heading", name="Every movement")).to_be_visible()
    page.goto(f"{home(demo)}share/")
    expect(page.get_by_role("img", name="QR code of your link").last).to_be_visible()
