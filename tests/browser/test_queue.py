"""The queue in a browser: three hundred at once, and a morning's work without a mouse."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from kith.kit import tenancy
from kith.ledger import queries as ledger
from kith.payouts.queries import money_offences
from kith.rewards.models import Reward
from kith.rewards.tests.factories import earn, make_referral, make_scene
from kith.tenants import queries as tenants
from tests.browser.conftest import faults

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "counters"])


def waiting(house: Any, number: int) -> None:
    """Referrals with a reward of 25 euros to approve, made one after the other."""
    with tenancy.use(house.tenant.id):
        scene = make_scene()
        for index in range(number):
            name = f"Friend {index:03}"
            earn(scene, referral=make_referral(scene, stage="confirmed", referred_name=name))


def owner(house: Any) -> Any:
    """Who runs the organization."""
    with tenancy.use(house.tenant.id):
        return tenants.member_actor(next(row for row in tenants.members() if row.role == "owner"))


def statuses(house: Any) -> list[str]:
    with tenancy.use(house.tenant.id):
        return sorted(Reward.objects.values_list("status", flat=True))


def test_three_hundred_are_approved_after_the_money_was_shown(
    organization: Any, open_page: Any, in_background: Any
) -> None:
    house = organization
    waiting(house, 300)
    page = open_page(owner(house))
    page.goto(f"/t/{house.tenant.slug}/referrals/")
    page.get_by_label("Select all on this page").check()
    expect(page.locator(".release")).to_contain_text("€625.00")
    page.get_by_label("all 300 that match").check()
    expect(page.locator(".release")).to_contain_text("€7,500.00")
    page.locator("[data-approve-many]").click()
    page.wait_for_url(re.compile("/referrals/decided/"))
    assert set(statuses(house)) == {"pending_approval"}
    in_background()
    expect(page.get_by_text("300 referrals are approved.")).to_be_visible()
    assert statuses(house) == ["approved"] * 300
    with tenancy.use(house.tenant.id):
        promised = sum(line.money.amount_minor for line in ledger.trial_balance() if line.kind == "pending")
        assert promised == 750_000
        assert money_offences() == []
    page.get_by_role("button", name="Undo all of it").click()
    page.wait_for_url(re.compile("/referrals/decided/"))
    in_background()
    expect(page.get_by_text("300 decisions are undone.")).to_be_visible()
    assert set(statuses(house)) == {"pending_approval"}


def test_the_queue_is_worked_through_with_keys_alone(organization: Any, open_page: Any) -> None:
    house = organization
    waiting(house, 4)
    page = open_page(owner(house))
    page.goto(f"/t/{house.tenant.slug}/referrals/")
    file = page.locator("#file .file-head h2")
    first = file.inner_text()
    page.keyboard.press("j")
    expect(file).not_to_have_text(first)
    page.keyboard.press("k")
    expect(file).to_have_text(first)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    page.keyboard.press("a")
    expect(page.get_by_text("The referral is approved.")).to_be_visible()
    expect(file).not_to_have_text(first)
    assert statuses(house) == ["approved", *["pending_approval"] * 3]
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("The decision is undone; it waits again.")).to_be_visible()
    assert statuses(house) == ["pending_approval"] * 4
    page.goto(f"/t/{house.tenant.slug}/referrals/")
    for key in ("x", "j", "x", "r"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Reject the selected referrals?")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Tab")
    page.get_by_role("dialog", name="Reject the selected referrals?").get_by_role(
        "button", name="Reject"
    ).press("Enter")
    expect(page.get_by_text("2 referrals are rejected.")).to_be_visible()
    assert statuses(house) == [*["pending_approval"] * 2, *["rejected"] * 2]
