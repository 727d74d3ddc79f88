"""`make screenshots`: fresh pictures of the demonstration for the README and the documentation.

Kith has to run (`make run`). Every picture is made in English and in Dutch; those of the README are English.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from playwright.sync_api import Browser, sync_playwright
from visitors import Demonstration, Visitor, demonstration

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
CHROMIUM = "/usr/bin/chromium"


def scenes(demo: Demonstration) -> Iterator[tuple[str, Visitor, str, bool, bool]]:
    """Name of the picture, who looks, at what, on a phone, in the dark."""
    console, portal = demo.staff.home, demo.participant.home
    yield "dashboard", demo.staff, console, False, False
    yield "dashboard-dark", demo.staff, console, False, True
    yield "approve", demo.staff, f"{console}referrals/?show=waiting", False, False
    yield "people", demo.staff, f"{console}people/", False, False
    yield "programs", demo.staff, f"{console}programs/", False, False
    yield "payouts", demo.staff, f"{console}payouts/", False, False
    yield "settings", demo.staff, f"{console}settings/", False, False
    yield "dashboard-phone", demo.staff, console, True, False
    yield "portal", demo.participant, portal, False, False
    yield "portal-phone", demo.participant, portal, True, False
    yield "portal-phone-dark", demo.participant, f"{portal}referrals/", True, True
    yield "portal-share-phone", demo.participant, f"{portal}share/", True, False
    yield "landing", demo.friend, demo.friend.home, False, False
    yield "landing-phone", demo.friend, demo.friend.home, True, False


def take(browser: Browser, demo: Demonstration, folder: Path, language: str) -> int:
    """All pictures in one language; how many."""
    from django.conf import settings

    count = 0
    for name, visitor, way, phone, dark in scenes(demo):
        context = browser.new_context(
            base_url=demo.url, viewport=PHONE if phone else DESKTOP, device_scale_factor=2 if phone else 1,
            color_scheme="dark" if dark else "light", reduced_motion="reduce", locale=language,
            timezone_id="Europe/Amsterdam", service_workers="block",
        )  # fmt: skip
        cookies = {**visitor.cookies, settings.LANGUAGE_COOKIE_NAME: language}
        context.add_cookies(
            [{"name": key, "value": value, "url": demo.url} for key, value in cookies.items()]
        )
        page = context.new_page()
        answer = page.goto(way, wait_until="load")
        if answer is None or answer.status != 200:
            raise SystemExit(
                f"{way} answered {answer.status if answer else 'nothing'}; no picture was made of it."
            )
        page.evaluate("document.fonts.ready")
        page.screenshot(path=folder / f"{name}{'' if language == 'en' else '-' + language}.png")
        context.close()
        count += 1
    return count


def main() -> None:
    """Into docs/pictures, or the folder named on the command line."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    if not Path(CHROMIUM).exists():
        raise SystemExit("Chromium is missing; run: apt-get install chromium")
    demo = demonstration()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        count = sum(take(browser, demo, folder, language) for language in ("en", "nl"))
        browser.close()
    click.echo(f"{count} pictures are in {folder}")


if __name__ == "__main__":
    main()
