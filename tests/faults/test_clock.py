"""The calendar's corners: time zones, changes of the clocks, leap days, ends of months. A day is the organization's."""

import datetime
import itertools
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kith.analytics import actions as analytics
from kith.analytics import handlers, queries, rules
from kith.analytics.models import DayRollUp, ParticipantMonthRollUp
from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.days import day_of, days_after
from kith.kit.events import StoredEvent
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.payouts.rules import execution_day
from kith.programs import actions as programs
from kith.referrals import actions as referrals
from kith.referrals.actions.refusals import ConversionTooLate
from kith.referrals.models import Click
from kith.referrals.tests.factories import Scene, make_scene, refer
from kith.rewards import actions as rewards
from kith.rewards.models import Reward
from kith.tenants.models import Tenant

SECOND = datetime.timedelta(seconds=1)
# Where the same moment lies on three different days, and where the clocks change at odd times.
ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Asia/Kathmandu",
    "America/Santiago",
    "Europe/Amsterdam",
    "UTC",
)


def local(text: str, zone: str = "Europe/Amsterdam", fold: int = 0) -> datetime.datetime:
    """A wall-clock time somewhere, as UTC."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def move_to(zone: str) -> None:
    Tenant.objects.filter(pk=tenancy.current_tenant_id()).update(timezone=zone)


@pytest.fixture
def scene(in_acme: Any) -> Scene:
    """A program that pays EUR 25 for a booking after 14 days, with windows of 30, 365 and 30 days."""
    made = make_scene(click_window_days=30, conversion_window_days=365, report_window_days=30)
    spec = {"trigger": "conversion:booking", "fixed_minor": 2_500, "hold_days": 14, "auto_approve": True}
    rule = programs.create_rule(program=made.program, code="flat", name="Flat", actor=SYSTEM, now=EARLY)
    draft = programs.draft_version(rule=rule, spec=spec, actor=SYSTEM, now=EARLY)
    programs.publish_version(version=draft, actor=SYSTEM, now=EARLY)
    programs.open_budget(program=made.program, hard_cap=None, actor=SYSTEM, now=EARLY)
    return made


EARLY = datetime.datetime(2023, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "zone", "end"),
    [
        ("2026-03-20T09:00", 14, "Europe/Amsterdam", "2026-04-03T09:00"),  # an hour was lost on the way
        ("2026-10-20T00:00", 14, "Europe/Amsterdam", "2026-11-03T00:00"),  # an hour was won
        ("2026-03-28T02:30", 1, "Europe/Amsterdam", "2026-03-29T03:30"),  # half past two does not exist
        ("2026-10-24T02:30", 1, "Europe/Amsterdam", "2026-10-25T02:30"),  # and here it comes twice
        ("2028-02-15T12:00", 14, "Europe/Amsterdam", "2028-02-29T12:00"),
        ("2027-02-15T12:00", 14, "Europe/Amsterdam", "2027-03-01T12:00"),
        ("2028-02-29T23:59", 365, "Europe/Amsterdam", "2029-02-28T23:59"),
        ("2026-12-31T23:59", 1, "Pacific/Kiritimati", "2027-01-01T23:59"),
        ("2026-09-05T00:30", 1, "America/Santiago", "2026-09-06T01:30"),  # midnight itself is left out
        ("2026-11-03T00:00", -14, "Europe/Amsterdam", "2026-10-20T00:00"),
    ],
)
def test_days_are_counted_on_the_calendar(start: str, days: int, zone: str, end: str) -> None:
    assert days_after(local(start, zone), days, zone) == local(end, zone)


@pytest.mark.parametrize(
    ("booked", "travel_on", "available"),
    [
        ("2026-03-20T09:00", None, "2026-04-03T09:00"),
        ("2026-10-20T18:00", None, "2026-11-03T18:00"),
        ("2026-06-01T09:00", date(2026, 10, 20), "2026-11-03T00:00"),
        ("2028-01-10T09:00", date(2028, 2, 15), "2028-02-29T00:00"),
        ("2026-01-31T23:30", None, "2026-02-14T23:30"),
    ],
)
def test_a_hold_ends_at_the_promised_moment_and_not_before(
    scene: Scene, booked: str, travel_on: date | None, available: str
) -> None:
    at, due = local(booked), local(available)
    refer(scene, amount=Money(60_000, "EUR"), travel_on=travel_on, now=at)
    decide_all(at)
    assert Reward.objects.get().hold_until == due
    assert rewards.mature_due(now=due - SECOND) == 0
    assert rewards.mature_due(now=due) == 1


def decide_all(now: datetime.datetime) -> None:
    for event in OutboxEvent.objects.filter(type="conversion.recorded"):
        rewards.decide_conversion(conversion_id=event.data["conversion_id"], actor=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("referred", "last"),
    [
        ("2026-03-29T12:00", "2027-03-29T12:00"),  # referred on the day of the change, a year to the hour
        ("2027-10-31T02:30", "2028-10-30T02:30"),  # a leap day in between takes one day
        ("2028-02-29T10:00", "2029-02-28T10:00"),
    ],
)
def test_a_conversion_counts_until_the_last_second_of_its_window(
    scene: Scene, referred: str, last: str
) -> None:
    referral, end = refer(scene, now=local(referred)), local(last)

    def book(at: datetime.datetime, number: str) -> Any:
        return referrals.record_conversion(
            referral=referral, event="booking", external_id=number, occurred_at=at, source="api", actor=SYSTEM, now=at
        )  # fmt: skip

    with pytest.raises(ConversionTooLate):
        book(end + SECOND, "late")
    assert book(end, "in time").pk


def test_a_late_report_counts_until_the_last_second(scene: Scene) -> None:
    referral = refer(scene, now=local("2026-10-01T10:00"))
    happened, last = local("2026-10-10T10:00"), local("2026-11-09T10:00")

    def report(at: datetime.datetime, number: str) -> Any:
        return referrals.record_conversion(
            referral=referral, event="booking", external_id=number, occurred_at=happened, source="api",
            actor=SYSTEM, now=at,
        )  # fmt: skip

    with pytest.raises(ConversionTooLate):
        report(last + SECOND, "late")
    assert report(last, "in time").pk


def test_a_click_is_evidence_until_the_last_second(scene: Scene) -> None:
    clicked, last = local("2026-03-10T12:00"), local("2026-04-09T12:00")
    answer = referrals.record_click(
        code=scene.dana.code, address="203.0.113.9", user_agent="Mozilla/5.0 Firefox/130.0", is_visit=True, now=clicked
    )  # fmt: skip
    late = refer(scene, click_id=answer.click_id, now=last + SECOND)
    in_time = refer(scene, click_id=answer.click_id, now=last)
    assert (late.click_id, in_time.click_id) == (None, answer.click_id)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", ["2026-12-31T23:59:59", "2028-02-29T12:00:00", "2026-03-29T00:59:59"])
def test_everything_that_happens_at_one_moment_lands_on_one_day(scene: Scene, zone: str, moment: str) -> None:
    """Python's day (handlers), PostgreSQL's day (clicks) and the day shown on the dashboard are the same."""
    move_to(zone)
    at = datetime.datetime.fromisoformat(moment).replace(tzinfo=UTC)
    with clock.frozen(at):
        referrals.record_click(
            code=scene.dana.code, address="203.0.113.9", user_agent="Mozilla/5.0 Firefox/130.0", is_visit=True, now=at
        )  # fmt: skip
        refer(scene, amount=Money(60_000, "EUR"), now=at)
        roll_up()
        day = at.astimezone(ZoneInfo(zone)).date()
        row = DayRollUp.objects.get()
        assert (row.day, row.clicks, row.referrals, row.conversions) == (day, 1, 1, 1)
        assert ParticipantMonthRollUp.objects.get(n__gt=0).month == day.replace(day=1)
        assert queries.totals(rules.period(1, queries.today()), currency="EUR").referrals == 1


def roll_up() -> None:
    """What the relay and the click counter do, inside the test's transaction."""
    names = {
        "referral.created": handlers.on_referral_created,
        "conversion.recorded": handlers.on_conversion_recorded,
    }
    for row in OutboxEvent.objects.filter(type__in=names).order_by("position"):
        stored = StoredEvent(
            row.position, row.id, row.tenant_id, row.type, row.subject_type, row.subject_id, row.actor,
            row.request_id, row.occurred_at, row.data,
        )  # fmt: skip
        names[row.type](stored, now=row.occurred_at)
    for click in Click.objects.all():
        day = day_of(click.occurred_at, Tenant.objects.get(pk=click.tenant_id).timezone)
        assert local_day_of_the_database(click) == day
        analytics.add_to_day(day=day, program_id=click.program_id, currency="EUR", clicks=1)


def local_day_of_the_database(click: Click) -> date:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select (c.occurred_at at time zone t.timezone)::date from referrals_click c"
            " join tenants_tenant t on t.id = c.tenant_id where c.id = %s",
            [click.pk],
        )
        return cursor.fetchone()[0]


def test_a_year_of_days_has_no_gap_and_no_double() -> None:
    """Every day of a leap year is one day of the roll-ups, in zones with and without changes of the clocks."""
    for zone in ZONES:
        hours = (
            datetime.datetime(2027, 12, 29, tzinfo=UTC) + datetime.timedelta(hours=n) for n in range(24 * 372)
        )
        days = list(dict.fromkeys(day_of(hour, zone) for hour in hours))
        assert all((after - before).days == 1 for before, after in itertools.pairwise(days))
        assert date(2028, 2, 29) in days


def test_periods_at_the_end_of_february() -> None:
    found = rules.period(30, date(2028, 3, 1))
    assert (found.first, found.last) == (date(2028, 2, 1), date(2028, 3, 1))
    assert (found.before.first, found.before.last) == (date(2028, 1, 2), date(2028, 1, 31))


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        ("2026-12-31T23:30", "Europe/Amsterdam", date(2026, 12, 31)),
        ("2026-12-31T23:30", "Pacific/Kiritimati", date(2026, 12, 31)),
        ("2027-01-01T00:30", "Europe/Amsterdam", date(2027, 1, 4)),  # New Year, then a weekend
        ("2027-03-26T10:00", "Europe/Amsterdam", date(2027, 3, 30)),  # Good Friday to Easter Monday
    ],
)
def test_banks_are_asked_for_a_day_on_which_they_work(now: str, zone: str, day: date) -> None:
    assert execution_day(None, day_of(local(now, zone), zone)) == day
