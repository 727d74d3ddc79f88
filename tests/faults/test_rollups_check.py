"""Roll-ups counted one event at a time are what all events together say, whatever happens in between.

Pass criterion: after each of 20 random histories (DST nights, refunds, moves, late commits, events no handler
digests, deliveries in between) 0 figures differ; of 3 planted differences each is named and repaired.
"""

import contextlib
import datetime
import json
import random
import uuid
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import make_tenant
from kith import subscriptions
from kith.analytics import actions, queries
from kith.analytics.models import DayRollUp, ParticipantMonthRollUp, ParticipantRollUp
from kith.commands.rollups import command
from kith.kit import clock, outbox, tenancy
from kith.kit.ids import uuid7
from kith.kit.models import EventFailure, OutboxEvent
from kith.referrals.models import Click
from kith.referrals.tests.factories import make_scene
from tests import postgres
from tests.faults.proof import own_database

__all__ = ["own_database"]

ONLY_ANALYTICS = {
    name: [(consumer, path) for consumer, path in found if consumer == "analytics"]
    for name, found in subscriptions.SUBSCRIPTIONS.items()
}
# The nights in which Amsterdam's clocks change, the turn of a year and a leap day, by the minute.
NIGHTS = [
    datetime.datetime(2026, 3, 28, 22, tzinfo=datetime.UTC), datetime.datetime(2026, 10, 24, 21, tzinfo=datetime.UTC),
    datetime.datetime(2026, 12, 31, 22, tzinfo=datetime.UTC), datetime.datetime(2028, 2, 28, 22, tzinfo=datetime.UTC),
]  # fmt: skip
MOMENTS = st.builds(
    lambda night, minutes: night + datetime.timedelta(minutes=minutes),
    st.sampled_from(NIGHTS),
    st.integers(0, 300),
)
CATEGORIES = st.sampled_from(["registered", "qualified", "completed", "rejected", "cancelled"])
AMOUNTS = st.integers(1, 10**9)
KINDS = st.sampled_from(
    [
        "created",
        "moved",
        "recorded",
        "refunded",
        "granted",
        "rejected",
        "cancelled",
        "clawed_back",
        "paid",
        "returned",
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("event"), KINDS, MOMENTS, AMOUNTS, CATEGORIES, CATEGORIES),
        st.tuples(st.just("late"), KINDS, MOMENTS, AMOUNTS, CATEGORIES, CATEGORIES),
        st.tuples(st.just("indigestible")),
        st.tuples(st.just("click"), MOMENTS, st.booleans(), st.booleans()),
        st.tuples(st.just("deliver")),
        st.tuples(st.just("commit")),
    ),
    min_size=5, max_size=25,
)  # fmt: skip
NOUNS = {"created": "referral", "moved": "referral", "recorded": "conversion", "refunded": "conversion",
         "paid": "payout", "returned": "payout"}  # fmt: skip


class History:
    """One organization, its events, and a second connection that commits late."""

    def __init__(self, database: postgres.TestDatabase) -> None:
        self.tenant = make_tenant("figures")
        with tenancy.use(self.tenant.pk):
            scene = make_scene()
            self.program, self.people = scene.program, [scene.dana.pk, uuid7()]
            self.scene = scene
        self.late = psycopg.connect(database.app_url)
        self.random = random.Random(7)

    def event(self, kind: str, at: datetime.datetime, amount: int, before: str, after: str) -> None:
        with tenancy.use(self.tenant.pk):
            self._row(kind, at, amount, before, after).save(force_insert=True)

    def _row(self, kind: str, at: datetime.datetime, amount: int, before: str, after: str) -> OutboxEvent:
        person = str(self.random.choice(self.people))
        data = {
            "program_id": str(self.program.pk), "referrer_id": person, "beneficiary_id": person,
            "participant_id": person, "category": after, "from_category": before, "to_category": after,
            "created_on": f"{at:%Y-%m-%d}", "gross_minor": amount, "amount_minor": amount,
            "is_estimated": amount % 2 == 0,
            "currency": "EUR", "occurred_at": (at - datetime.timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        return OutboxEvent(
            tenant_id=self.tenant.pk, type=f"{NOUNS.get(kind, 'reward')}.{kind}", subject_type="x",
            subject_id=uuid.UUID(person), actor="system", occurred_at=at, data=data,
        )  # fmt: skip

    def event_late(self, *values: Any) -> None:
        row = self._row(*values)
        self.late.execute("select set_config('app.tenant_id', %s, true)", [str(self.tenant.pk)])
        self.late.execute(
            "insert into kit_outboxevent (tenant_id, id, type, subject_type, subject_id, actor, request_id, "
            "occurred_at, data) values (%s, %s, %s, 'x', %s, 'system', '', %s, %s)",
            [row.tenant_id, uuid7(), row.type, row.subject_id, row.occurred_at, json.dumps(row.data)],
        )

    def indigestible(self) -> None:
        """Of a program that does not exist: the handler fails, the event waits for another try."""
        row = self._row("created", NIGHTS[0], 1, "x", "registered")
        row.data["program_id"] = str(uuid7())
        with tenancy.use(self.tenant.pk):
            row.save(force_insert=True)

    def click(self, at: datetime.datetime, counted: bool, new: bool) -> None:
        with tenancy.use(self.tenant.pk):
            Click.objects.create(
                id=uuid7(), program=self.program, referrer=self.scene.dana, occurred_at=at, visitor=b"v", channel="",
                counted=counted, is_new_visitor=new and counted,
            )  # fmt: skip

    def run(self, step: tuple[Any, ...]) -> None:
        """One step of a random history."""
        word, *values = step
        match word:
            case "event":
                self.event(*values)
            case "late":
                self.event_late(*values)
            case "click":
                self.click(*values)
            case "indigestible":
                self.indigestible()
            case "commit":
                self.late.commit()
            case _:
                deliver()

    def differences(self) -> list[queries.Difference]:
        with tenancy.use(self.tenant.pk):
            return queries.check()


def deliver() -> None:
    """The relay, twice, so that whatever it would count again is counted again."""
    for _ in range(2):
        outbox.drain(ONLY_ANALYTICS)
        outbox.retry_failures(ONLY_ANALYTICS)
        while actions.count_clicks(now=clock.now()):
            pass


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_counted_one_by_one_and_all_together_are_the_same(own_database: Any, steps: list[Any]) -> None:
    with contextlib.closing((history := History(own_database)).late) as late:
        for step in steps:
            history.run(step)
            assert history.differences() == [], step
        late.commit()
        deliver()
        assert history.differences() == []
        with tenancy.use(history.tenant.pk):
            wanted = _figures()
            broken = EventFailure.objects.count()
            assert broken == sum(step[0] == "indigestible" for step in steps)
            actions.rebuild()
            assert _figures() == wanted
            # What is no longer indigestible would be counted; it is not lost.
            EventFailure.objects.all().delete()


def _figures() -> list[Any]:
    found = []
    for model, rollup in zip(
        (DayRollUp, ParticipantMonthRollUp, ParticipantRollUp), queries.ROLLUPS.values(), strict=True
    ):
        rows = model.objects.values_list(*rollup.key, *rollup.counts)
        found += [row for row in sorted(rows, key=str) if any(row[len(rollup.key) :])]
    return found


PLANTED = {
    "one too many": (
        "update {table} set {figure} = {figure} + 1 where tenant_id = %s", "analytics_dayrollup", "referrals"),
    "a row is gone": (
        "delete from {table} where tenant_id = %s", "analytics_participantrollup", "referrals"),
    "a row of nothing": (
        "insert into {table} (id, tenant_id, participant_id, month, category, n) values"
        " (gen_random_uuid(), %s, gen_random_uuid(), '2026-01-01', 'completed', 3)",
        "analytics_participantmonthrollup", "n"),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_difference_is_named_and_repaired(own_database: Any, fault: str) -> None:
    statement, table, figure = PLANTED[fault]
    history = History(own_database)
    history.late.close()
    history.event("created", NIGHTS[0], 5, "x", "registered")
    deliver()
    slug = history.tenant.slug
    assert CliRunner().invoke(command, ["check", "--tenant", slug]).exit_code == 0
    with tenancy.use(history.tenant.pk), connections["default"].cursor() as cursor:
        cursor.execute(statement.format(table=table, figure=figure), [history.tenant.pk])
    (found,) = {(found.table, found.figure) for found in history.differences()}
    assert found == (table, figure)
    told = CliRunner().invoke(command, ["check", "--tenant", slug])
    assert (told.exit_code, f"{slug}: {table} [" in told.output) == (1, True)
    repaired = CliRunner().invoke(command, ["check", "--tenant", slug, "--repair"])
    assert (repaired.exit_code, "written anew" in repaired.output) == (0, True)
    assert CliRunner().invoke(command, ["check", "--tenant", slug]).exit_code == 0


def test_an_unknown_organization_is_named(own_database: Any) -> None:
    told = CliRunner().invoke(command, ["check", "--tenant", "nobody"])
    assert (told.exit_code, "nobody" in told.output) == (1, True)
