"""Chromium against a real `kith web`, and one organization with something of everything.

`open_page("manager", phone=True, dark=True, language="nl")` is a page of a browser of its own, signed in as the
member of that role. Whatever the content security policy forbids there, and every script error, fails the test.
Organizations that a test changes it makes itself (`tests.flows.conftest.organization`); `demo` is for reading.
"""

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.test import Client
from django.test.utils import override_settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from conftest import signed_in
from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.presets import demo as demonstration
from kith.presets.demo import plan
from kith.tenants import queries as tenants
from kith.tenants.models import Tenant
from tests.flows.conftest import organization as organization
from tests.serving import Live

AXE = Axe().axe_script
# Colors that are on their way to others have the contrast of neither.
SETTLED = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const moving = document.getAnimations().map((each) => each.finished);
    await Promise.race([Promise.allSettled(moving), new Promise((done) => setTimeout(done, 1000))]);
}"""
CHROMIUM = "/usr/bin/chromium"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SMALL = demonstration.Company(
    "kornoelje", "travel", "Kornoelje Reizen", "KR", customers=36, referrers=14, booking_prefix="KR26", seed=20_260,
    shape=plan.Shape(
        referrals=60, clicks=600, waiting=8, direct_bookings=0.6, amounts=(180, 4_800), amount_known=0.8,
        hears_within=(3, 12),
    ),
    payouts=((30, 0), (15, 1), (2, 0)), days=datetime.timedelta(days=130),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Demo:
    """The organization that has something of everything; read only."""

    tenant: Tenant

    @property
    def slug(self) -> str:
        """Its short name, which begins the paths of its pages."""
        return self.tenant.slug

    def inside(self, actor: Actor = SYSTEM) -> Any:
        """Its rows, for a `with`."""
        return tenancy.use(self.tenant.id, actor=actor)

    def actor(self, role: str) -> Actor:
        """The member with that role."""
        with self.inside():
            return tenants.member_actor(next(row for row in tenants.members() if row.role == role))


@pytest.fixture(scope="session")
def demo(django_db_setup: None, django_db_blocker: Any, files: Path) -> Demo:
    """Four months of a small travel company, lived through with the features' own actions."""
    with django_db_blocker.unblock(), override_settings(DATA_DIR=files):
        demonstration.load(SMALL, now=clock.now())
        found = Demo(Tenant.objects.get(slug=SMALL.slug))
        connections.close_all()
    return found


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser that the system has. Gone after the last test here: its event loop would disturb others."""
    assert Path(CHROMIUM).exists(), "Chromium is missing; run scripts/setup test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Opener:
    """Makes pages and remembers what went wrong on them, in `said`."""

    def __init__(self, chromium: Browser, live: Live, demo: Demo) -> None:
        self.chromium, self.live, self.demo = chromium, live, demo
        self.said: list[str] = []
        self.contexts: list[BrowserContext] = []

    def __call__(
        self,
        who: str | Actor | Client = "",
        *,
        phone: bool = False,
        dark: bool = False,
        language: str = "en",
        service_workers: bool = False,
        **options: Any,
    ) -> Page:
        """A page of a new browser of `who`: a role in `demo`, a member, or a client that signed in already.

        `options` are those of Playwright's `new_context`: viewport, java_script_enabled, offline and so on.
        """
        context = self.chromium.new_context(**{
            "base_url": self.live.url, "locale": language, "timezone_id": "Europe/Amsterdam",
            "viewport": PHONE if phone else DESKTOP, "has_touch": phone, "is_mobile": phone,
            "color_scheme": "dark" if dark else "light", "reduced_motion": "reduce",
            "service_workers": "allow" if service_workers else "block", **options,
        })  # fmt: skip
        context.set_default_timeout(20_000)
        cookies = {**self._session(who), settings.LANGUAGE_COOKIE_NAME: language}
        context.add_cookies([
            {"name": name, "value": value, "url": self.live.url} for name, value in cookies.items()
        ])  # fmt: skip
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(f"{page.url}: {error}"))
        self.contexts.append(context)
        return page

    def _session(self, who: str | Actor | Client) -> Mapping[str, str]:
        if not who:
            return {}
        actor = self.demo.actor(who) if isinstance(who, str) else who
        client = actor if isinstance(actor, Client) else signed_in(actor)
        return {name: cookie.value for name, cookie in client.cookies.items()}

    def _hear(self, message: ConsoleMessage) -> None:
        words = ("Content Security Policy", "TrustedHTML", "TrustedScript", "Trusted Type")
        if any(word in message.text for word in words):
            self.said.append(f"{message.location.get('url')}: {message.text}")

    def close(self) -> None:
        """End all browsers."""
        while self.contexts:
            self.contexts.pop().close()


@pytest.fixture
def open_page(chromium: Browser, live: Live, demo: Demo, transactional_db: None) -> Iterator[Opener]:
    """Pages of Chromium; see the top of this file."""
    opener = Opener(chromium, live, demo)
    yield opener
    opener.close()
    assert opener.said == []


@pytest.fixture
def in_background(live: Live) -> Callable[[], None]:
    """`in_background()` does what worker and scheduler would do.

    In a thread of its own: Playwright keeps this one's event loop busy, and the worker needs one.
    """

    def work() -> None:
        try:
            live.settle()
        finally:
            connections.close_all()

    def settle() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()

    return settle


def faults(page: Page, only: Sequence[str] = ()) -> list[str]:
    """What axe finds wrong with the page as it stands, one line for each element; of these rules or of all."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.evaluate(SETTLED)
    options = {"resultTypes": ["violations"], **({"runOnly": list(only)} if only else {})}
    found = page.evaluate("(options) => axe.run(document, options)", options)["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]} {_why(node)}"
        for rule in found
        for node in rule["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])[:240]


def sideways(page: Page) -> list[str]:
    """The elements that make the page wider than its window; nothing when none does."""
    wide: list[str] = page.evaluate(
        """() => {
            const root = document.documentElement;
            if (root.scrollWidth <= root.clientWidth) return [];
            return [...document.body.querySelectorAll('*')]
                .filter((each) => {
                    const box = each.getBoundingClientRect();
                    return box.right > root.clientWidth + 1 || box.left < -1;
                })
                .slice(0, 8).map((each) => each.outerHTML.slice(0, 140));
        }"""
    )
    return wide
