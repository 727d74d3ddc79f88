"""A referral approved, rejected, moved or reopened, and what happens to what it earned."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.ledger import queries as books
from kith.pipelines.actions import ReasonMissing
from kith.pipelines.queries import history
from kith.programs import actions as programs
from kith.referrals.actions import move_referral
from kith.referrals.models import Conversion, Referral
from kith.rewards import actions
from kith.rewards.actions import (
    ReferralNotPending,
)
from kith.rewards.models import Counter, Reward
from kith.rewards.tests.factories import (
    AT,
    LATER,
    decide,
    earn,
    in_status,
    make_conversion,
    make_referral,
    make_scene,
)

BY = {"actor": SYSTEM, "now": AT}


@pytest.fixture
def scene(in_acme):
    return make_scene()


def eur(minor):
    return Money(minor, "EUR")


def events(reward):
    rows = OutboxEvent.objects.filter(subject_id=reward.id).order_by("position")
    return list(rows.values_list("type", flat=True))


def test_approving_referrals_completes_them_and_approves_what_they_earned(scene):
    decided, undecided, bare = (make_referral(scene, "booked") for _each in range(3))
    decide(make_conversion(scene, decided))
    make_conversion(scene, undecided)
    gone = make_referral(scene, "expired")
    ids = [decided.id, undecided.id, bare.id, gone.id]
    before = actions.approve_referrals(referral_ids=[uuid7()], **BY)
    assert [row.code for row in before] == ["not_found"]
    results = actions.approve_referrals(referral_ids=ids, **BY)
    assert [(row.ok, row.code) for row in results] == [
        (True, ""),
        (True, ""),
        (True, ""),
        (False, "move_not_allowed"),
    ]
    for referral in (decided, undecided, bare):
        referral.refresh_from_db()
        assert referral.category == "completed"
    assert list(Reward.objects.values_list("status", flat=True)) == ["approved", "approved"]
    assert scene.held() == {"pending": 5000, "budget": -5000}
    again = actions.approve_referrals(referral_ids=ids, **BY)
    assert [row.code for row in again] == ["referral_not_pending"] * 3 + ["move_not_allowed"]
    with pytest.raises(ReferralNotPending):
        actions.approve_referral(referral_id=bare.id, **BY)


@pytest.mark.parametrize("step", ["approve", "reject"])
def test_many_are_decided_in_as_many_statements_as_few(scene, step):
    counts = []
    for size in (3, 30):
        ids = [earn(scene).referral_id for _each in range(size)]
        with CaptureQueriesContext(connection) as asked:
            done = actions.decide_referrals(step=step, referral_ids=ids, reason="because", **BY)
        assert [row.ok for row in done] == [True] * size
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert books.check() == []


@pytest.mark.parametrize(("step", "status"), [("approve", "approved"), ("reject", "rejected")])
def test_those_that_refuse_stop_none_of_the_others_and_leave_no_trace(scene, step, status):
    rewards = [earn(scene) for _each in range(20)]
    closed = {rewards[place].referral_id for place in (0, 6, 7, 19)}
    for referral in Referral.objects.filter(pk__in=closed):
        move_referral(referral=referral, to_category="expired", **BY)
    # Completed once before: they go by a statement of their own, after the others have moved.
    Referral.objects.filter(pk__in=closed).update(completed_at=AT)
    ids = [uuid7(), *(reward.referral_id for reward in rewards)]
    told = {reward.id: events(reward) for reward in rewards}
    done = actions.decide_referrals(step=step, referral_ids=ids, reason="because", **BY)
    refused = {row.id: row.code for row in done if not row.ok}
    assert refused == {ids[0]: "not_found"} | dict.fromkeys(closed, "move_not_allowed")
    assert [row.id for row in done] == ids
    for reward in rewards:
        kept = reward.referral_id in closed
        reward.refresh_from_db()
        assert reward.status == ("pending_approval" if kept else status)
        assert events(reward) == told[reward.id] + ([] if kept else [f"reward.{status}"])
        assert len(history("referral", reward.referral_id)) == 1
        assert len(history("reward", reward.id)) == (2 if kept else 3)
    assert books.check() == []


def test_rejecting_referrals_takes_what_they_earned(scene):
    waiting, approved, matured = (make_referral(scene, "booked") for _each in range(3))
    rewards = [decide(make_conversion(scene, row))[0] for row in (waiting, approved, matured)]
    for reward in rewards[1:]:
        actions.approve_reward(reward=reward, **BY)
    Reward.objects.filter(pk=rewards[2].pk).update(hold_until=AT)
    actions.mature_due(now=AT)
    results = actions.reject_referrals(
        referral_ids=[waiting.id, approved.id, matured.id], reason="fake", **BY
    )
    assert all(row.ok for row in results)
    for reward, status in zip(rewards, ("rejected", "cancelled", "available"), strict=True):
        reward.refresh_from_db()
        assert reward.status == status
    assert scene.held() == {"available": 2500, "budget": -2500}
    again = actions.reject_referrals(referral_ids=[waiting.id], reason="fake", **BY)
    assert [row.code for row in again] == ["move_not_allowed"]
    with pytest.raises(ReasonMissing):
        actions.reject_referrals(referral_ids=[waiting.id], reason="", **BY)


def rejected_and_reopened(scene):
    """A referral whose pending reward ended with its rejection, and which is open again."""
    referral = make_referral(scene, "booked")
    (reward,) = decide(make_conversion(scene, referral))
    actions.reject_referral(referral_id=referral.id, reason="looked like a copy", **BY)
    referral.refresh_from_db()
    move_referral(referral=referral, to_category="engaged", reason="it was not", **BY)
    return referral, reward


def test_a_referral_rejected_by_mistake_earns_its_reward_after_all(scene):
    referral, reward = rejected_and_reopened(scene)
    for _again in range(2):
        actions.reinstate_rewards(referral_id=referral.id, **BY)
    reward.refresh_from_db()
    assert (reward.status, reward.closed_at, reward.reinstated) == ("pending_approval", None, 1)
    assert (scene.held(), Counter.objects.get().n) == ({"pending": 2500, "budget": -2500}, 1)
    actions.cancel_reward(reward=reward, reason="once more", **BY)
    assert (scene.held(), Counter.objects.get().n) == ({"budget": 0}, 0)
    assert books.check() == []


def test_a_booking_reported_before_the_mistake_was_noticed_is_decided_after_all(scene):
    referral = make_referral(scene, "booked")
    booking = make_conversion(scene, referral)
    actions.reject_referral(referral_id=referral.id, reason="looked like a copy", **BY)
    assert decide(booking) == []
    referral.refresh_from_db()
    move_referral(referral=referral, to_category="engaged", reason="it was not", **BY)
    for _again in range(2):
        actions.follow_referral(referral_id=referral.id, category="engaged", moved_at=AT, **BY)
    assert [(reward.cause_id, reward.status) for reward in Reward.objects.all()] == [
        (booking.id, "pending_approval")
    ]


def test_a_reward_does_not_come_back_without_its_reason_or_room(in_acme):
    scene = make_scene(cap_per_participant=1)
    referral, reward = rejected_and_reopened(scene)
    earn(scene)
    assert actions.reinstate_rewards(referral_id=referral.id, **BY) == []
    other = make_scene()
    referral, gone = rejected_and_reopened(other)
    Conversion.objects.filter(pk=gone.cause_id).update(refunded_minor=40_000)
    assert actions.reinstate_rewards(referral_id=referral.id, **BY) == []
    third = make_scene()
    programs.open_budget(program=third.program, hard_cap=eur(2500), **BY)
    referral, unpaid = rejected_and_reopened(third)
    decide(make_conversion(third))
    assert actions.reinstate_rewards(referral_id=referral.id, **BY) == []
    for row in (reward, gone, unpaid):
        row.refresh_from_db()
        assert row.status == "rejected"
    assert books.check() == []


def test_a_reward_that_was_refused_on_its_own_stays_refused(scene):
    referral = make_referral(scene, "booked")
    (reward,) = decide(make_conversion(scene, referral))
    actions.reject_reward(reward=reward, reason="no", **BY)
    later = {"actor": SYSTEM, "now": LATER}
    actions.reject_referral(referral_id=referral.id, reason="no", **later)
    referral.refresh_from_db()
    move_referral(referral=referral, to_category="engaged", reason="mistake", **later)
    assert actions.reinstate_rewards(referral_id=referral.id, **later) == []


@pytest.mark.parametrize(
    ("category", "status", "statuses"),
    [
        ("completed", "pending_approval", "approved"),
        ("completed", "on_hold", "on_hold"),
        ("rejected", "pending_approval", "rejected"),
        ("rejected", "approved", "cancelled"),
        ("cancelled", "pending_approval", "cancelled"),
        ("expired", "on_hold", "cancelled"),
        ("cancelled", "available", "available"),
        ("engaged", "pending_approval", "pending_approval"),
    ],
)
def test_rewards_follow_their_referral(scene, category, status, statuses):
    reward = in_status(scene, status)
    for _again in range(2):
        Referral.objects.filter(pk=reward.referral_id).update(category=category)
        actions.follow_referral(referral_id=reward.referral_id, category=category, moved_at=AT, **BY)
    reward.refresh_from_db()
    assert reward.status == statuses
    assert books.check() == []
