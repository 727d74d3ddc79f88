"""`make screenshots`: fresh pictures of the demonstration for the README and the guide.

Kith has to run (`make run`). Every picture is made in English and in Dutch. The demonstration keeps its data,
apart from sessions and a table that was looked at and not imported.
"""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from visitors import Demonstration, Visitor, demonstration

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
DESKTOP, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
CHROMIUM = "/usr/bin/chromium"
LARGEST = 150_000
TABLES = {
    "en": (
        "customers.csv",
        "Full name;E-mail;Mobile;Country;Loyalty card\nMara Visser;mara@example.com;06 12345678;NL;4411\n"
        "Tom Peters;tom@example.com;06 23456789;NL;4412\nAisha Kaya;aisha at example;06 34567890;NL;4413\n",
    ),
    "nl": (
        "klanten.csv",
        "Naam;E-mailadres;Mobiel;Land;Klantenkaart\nMara Visser;mara@example.com;06 12345678;NL;4411\n"
        "Tom Peters;tom@example.com;06 23456789;NL;4412\nAisha Kaya;aisha bij example;06 34567890;NL;4413\n",
    ),
}


@dataclass(frozen=True)
class Scene:
    """A picture: its name, who looks at what (`{language}` is filled in), on which device, after doing what."""

    name: str
    visitor: Visitor
    way: str
    phone: bool = False
    dark: bool = False
    then: Callable[[Page, str], None] = lambda page, language: None


def scenes(demo: Demonstration) -> list[Scene]:
    """Every picture of the README and the guide."""
    staff, console, portal = demo.staff, demo.staff.home, demo.participant.home
    person, referral, program, batch = (f"{console}{way}/" for way in found(demo.slug))
    return [
        Scene("setup", staff, "/start/kind/"),
        Scene("dashboard", staff, console),
        Scene("dashboard-dark", staff, console, dark=True),
        Scene("dashboard-phone", staff, console, phone=True),
        Scene("palette", staff, console, then=search),
        Scene("people", staff, f"{console}people/"),
        Scene("person", staff, person),
        Scene("import", staff, f"{console}people/import/", then=upload),
        Scene("approve", staff, f"{console}referrals/?show=waiting", then=choose),
        Scene("referral", staff, referral),
        Scene("program", staff, program),
        Scene("landing-editor", staff, f"{program}landing/?language={{language}}"),
        Scene("messages", staff, f"{program}share/?language={{language}}"),
        Scene("rewards", staff, f"{console}rewards/"),
        Scene("payouts", staff, f"{console}payouts/"),
        Scene("batch", staff, batch),
        Scene("settings", staff, f"{console}settings/"),
        Scene("words", staff, f"{console}settings/words/"),
        Scene("brand", staff, f"{console}settings/brand/"),
        Scene("team", staff, f"{console}settings/team/"),
        Scene("audit", staff, f"{console}settings/audit/?table=referrals_referral"),
        Scene("portal", demo.participant, portal),
        Scene("portal-phone", demo.participant, portal, phone=True),
        Scene("portal-phone-dark", demo.participant, f"{portal}referrals/", phone=True, dark=True),
        Scene("portal-share-phone", demo.participant, f"{portal}share/", phone=True),
        Scene("landing", demo.friend, demo.friend.home),
        Scene("landing-phone", demo.friend, demo.friend.home, phone=True),
    ]


def found(slug: str) -> tuple[str, str, str, str]:
    """Where the console shows a busy person, a referral of theirs, the first program and the newest batch."""
    from django.db.models import Count

    from kith.kit import tenancy
    from kith.payouts.models import PayoutBatch
    from kith.programs.models import Program
    from kith.referrals.models import Referral
    from kith.tenants.models import Tenant

    with tenancy.use(Tenant.objects.get(slug=slug).id):
        busy = Referral.objects.values("referrer_id").annotate(number=Count("id")).order_by("-number")[1]
        earned = Referral.objects.filter(category="completed").latest("completed_at")
        program, batch = Program.objects.earliest("created_at"), PayoutBatch.objects.latest("created_at")
        return (
            f"people/{busy['referrer_id']}", f"referrals/{earned.id}", f"programs/{program.id}",
            f"payouts/{batch.id}",
        )  # fmt: skip


def choose(page: Page, language: str) -> None:
    """Open the first referral's evidence and tick three."""
    page.locator("#list tbody tr").first.locator("a").first.click()
    page.locator("#file").wait_for()
    for at in range(3):
        with page.expect_response("**/release/**"):
            page.locator("#list [name='ids']").nth(at).check()


def upload(page: Page, language: str) -> None:
    """Give the wizard a table with a row that cannot be stored."""
    name, text = TABLES[language]
    page.locator("#id_file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": text.encode()})
    page.locator("form[enctype] button").first.click()
    page.wait_for_url("**/import/*-*/")


def search(page: Page, language: str) -> None:
    """Open the palette and look somebody up."""
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input").first.fill("anna")
    page.locator("dialog[open] [role=option]").filter(has_text="anna").nth(1).wait_for()


def take(browser: Browser, url: str, wanted: list[Scene], folder: Path, language: str) -> None:
    """These pictures in one language."""
    from django.conf import settings

    for scene in wanted:
        context = browser.new_context(
            base_url=url, viewport=PHONE if scene.phone else DESKTOP, reduced_motion="reduce",
            color_scheme="dark" if scene.dark else "light", device_scale_factor=2 if scene.phone else 1,
            locale=language, timezone_id="Europe/Amsterdam", service_workers="block",
        )  # fmt: skip
        cookies = {**scene.visitor.cookies, settings.LANGUAGE_COOKIE_NAME: language}
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        page = context.new_page()
        answer = page.goto(scene.way.replace("{language}", language), wait_until="networkidle")
        if answer is None or answer.status != 200:
            status = answer.status if answer else "nothing"
            raise SystemExit(f"{scene.way} answered {status}; no picture was made of it.")
        scene.then(page, language)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        keep(page.screenshot(), folder / f"{scene.name}{'' if language == 'en' else '-' + language}.png")
        context.close()


def keep(picture: bytes, path: Path) -> None:
    """Store it with a palette, which makes a third of it. Exits when it is too large for a repository."""
    image: Any = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} has {path.stat().st_size:,} bytes; at most {LARGEST:,} are kept.")


def invited(demo: Demonstration) -> None:
    """Let the owner's session see the first step of setting up, as somebody with an invitation does."""
    from importlib import import_module

    from django.conf import settings

    from kith.kit import tenancy
    from kith.presets import actions
    from kith.presets.pages.start import INVITED
    from kith.tenants.models import Member, Tenant

    with tenancy.use(Tenant.objects.get(slug=demo.slug).id):
        email = Member.objects.get(role="owner", removed_at=None).user.email
    store = import_module(settings.SESSION_ENGINE).SessionStore
    session = store(demo.staff.cookies[settings.SESSION_COOKIE_NAME])
    session[INVITED] = actions.start_token(email)
    session.save()


def main() -> None:
    """Into docs/pictures, or the folder named on the command line; names after it choose pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    if not Path(CHROMIUM).exists():
        raise SystemExit("Chromium is missing; run: apt-get install chromium")
    demo = demonstration(role="owner")
    invited(demo)
    wanted = [scene for scene in scenes(demo) if not sys.argv[2:] or scene.name in sys.argv[2:]]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for language in ("en", "nl"):
            take(browser, demo.url, wanted, folder, language)
        browser.close()
    click.echo(f"{2 * len(wanted)} pictures are in {folder}")


if __name__ == "__main__":
    main()
