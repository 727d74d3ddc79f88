"""The bell: what is new to whom, told how, until it was seen."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.analytics import actions, queries
from kith.kit import clock, jobs, outbox, tenancy
from kith.kit.actors import Actor
from kith.kit.models import Job
from kith.participants.tests.factories import make_participant
from kith.payouts.events import PayoutReturned
from kith.referrals.events import ReferralCreated
from kith.rewards.tests.factories import Scene, earn, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture
def scene(acme: Any) -> Scene:
    with tenancy.use(acme.id):
        return make_scene()


def referred(acme: Any, scene: Scene, number: int, *, by: Actor, at: datetime.datetime) -> None:
    """So many referrals that `by` wrote down at a time."""
    with tenancy.use(acme.id, actor=by):
        for _each in range(number):
            referral = make_referral(scene, referred_name="Eli Friend")
            event = ReferralCreated(
                referral_id=referral.id, program_id=scene.program.id, referrer_id=scene.dana.id, category="new",
                created_on=at.date(),
            )  # fmt: skip
            outbox.publish(event, subject_type="referral", subject_id=referral.id, now=at)


def told(acme: Any, actor: Actor, **wanted: Any) -> list[str]:
    with tenancy.use(acme.id, actor=actor):
        return [line.text for line in queries.news(actor, **wanted)]


def unread(acme: Any, actor: Actor) -> int:
    with tenancy.use(acme.id, actor=actor):
        return queries.pulse(actor).unread


def test_one_is_told_by_name_and_several_of_a_day_by_number(
    acme: Any, alice: Actor, bob: Actor, scene: Scene
) -> None:
    now = clock.now()
    before = len(told(acme, alice))
    referred(acme, scene, 1, by=bob, at=now - datetime.timedelta(days=3))
    referred(acme, scene, 4, by=bob, at=now - datetime.timedelta(days=5))
    lines = told(acme, alice)
    assert len(lines) == before + 2
    assert "Dana Referrer referred Eli Friend" in lines
    assert "4 new referrals" in lines


def test_own_work_is_no_news_but_is_on_the_first_page(acme: Any, alice: Actor, scene: Scene) -> None:
    referred(acme, scene, 1, by=alice, at=clock.now())
    words = "Dana Referrer referred Eli Friend"
    assert words not in told(acme, alice)
    assert words in told(acme, alice, own=True)


def test_what_a_role_may_not_see_is_no_news(acme: Any, alice: Actor, bob: Actor, scene: Scene) -> None:
    with tenancy.use(acme.id):
        event = PayoutReturned(
            withdrawal_id=scene.dana.id, participant_id=scene.dana.id, batch_id=scene.dana.id, amount_minor=2500,
            currency="EUR", reason="closed",
        )  # fmt: skip
        outbox.publish(event, subject_type="withdrawal", subject_id=scene.dana.id, now=clock.now())
    words = "The bank sent €25.00 for Dana Referrer back"
    assert words in told(acme, alice)
    assert words not in told(acme, bob)


def test_seen_is_seen_until_something_happens(acme: Any, alice: Actor, bob: Actor, scene: Scene) -> None:
    referred(acme, scene, 3, by=bob, at=clock.now() - datetime.timedelta(minutes=5))
    assert unread(acme, alice) >= 3
    with tenancy.use(acme.id, actor=alice):
        actions.see_news(actor=alice, now=clock.now())
        # An older tab cannot take it back.
        actions.see_news(actor=alice, now=clock.now() - datetime.timedelta(hours=1))
        assert not any(line.is_new for line in queries.news(alice))
    assert unread(acme, alice) == 0
    referred(acme, scene, 2, by=bob, at=clock.now())
    assert unread(acme, alice) == 2
    with tenancy.use(acme.id, actor=alice):
        assert [line.text for line in queries.news(alice) if line.is_new] == ["5 new referrals"]


def test_ended_jobs_are_news_to_whoever_asked(acme: Any, alice: Actor, bob: Actor) -> None:
    with tenancy.use(acme.id, actor=alice):
        row = jobs.start("analytics.export_trail", params={"format": "csv"}, actor=alice, now=clock.now())
        assert told(acme, alice) == told(acme, bob) == []
        Job.objects.filter(pk=row.id).update(state="failed", finished_at=clock.now())
    assert told(acme, alice) == ["Export of the audit trail did not work"]
    assert told(acme, bob) == []


def test_the_bell_is_silent_while_nothing_changed(
    acme: Any, alice: Actor, bob: Actor, scene: Scene, browse: Any
) -> None:
    client, url = browse(alice), reverse("analytics:bell", args=[acme.slug])
    with tenancy.use(acme.id, actor=alice):
        pulse = queries.pulse(alice)
    shown = {"unread": pulse.unread, "waiting": pulse.waiting}
    assert client.get(url, shown).status_code == 204
    with CaptureQueriesContext(connection) as quiet:
        client.get(url, shown)
    own = [query for query in quiet if "kit_outboxevent" in query["sql"] or "analytics_" in query["sql"]]
    assert len(own) == 2
    with tenancy.use(acme.id):
        earn(scene, referral=make_referral(scene))
    referred(acme, scene, 1, by=bob, at=clock.now())
    answer = client.get(url, shown, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert f"unread={pulse.unread + 1}&amp;waiting=1" in answer.content.decode()
    assert 'hx-swap-oob="outerHTML:.nav-count-r">1</span>' in answer.content.decode()


def test_the_page_works_without_script(
    acme: Any, alice: Actor, bob: Actor, scene: Scene, browse: Any
) -> None:
    referred(acme, scene, 1, by=bob, at=clock.now())
    client = browse(alice)
    url = reverse("analytics:news", args=[acme.slug])
    assert "Dana Referrer referred Eli Friend" in client.get(url).content.decode()
    answer = client.post(reverse("analytics:news_seen", args=[acme.slug]))
    assert (answer.status_code, answer["Location"]) == (303, url)
    assert unread(acme, alice) == 0


def test_thirty_news_cost_as_many_statements_as_three(
    acme: Any, alice: Actor, bob: Actor, scene: Scene, browse: Any
) -> None:
    client, url, counts = browse(alice), reverse("analytics:news", args=[acme.slug]), []
    for days in (range(1, 4), range(4, 28)):
        for day in days:
            referred(acme, scene, 1, by=bob, at=clock.now() - datetime.timedelta(days=day))
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_people_are_named(acme: Any, alice: Actor) -> None:
    with tenancy.use(acme.id):
        make_participant(name="Sam Sample")
    assert not [line for line in told(acme, alice) if "–" in line]
