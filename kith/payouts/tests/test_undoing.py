"""Undoing decisions: states, money, once, and two at once. Here, since only payouts can check all the money."""

import datetime
import threading
from typing import Any

import pytest
from django.db import connection

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.ledger import queries as books
from kith.payouts.queries import money_offences
from kith.pipelines.actions import NothingToUndo
from kith.pipelines.queries import history
from kith.referrals.models import Referral
from kith.rewards import actions
from kith.rewards.models import Counter, Reward
from kith.rewards.tests.factories import AT, LATER, Scene, earn, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

SOON = AT + datetime.timedelta(minutes=1)


@pytest.fixture
def scene(in_acme: Any) -> Scene:
    return make_scene()


def a_case(scene: Scene, **values: Any) -> tuple[Referral, Reward]:
    """A referral half-way, with a reward to approve."""
    referral = make_referral(scene, stage="confirmed", referred_name="Eli Friend", **values)
    return referral, earn(scene, referral=referral)


def state(referral: Referral, reward: Reward) -> tuple[str, str, str]:
    referral.refresh_from_db()
    reward.refresh_from_db()
    return referral.stage.code, referral.category, reward.status


def approve(referral: Referral, actor: Any) -> None:
    actions.approve_referral(referral_id=referral.id, actor=actor, now=AT)


def undo(referral: Referral, actor: Any, now: datetime.datetime = SOON) -> Referral:
    return actions.undo_decision(referral_id=referral.id, actor=actor, now=now)


def test_an_approval_is_undone_as_if_it_never_was(scene: Scene, alice: Any) -> None:
    referral, reward = a_case(scene)
    before, held = state(referral, reward), scene.held()
    approve(referral, alice)
    assert state(referral, reward) == ("travelled", "completed", "approved")
    undo(referral, alice)
    assert state(referral, reward) == before
    assert (reward.approved_at, reward.approved_by, referral.completed_at) == (None, "", None)
    assert scene.held() == held
    assert money_offences() == []
    assert books.check() == []
    last = history("referral", referral.id)[-1]
    assert (last.from_category, last.to_category, last.reason) == (
        "completed",
        "converted",
        "decision undone",
    )


def test_it_is_approved_again_once(scene: Scene, alice: Any) -> None:
    referral, reward = a_case(scene)
    approve(referral, alice)
    undo(referral, alice)
    approve(referral, alice)
    actions.mature_due(now=LATER)
    assert state(referral, reward)[2] == "available"
    assert scene.held()["available"] == 2_500
    assert money_offences() == []


def test_what_became_available_stays(scene: Scene, alice: Any) -> None:
    referral, reward = a_case(scene)
    approve(referral, alice)
    actions.mature_due(now=LATER)
    with pytest.raises(actions.DecisionFinal):
        undo(referral, alice)
    assert state(referral, reward) == ("travelled", "completed", "available")


def test_nothing_is_undone_twice_and_nothing_that_was_never_decided(scene: Scene, alice: Any) -> None:
    referral, _reward = a_case(scene)
    with pytest.raises(NothingToUndo):
        undo(referral, alice)
    approve(referral, alice)
    undo(referral, alice)
    with pytest.raises(NothingToUndo):
        undo(referral, alice)
    straight = make_referral(scene, stage="travelled")
    with pytest.raises(NothingToUndo):
        undo(straight, alice)


def test_a_rejection_is_undone_and_the_money_reserved_again(scene: Scene, alice: Any) -> None:
    referral, reward = a_case(scene)
    before, held = state(referral, reward), scene.held()
    actions.reject_referral(referral_id=referral.id, reason="no", actor=alice, now=AT)
    assert scene.held() != held
    undo(referral, alice)
    assert state(referral, reward) == before
    assert scene.held() == held
    assert Counter.objects.get().n == 1
    assert money_offences() == []


def test_a_reward_on_hold_stays_there_and_waits_when_released(scene: Scene, alice: Any) -> None:
    referral, reward = a_case(scene)
    approve(referral, alice)
    reward = actions.put_on_hold(reward=reward, reason="look", actor=alice, now=AT)
    undo(referral, alice)
    assert state(referral, reward)[2] == "on_hold"
    assert actions.release(reward=reward, actor=alice, now=SOON).status == "pending_approval"


def test_events_that_come_late_do_not_bring_the_decision_back(scene: Scene, alice: Any) -> None:
    for decide in ("approve", "reject"):
        referral, reward = a_case(scene)
        before = state(referral, reward)
        if decide == "approve":
            approve(referral, alice)
        else:
            actions.reject_referral(referral_id=referral.id, reason="no", actor=alice, now=AT)
        undo(referral, alice)
        category = "completed" if decide == "approve" else "rejected"
        actions.follow_referral(
            referral_id=referral.id, category=category, moved_at=AT, actor=SYSTEM, now=SOON
        )
        assert state(referral, reward) == before
    assert money_offences() == []


def test_many_are_undone_each_for_itself(scene: Scene, alice: Any) -> None:
    cases = [a_case(scene) for _each in range(3)]
    ids = [referral.id for referral, _reward in cases]
    actions.approve_referrals(referral_ids=ids[:2], actor=alice, now=AT)
    results = actions.undo_decisions(referral_ids=ids, actor=alice, now=SOON)
    assert [result.ok for result in results] == [True, True, False]
    assert results[2].code == "nothing_to_undo"
    assert {state(*case)[2] for case in cases} == {"pending_approval"}


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
def test_two_who_undo_at_once_and_the_clock_agree(committed: Any) -> None:
    tenant = committed("undo")
    with tenancy.use(tenant.id):
        scene = make_scene()
        referral, reward = a_case(scene)
        approve(referral, SYSTEM)
    ended: list[str] = []

    def run(step: Any) -> None:
        try:
            with tenancy.use(tenant.id):
                step()
                ended.append("done")
        except (NothingToUndo, actions.DecisionFinal) as refusal:
            ended.append(refusal.code)
        finally:
            connection.close()

    steps = [
        lambda: undo(referral, SYSTEM),
        lambda: undo(referral, SYSTEM),
        lambda: actions.mature_due(now=LATER),
    ]
    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenancy.use(tenant.id):
        assert state(referral, reward)[1:] in {("converted", "pending_approval"), ("completed", "available")}
        assert money_offences() == []
        assert books.check() == []
    assert len(ended) == 3
