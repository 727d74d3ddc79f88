"""The first page of the console."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import make_member
from kith.analytics import actions, queries, rules
from kith.kit import tenancy
from kith.rewards.tests.factories import Scene, earn, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def main(response: Any) -> str:
    """What the page itself says, without the frame around it."""
    return text(response).partition("<main")[2].partition("</main>")[0]


def url(tenant: Any) -> str:
    return reverse("analytics:dashboard", args=[tenant.slug])


@pytest.fixture
def scene(acme: Any, alice: Any) -> Scene:
    with tenancy.use(acme.id, actor=alice):
        return make_scene()


def busy(acme: Any, scene: Scene, number: int) -> None:
    with tenancy.use(acme.id):
        for _each in range(number):
            earn(scene, referral=make_referral(scene, referred_name="Eli Friend"))
        actions.add_to_day(
            day=queries.today(), program_id=scene.program.id, currency="EUR", clicks=40, visitors=30,
            referrals=number, conversions=number, completed=1, revenue_minor=40_000, reward_minor=2_500,
        )  # fmt: skip
        actions.add_to_participant(
            participant_id=scene.dana.id, currency="EUR", referrals=number, completed=1, earned_minor=2_500
        )


def test_an_empty_organization_is_told_what_to_do(acme: Any, alice: Any, bob: Any, browse: Any) -> None:
    shown = main(browse(alice).get(url(acme)))
    assert reverse("presets:checklist", args=[acme.slug]) in shown
    assert "Nobody yet" in shown
    # Who cannot set the organization up is told how it works, without what only others may do.
    assert reverse("participants:import", args=[acme.slug]) in main(
        browse(make_member(acme, "mia", "manager")).get(url(acme))
    )
    shown = main(browse(bob).get(url(acme)))
    assert "Three steps to the first referral" in shown
    assert reverse("participants:import", args=[acme.slug]) not in shown


def test_who_has_done_everything_is_told_so(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    with tenancy.use(acme.id):
        actions.add_to_day(day=queries.today(), program_id=scene.program.id, currency="EUR", referrals=1)
    assert "Nothing. You are up to date." in text(browse(alice).get(url(acme)))


def test_only_what_a_member_can_do_waits_for_them(
    acme: Any, alice: Any, bob: Any, scene: Scene, browse: Any
) -> None:
    busy(acme, scene, 3)
    with tenancy.use(acme.id):
        earn(scene, "available")
        earn(scene, "available")
    shown = main(browse(alice).get(url(acme)))
    waiting = f"{reverse('rewards:queue', args=[acme.slug])}?show=waiting"
    assert waiting in shown
    assert "referrals to decide on" in shown
    assert "due to 1 person" in shown
    assert "€50.00" in shown
    shown = main(browse(bob).get(url(acme)))
    assert waiting not in shown
    assert "due to" not in shown


def test_the_health_of_the_program_is_that_of_the_period(acme: Any, alice: Any, scene: Scene) -> None:
    with tenancy.use(acme.id, actor=alice):
        today = queries.today()
        for day, completed, rejected in ((today, 1, 3), (today - datetime.timedelta(days=7), 2, 0)):
            actions.add_to_day(
                day=day, program_id=scene.program.id, currency="EUR", referrals=4, completed=completed,
                rejected=rejected,
            )  # fmt: skip
        board = queries.dashboard(7)
        health = queries.health(board.totals, board.before, board.period, board.currency)
        assert (health.converted.value, health.converted_before.value) == (0.25, 0.5)
        assert health.refused.value == 0.75
        assert health.deciding is None


@pytest.mark.parametrize("days", ["7", "30", "90", "365"])
def test_every_period_shows_figures_chart_and_what_waits(
    days: str, acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    busy(acme, scene, 2)
    shown = text(browse(alice).get(url(acme), {"days": days}))
    for words in ("€400.00", "€25.00", "Dana Referrer", "referrals to decide on", 'class="chart-wide"'):
        assert words in shown


def test_what_counts_is_called_as_the_organization_calls_it(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    busy(acme, scene, 1)
    acme.labels = acme.labels | {"conversion": {"en": "Enrollment", "nl": "Inschrijving"}}
    acme.save(update_fields=["labels"])
    assert "Enrollment" in main(browse(alice).get(url(acme)))
    assert "Inschrijving" in main(browse(alice).get(url(acme), headers={"Accept-Language": "nl"}))


def test_other_periods_are_refused(acme: Any, alice: Any, browse: Any) -> None:
    for days in ("0", "x", "31"):
        assert browse(alice).get(url(acme), {"days": days}).status_code == 422


def test_viewers_look_and_strangers_find_nothing(
    acme: Any, bob: Any, charlie: Any, scene: Scene, browse: Any
) -> None:
    busy(acme, scene, 1)
    assert browse(bob).get(url(acme)).status_code == 200
    assert browse(charlie).get(url(acme)).status_code == 404
    assert Client().get(url(acme)).status_code == 302


def test_a_busy_dashboard_costs_as_many_statements_as_a_quiet_one(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    client, counts = browse(alice), []
    for number in (1, 8):
        busy(acme, scene, number)
        client.get(url(acme))
        with CaptureQueriesContext(connection) as seen:
            client.get(url(acme))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_long_lines_are_drawn_by_week_or_month() -> None:
    first = datetime.date(2026, 1, 1)
    series = [{"day": first + datetime.timedelta(days=n), "referrals": 1} for n in range(365)]
    assert len(rules.grouped(series[:30], 30)) == 30
    weeks = rules.grouped(series[:90], 90)
    assert (len(weeks), sum(week["referrals"] for week in weeks)) == (14, 90)
    months = rules.grouped(series, 365)
    assert [len(months), months[1]["day"], months[1]["referrals"]] == [12, datetime.date(2026, 2, 1), 28]
