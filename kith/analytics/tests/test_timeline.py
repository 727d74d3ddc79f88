"""What happened to one participant, told from every history there is."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.analytics.queries.timeline import timeline
from kith.kit import clock, tenancy
from kith.participants import actions as people
from kith.rewards.tests.factories import earn, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def test_money_edits_notes_and_visits_are_told_newest_first(acme: Any, alice: Any, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        earn(scene, "approved")
        dana, now = scene.dana, clock.now()
        people.update_participant(participant=dana, changes={"country": "BE"}, actor=alice, now=now)
        people.write_note(participant=dana, body="Calls back", actor=alice, now=now)
        people.suspend_participant(participant=dana, actor=alice, now=now)
        told = timeline(dana, locale="en")
    titles = [moment.title for moment in told.moments]
    assert {"Enrolled", "Reward earned", "Details changed", "Note", "Suspended"} <= set(titles)
    assert [moment.at for moment in told.moments] == sorted((one.at for one in told.moments), reverse=True)
    edited = next(moment for moment in told.moments if moment.title == "Details changed")
    assert (edited.detail, edited.by) == ("country", "Alice")
    url = reverse("analytics:of_participant", args=[acme.slug, dana.pk])
    part = browse(alice).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Calls back" in part
    assert "€25.00" in part
    assert browse(alice).get(url, {"before": "yesterday"}).status_code == 422


def test_older_moments_follow_without_gap_or_double(acme: Any, alice: Any) -> None:
    start = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    with tenancy.use(acme.id, actor=alice):
        dana = make_scene().dana
        for minute in range(60):
            moment = start + datetime.timedelta(minutes=minute)
            people.write_note(participant=dana, body=f"Note {minute}", actor=alice, now=moment)
        first = timeline(dana, locale="en")
        rest = timeline(dana, locale="en", before=first.before)
    seen = [moment.detail for page in (first, rest) for moment in page.moments if moment.detail]
    assert seen == [f"Note {minute}" for minute in reversed(range(60))]
    assert rest.before is None


def test_a_long_life_costs_as_many_statements_as_a_short_one(acme: Any, alice: Any) -> None:
    counts = []
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        for number in (3, 27):
            for _each in range(number):
                earn(scene)
            with CaptureQueriesContext(connection) as seen:
                timeline(scene.dana, locale="en")
            counts.append(len(seen))
    assert counts[0] == counts[1]
