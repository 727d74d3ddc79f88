"""A newcomer sets an organization up and brings it to its first approved reward; a table with errors is mended."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from kith.kit import tenancy
from kith.participants.models import Participant
from kith.presets import actions
from kith.referrals.models import Referral
from kith.rewards.models import Reward
from kith.tenants.models import Tenant
from tests.browser.conftest import faults

pytestmark = pytest.mark.browser

TABLE = "Wie;Mail;Telefoon\nEli Evers;eli@example.com;0612345678\nFay Faber;fay bij example;0612345679\n"


def logo() -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("RGB", (200, 200), "#7c2d5b").save(file, "PNG")
    return {"name": "logo.png", "mimeType": "image/png", "buffer": file.getvalue()}


def set_up(page: Page, slug: str) -> None:
    """From the link of the letter to the list of first steps."""
    page.goto(f"/start/invitation/{actions.start_token(f'{slug}@example.com')}/")
    page.get_by_label("Your name").fill("Nora Nieuw")
    page.get_by_label("User name").fill(slug)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Create my account").click()
    page.get_by_text("Visa consultancy").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the organization").fill(slug.replace("-", " ").title())
    expect(page.get_by_label("Address")).to_have_value(slug)
    expect(page.locator("#slug-state")).to_contain_text("is free")
    page.get_by_label("Country").select_option("NL")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Amsterdam")
    page.get_by_role("button", name="Continue").click()
    page.locator("#id_logo").set_input_files(logo())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Brand color")).to_have_value("#7c2d5b")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Reward per successful referral").fill("75")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("€75.00").first).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Getting started")).to_be_visible()


def bring_people(page: Page, slug: str, in_background: Any, folder: Path) -> None:
    """A table whose headings nobody knows, with a row that cannot be stored; then that row, mended."""
    page.goto(f"/t/{slug}/people/import/")
    page.locator("#id_file").set_input_files(
        {"name": "klanten.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    page.get_by_role("button", name="Look at the file").click()
    page.locator("#column_1").select_option("name")
    expect(page.get_by_text("1 row of 2 cannot be stored like this.")).to_be_visible()
    expect(page.get_by_role("cell", name="+31612345678")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Import it").click()
    expect(page.get_by_role("heading", name="Waiting for its turn")).to_be_visible()
    in_background()
    expect(page.get_by_role("heading", name="The table is imported")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download the rows to repair").click()
    mended = folder / "mended.csv"
    downloading.value.save_as(mended)
    text = mended.read_text("utf-8-sig").replace("fay bij example", "fay@example.com").replace("Wie", "Naam")
    mended.write_text(text)
    page.goto(f"/t/{slug}/people/import/")
    page.locator("#id_file").set_input_files(mended)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_text("1 row was checked and is good.")).to_be_visible()
    page.get_by_role("button", name="Import it").click()
    in_background()
    expect(page.get_by_role("heading", name="The table is imported")).to_be_visible()


def befriend(friend: Page, code: str) -> None:
    """On a phone, through the link that somebody shared."""
    friend.goto(f"/r/{code}")
    friend.get_by_label("Your name").fill("Gijs Groen")
    friend.get_by_label("Your e-mail address").fill("gijs@example.com")
    friend.locator("input[name=consent]").check()
    friend.locator("#form button[type=submit]").click()
    friend.wait_for_url("**/thanks*")


def test_a_newcomer_comes_to_the_first_approved_reward(
    open_page: Any, in_background: Any, tmp_path: Path
) -> None:
    page, slug = open_page(), "nieuw-advies"
    set_up(page, slug)
    bring_people(page, slug, in_background, tmp_path)
    tenant = Tenant.objects.get(slug=slug)
    with tenancy.use(tenant.id):
        assert set(Participant.objects.values_list("name", flat=True)) == {"Eli Evers", "Fay Faber"}
        code = Participant.objects.get(name="Eli Evers").code
    befriend(open_page(phone=True), code)
    with tenancy.use(tenant.id):
        referral = Referral.objects.get()
    for stage in ("contacted", "qualified", "converted"):
        page.goto(f"/t/{slug}/referrals/{referral.id}/")
        page.get_by_label("To stage").select_option(stage)
        with page.expect_response("**/move/"):
            page.get_by_role("button", name="Move it").click()
    in_background()
    page.goto(f"/t/{slug}/referrals/{referral.id}/")
    with page.expect_response("**/approve/"):
        page.get_by_role("button", name="Approve €75.00").click()
    with tenancy.use(tenant.id):
        reward = Reward.objects.get()
        assert reward.amount_minor == 7500
        assert reward.status in {"approved", "on_hold"}, "approved, and waiting for its thirty days"
    page.goto(f"/t/{slug}/start/")
    expect(page.get_by_role("listitem").filter(has_text="Share the first link")).to_contain_text("(done)")
