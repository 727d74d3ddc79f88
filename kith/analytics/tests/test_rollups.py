"""Roll-ups equal their recomputation, days are the organization's days, and counting twice changes nothing."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from kith.analytics import actions, handlers, queries, rules
from kith.analytics.models import DayRollUp, ParticipantMonthRollUp, ParticipantRollUp
from kith.kit import clock, outbox, tenancy
from kith.kit.events import StoredEvent
from kith.kit.ids import uuid7
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.referrals import actions as referrals
from kith.referrals.models import Click, Conversion, Referral
from kith.referrals.tests.factories import Scene, make_scene, refer

pytestmark = pytest.mark.django_db

ONLY_ANALYTICS = {
    name: [("analytics", path)]
    for name, path in (
        ("referral.created", "kith.analytics.handlers.on_referral_created"),
        ("referral.moved", "kith.analytics.handlers.on_referral_moved"),
        ("conversion.recorded", "kith.analytics.handlers.on_conversion_recorded"),
        ("conversion.refunded", "kith.analytics.handlers.on_conversion_refunded"),
    )
}


def handle_all() -> None:
    """What the relay does, inside the test's transaction."""
    for row in OutboxEvent.objects.order_by("position"):
        for _consumer, path in ONLY_ANALYTICS.get(row.type, ()):
            name = path.rsplit(".", 1)[1]
            stored = StoredEvent(
                row.position, row.id, row.tenant_id, row.type, row.subject_type, row.subject_id, row.actor,
                row.request_id, row.occurred_at, row.data,
            )  # fmt: skip
            getattr(handlers, name)(stored, now=row.occurred_at)


def test_referrals_and_bookings_are_counted(in_acme: Any, frozen: Any, alice: Any, now: Any) -> None:
    scene = make_scene()
    first = refer(scene, amount=Money(80_000, "EUR"))
    refer(scene)
    referrals.move_referral(referral=first, to_category="completed", actor=alice, now=now)
    handle_all()
    found = queries.totals(rules.period(1, queries.today()), currency="EUR")
    assert (found.referrals, found.conversions, found.completed) == (2, 2, 1)
    assert found.revenue_minor == 130_000  # one reported, one at the average of 500.00
    assert found.estimated_minor == 50_000
    stats = queries.participant_stats(scene.dana.id)
    assert stats.by_category == {"qualified": 1, "completed": 1}
    assert (stats.referrals, stats.completed) == (2, 1)


def test_figures_equal_the_facts(in_acme: Any, frozen: Any, alice: Any, now: Any) -> None:
    scene = make_scene()
    for number in range(6):
        row = refer(scene, amount=Money(10_000 + number, "EUR"))
        if number % 2:
            referrals.move_referral(referral=row, to_category="completed", actor=alice, now=now)
    handle_all()
    sums = DayRollUp.objects.aggregate(n=Sum("referrals"), money=Sum("revenue_minor"))
    assert sums["n"] == Referral.objects.count()
    assert sums["money"] == Conversion.objects.aggregate(money=Sum("gross_minor"))["money"]
    by_category = {
        row["category"]: row["n"]
        for row in ParticipantMonthRollUp.objects.values("category").annotate(n=Sum("n"))
    }
    facts: dict[str, int] = {}
    for category in Referral.objects.values_list("category", flat=True):
        facts[category] = facts.get(category, 0) + 1
    assert {name: n for name, n in by_category.items() if n} == facts


def test_a_day_is_the_organizations_day(in_acme: Any) -> None:
    late_evening_utc = datetime.datetime(2026, 6, 30, 22, 30, tzinfo=datetime.UTC)
    with clock.frozen(late_evening_utc):
        scene = make_scene()
        refer(scene, now=late_evening_utc)
    handle_all()
    row = DayRollUp.objects.get()
    assert row.day == datetime.date(2026, 7, 1)  # Amsterdam
    assert ParticipantMonthRollUp.objects.get().month == datetime.date(2026, 7, 1)


def click(scene: Scene, at: datetime.datetime, *, counted: bool, new: bool) -> None:
    Click.objects.create(
        id=uuid7(), program=scene.program, referrer=scene.dana, occurred_at=at, visitor=b"v", channel="",
        counted=counted, is_new_visitor=new,
    )  # fmt: skip


def test_clicks_are_counted_once_whatever_the_interleaving(committed: Any, now: datetime.datetime) -> None:
    tenant = committed("clicks")
    with tenancy.use(tenant.id):
        scene = make_scene()
        click(scene, now, counted=True, new=True)
        click(scene, now, counted=False, new=False)
    _count()
    with tenancy.use(tenant.id):
        click(scene, now, counted=True, new=False)
    _count()
    _count()
    with tenancy.use(tenant.id):
        row = DayRollUp.objects.get()
        assert (row.clicks, row.bot_clicks, row.visitors) == (2, 1, 1)
        assert ParticipantRollUp.objects.get(participant_id=scene.dana.id).clicks == 2


def _count() -> None:
    while actions.count_clicks(now=clock.now()):
        pass


def test_an_event_given_twice_by_the_relay_counts_once(committed: Any, now: datetime.datetime) -> None:
    tenant = committed("twice")
    with clock.frozen(now), tenancy.use(tenant.id):
        refer(make_scene(), now=now)
    subscriptions = {
        name: [(f"analytics-{tenant.id}", path) for _, path in found]
        for name, found in ONLY_ANALYTICS.items()
    }
    outbox.drain(subscriptions)
    outbox.drain(subscriptions)
    with tenancy.use(tenant.id):
        assert DayRollUp.objects.get().referrals == 1


@pytest.mark.parametrize("rows", [3, 30])
def test_the_dashboard_takes_the_same_statements_however_many_rows(
    in_acme: Any, frozen: Any, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        actions.add_to_participant(participant_id=uuid.uuid4(), currency="EUR", referrals=number + 1)
        day = queries.today() - datetime.timedelta(days=number)
        actions.add_to_day(day=day, program_id=uuid.uuid4(), currency="EUR", referrals=1)
    with django_assert_num_queries(7):
        board = queries.dashboard(90)
    assert board.totals.referrals == rows
    assert len(board.series) == 90


def test_two_organizations_do_not_mix(acme: Any, rival: Any, frozen: Any) -> None:
    for tenant, n in ((acme, 2), (rival, 5)):
        with tenancy.use(tenant.id):
            actions.add_to_day(day=queries.today(), program_id=uuid.UUID(int=1), currency="EUR", referrals=n)
    with tenancy.use(acme.id):
        assert queries.dashboard(7).totals.referrals == 2
        with connection.cursor() as cursor:
            cursor.execute("select sum(referrals) from analytics_dayrollup")
            assert cursor.fetchone() == (2,)
