"""A landing page from the first word that is typed to a friend who signs up without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from kith.participants.models import Participant
from kith.programs.models import Program
from kith.referrals import queries
from kith.referrals.models import Referral
from tests.browser.conftest import Demo, Opener, faults, sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]


def test_a_page_is_written_looked_at_published_and_used(open_page: Opener, demo: Demo) -> None:
    with demo.inside():
        program = Program.objects.get(is_default=True)
        code = Participant.objects.filter(status="active").order_by("code").first().code
    desk = open_page("owner")
    desk.goto(f"/t/{demo.slug}/programs/{program.id}/landing/?language=en")

    desk.locator("#id_title").fill("Pack your bag")
    preview = desk.locator("#preview")
    expect(preview.locator("h1")).to_have_text("Pack your bag")
    desk.get_by_label("What your friend agrees to").fill("Kornoelje may call me about a trip.")
    desk.get_by_label("Desktop").check(force=True)
    expect(preview.locator(".landing-top")).to_have_css("grid-template-columns", re.compile(r"^\S+ \S+$"))
    desk.get_by_role("button", name="Move “Small print” up").click()
    expect(desk.get_by_text("The draft is saved.")).to_be_visible()
    expect(desk.locator("#id_title")).to_have_value("Pack your bag")
    assert (faults(desk), sideways(desk)) == ([], [])

    friend = open_page(phone=True, java_script_enabled=False)
    friend.goto(f"/r/{code}")
    expect(friend.get_by_role("heading", level=1)).not_to_have_text("Pack your bag")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_text("The page is published.")).to_be_visible()

    friend.goto(f"/r/{code}")
    expect(friend.get_by_role("heading", level=1)).to_have_text("Pack your bag")
    friend.get_by_role("button", name="Count me in").click()
    expect(friend.get_by_role("alert")).to_contain_text("need your attention")
    expect(friend.get_by_role("alert")).to_be_in_viewport()
    friend.get_by_label("Your name").fill("Noor Nieuw")
    friend.get_by_label("Your e-mail address").fill("noor.nieuw@example.com")
    friend.get_by_label("Booking reference").fill("NOOR-1")
    friend.get_by_label("Kornoelje may call me about a trip.").check()
    friend.get_by_role("button", name="Count me in").click()
    expect(friend.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(friend.get_by_text("looks up your booking")).to_be_visible()
    assert friend.url.endswith(f"/r/{code}/thanks"), "nothing of the form is left in the address"

    with demo.inside():
        made = Referral.objects.get(booking_reference="NOOR-1")
        kept = queries.agreement(made.id)
    assert made.source == "landing"
    assert kept is not None
    assert (kept.text, kept.version) == ("Kornoelje may call me about a trip.", 2)


@pytest.mark.parametrize("dark", [False, True])
def test_the_public_pages_have_no_faults_on_a_phone(open_page: Opener, demo: Demo, dark: bool) -> None:
    with demo.inside():
        code = Participant.objects.filter(status="active").order_by("code").first().code
    page = open_page(phone=True, dark=dark, viewport={"width": 360, "height": 740})
    for path in (f"{code}/welcome", f"{code}/thanks", "23456789", "?code=x"):
        page.goto(f"/r/{path}")
        assert (path, faults(page), sideways(page)) == (path, [], [])
