"""Every step after the decision: what it changes, what it refuses, and where the money is afterwards."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import Error, connections, transaction

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.ledger import actions as ledger
from kith.ledger import queries as books
from kith.ledger import rules as legs
from kith.participants.tests.factories import make_participant
from kith.pipelines import queries as pipelines
from kith.pipelines.actions import ReasonMissing
from kith.referrals.models import Conversion
from kith.rewards import actions, rules
from kith.rewards.actions import (
    ClawBackInvalid,
    RewardNotAvailable,
    RewardNotHeld,
    RewardNotPending,
    RewardNotSettled,
    RewardOver,
    TooManyRewards,
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
ALL = (
    "pending_approval",
    "approved",
    "on_hold",
    "available",
    "settled",
    "rejected",
    "cancelled",
    "clawed_back",
)


@pytest.fixture
def scene(in_acme):
    return make_scene()


def eur(minor):
    return Money(minor, "EUR")


def events(reward):
    rows = OutboxEvent.objects.filter(subject_id=reward.id).order_by("position")
    return list(rows.values_list("type", flat=True))


def test_approval_moves_no_money(scene):
    reward = earn(scene)
    before = scene.held()
    actions.approve_reward(reward=reward, **BY)
    reward.refresh_from_db()
    assert (reward.status, reward.approved_at, reward.approved_by) == ("approved", AT, "system")
    assert scene.held() == before
    assert events(reward) == ["reward.granted", "reward.approved"]
    assert pipelines.history("reward", reward.id)[-1].to_state == "approved"


STEPS = {
    "approve": (
        ("pending_approval",),
        RewardNotPending,
        lambda row: actions.approve_reward(reward=row, **BY),
    ),
    "reject": (
        ("pending_approval", "on_hold"),
        RewardNotPending,
        lambda row: actions.reject_reward(reward=row, reason="no", **BY),
    ),
    "cancel": (
        ("pending_approval", "approved", "on_hold"),
        RewardOver,
        lambda row: actions.cancel_reward(reward=row, reason="no", **BY),
    ),
    "hold": (
        ("pending_approval", "approved"),
        RewardOver,
        lambda row: actions.put_on_hold(reward=row, reason="no", **BY),
    ),
    "release": (("on_hold",), RewardNotHeld, lambda row: actions.release(reward=row, **BY)),
    "settle": (("available",), RewardNotAvailable, lambda row: actions.settle(reward=row, **BY)),
    "unsettle": (
        ("settled",),
        RewardNotSettled,
        lambda row: actions.unsettle(reward=row, reason="back", **BY),
    ),
    "claw back": (
        ("available", "settled"),
        RewardNotAvailable,
        lambda row: actions.claw_back(reward=row, amount=eur(1), reason="no", key="y", **BY),
    ),
}


@pytest.mark.parametrize("status", ALL)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_possible_from_its_statuses_only(scene, status, step):
    allowed, refusal, take = STEPS[step]
    reward = in_status(scene, status)
    before, told = scene.held(), events(reward)
    if status in allowed:
        take(reward)
    else:
        with pytest.raises(refusal):
            take(reward)
        reward.refresh_from_db()
        assert (reward.status, scene.held(), events(reward)) == (status, before, told)
    assert books.check() == []


@pytest.mark.parametrize("status", [status for status in rules.EDGES if status != "granted"])
def test_the_database_refuses_an_undeclared_step(scene, status):
    reward = in_status(scene, status)
    forbidden = next(other for other in ALL if other != status and other not in rules.EDGES.get(status, ()))
    with pytest.raises(Error), transaction.atomic():
        Reward.objects.filter(pk=reward.pk).update(status=forbidden)


@pytest.mark.parametrize("step", [actions.reject_reward, actions.cancel_reward, actions.put_on_hold])
def test_refusing_needs_a_reason(scene, step):
    reward = earn(scene)
    with pytest.raises(ReasonMissing):
        step(reward=reward, reason="  ", **BY)
    reward.refresh_from_db()
    assert reward.status == "pending_approval"


@pytest.mark.parametrize("step", ["reject", "cancel"])
def test_what_is_refused_gives_money_and_place_back(scene, step):
    reward = earn(scene)
    STEPS[step][2](reward)
    reward.refresh_from_db()
    assert (reward.closed_at, reward.closed_reason) == (AT, "no")
    assert scene.held() == {"budget": 0}
    assert (Counter.objects.get().n, Counter.objects.get().amount_minor) == (0, 0)


def test_many_are_approved_each_for_itself(scene):
    first, second = earn(scene), earn(scene)
    done = earn(scene, "approved")
    unknown = uuid7()
    ids = [first.id, done.id, unknown, second.id, first.id]
    results = actions.approve_rewards(ids=ids, **BY)
    assert [(row.id, row.ok, row.code) for row in results] == [
        (first.id, True, ""), (done.id, False, "reward_not_pending"), (unknown, False, "not_found"),
        (second.id, True, ""),
    ]  # fmt: skip
    assert Reward.objects.filter(status="approved").count() == 3
    assert [row.ok for row in actions.approve_rewards(ids=ids, **BY)] == [False] * 4
    assert events(first).count("reward.approved") == 1


def test_many_are_rejected_with_one_reason(scene):
    rewards = [earn(scene) for _each in range(3)]
    results = actions.reject_rewards(ids=[reward.id for reward in rewards], reason="fake", **BY)
    assert all(row.ok for row in results)
    assert scene.held() == {"budget": 0}
    assert books.check() == []


def test_a_thousand_and_one_are_too_many(scene):
    ids = [uuid7() for _each in range(1001)]
    with pytest.raises(TooManyRewards):
        actions.approve_rewards(ids=ids, **BY)
    with pytest.raises(TooManyRewards):
        actions.reject_referrals(referral_ids=ids, reason="x", **BY)


def test_a_reward_on_hold_does_not_mature_and_goes_on_where_it_was(scene):
    approved, waiting = earn(scene, "approved"), earn(scene)
    for reward in (approved, waiting):
        actions.put_on_hold(reward=reward, reason="same address", **BY)
    assert actions.mature_due(now=LATER) == 0
    for reward, status in ((approved, "approved"), (waiting, "pending_approval")):
        assert actions.release(reward=reward, **BY).status == status
        reward.refresh_from_db()
        assert (reward.status, reward.hold_reason) == (status, "")


def test_what_is_due_becomes_available_and_nothing_else(scene):
    reward = earn(scene, "approved")
    second = datetime.timedelta(seconds=1)
    assert actions.mature_due(now=reward.hold_until - second) == 0
    earn(scene)
    assert actions.mature_due(now=reward.hold_until) == 1
    assert actions.mature_due(now=reward.hold_until) == 0
    reward.refresh_from_db()
    assert (reward.status, reward.available_at) == ("available", reward.hold_until)
    assert scene.held() == {"pending": 2500, "available": 2500, "budget": -5000}


def test_a_limit_ends_a_round_of_maturing(scene):
    for _each in range(5):
        earn(scene, "approved")
    assert [actions.mature_due(now=LATER, limit=2) for _each in range(4)] == [2, 2, 1, 0]
    assert scene.held()["available"] == 12_500


def test_a_frozen_account_stops_nobody_else(scene):
    stuck, other = earn(scene, "approved"), make_participant()
    (fine,) = decide(make_conversion(scene, make_referral(scene, referrer=other)))
    actions.approve_reward(reward=fine, **BY)
    account = ledger.open_participant(owner_id=scene.dana.id, currency="EUR").pending
    ledger.freeze(account_id=account)
    assert actions.mature_due(now=LATER) == 1
    stuck.refresh_from_db()
    fine.refresh_from_db()
    assert (stuck.status, fine.status, events(stuck)[-1]) == ("approved", "available", "reward.approved")
    ledger.unfreeze(account_id=account)
    assert actions.mature_due(now=LATER) == 1
    assert books.check() == []


def test_a_claw_back_takes_what_is_available(scene):
    reward = earn(scene, "available")
    for _again in range(2):
        actions.claw_back(reward=reward, amount=eur(1000), reason="partial refund", key="one", **BY)
    reward.refresh_from_db()
    assert (reward.status, reward.left) == ("available", eur(1500))
    assert scene.held() == {"available": 1500, "budget": -1500}
    with pytest.raises(ClawBackInvalid):
        actions.claw_back(reward=reward, amount=eur(1501), reason="too much", key="two", **BY)
    with pytest.raises(ClawBackInvalid):
        actions.claw_back(reward=reward, amount=eur(0), reason="nothing", key="three", **BY)
    actions.claw_back(reward=reward, amount=eur(1500), reason="rest", key="four", **BY)
    reward.refresh_from_db()
    assert (reward.status, scene.held()) == ("clawed_back", {"budget": 0})
    assert Counter.objects.get().n == 0
    assert events(reward).count("reward.clawed_back") == 2


def test_what_was_paid_becomes_a_debt_that_the_next_reward_pays(scene):
    reward = earn(scene, "available")
    own = ledger.open_participant(owner_id=scene.dana.id, currency="EUR")
    moves = [legs.legs_withdraw_request(own.available, own.reserved, eur(2500)),
             legs.legs_withdraw_paid(own.reserved, own.paid, eur(2500))]  # fmt: skip
    for key, kind, move in zip("ab", ("withdraw.request", "withdraw.paid"), moves, strict=True):
        ledger.post(key=key, kind=kind, legs=move, event_at=AT, actor=SYSTEM)
    actions.settle(reward=reward, **BY)
    actions.claw_back(reward=reward, amount=eur(2500), reason="cancelled", key="one", **BY)
    assert scene.held() == {"paid": 2500, "debt": -2500, "budget": 0}
    earn(scene, "available")
    assert scene.held() == {"paid": 2500, "budget": -2500}
    assert books.check() == []


def test_a_paid_reward_that_came_back_can_be_paid_again(scene):
    reward = earn(scene, "settled")
    actions.unsettle(reward=reward, reason="account closed", **BY)
    reward.refresh_from_db()
    assert (reward.status, reward.closed_at) == ("available", None)
    assert actions.settle(reward=reward, **BY).status == "settled"


@pytest.mark.parametrize(
    ("status", "after", "held"),
    [
        ("pending_approval", "cancelled", {"budget": 0}),
        ("approved", "cancelled", {"budget": 0}),
        ("available", "clawed_back", {"budget": 0}),
    ],
)
def test_a_cancelled_conversion_takes_its_reward_back_once(scene, status, after, held):
    reward = in_status(scene, status)
    change = {"refunded_minor": 40_000, "status": "cancelled"}
    Conversion.objects.filter(pk=reward.cause_id).update(**change)
    for _again in range(2):
        actions.take_back_conversion(conversion_id=reward.cause_id, reason="trip cancelled", **BY)
    reward.refresh_from_db()
    assert (reward.status, scene.held()) == (after, held)


@pytest.mark.parametrize(("refunded", "status"), [(30_000, "pending_approval"), (30_001, "cancelled")])
def test_a_partial_refund_ends_a_fixed_reward_only_below_its_minimum(in_acme, refunded, status):
    scene = make_scene(conditions={"field": "amount_minor", "op": "gte", "value": 10_000})
    reward = earn(scene)
    Conversion.objects.filter(pk=reward.cause_id).update(refunded_minor=refunded)
    actions.take_back_conversion(conversion_id=reward.cause_id, reason="refund", **BY)
    reward.refresh_from_db()
    assert reward.status == status


def at_once(tenant, steps):
    """Each step in a thread of its own, all released together; "ok" or the code of the refusal."""
    gate = threading.Barrier(len(steps))

    def run(step):
        try:
            with tenancy.use(tenant.id):
                gate.wait(timeout=30)
                step()
            return "ok"
        except (RewardNotPending, RewardOver) as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def test_of_approving_and_rejecting_at_once_one_wins(committed):
    tenant = committed("race")
    with tenancy.use(tenant.id):
        scene = make_scene()
        reward = earn(scene)
    outcomes = at_once(tenant, [lambda: STEPS["approve"][2](reward), lambda: STEPS["reject"][2](reward)] * 2)
    assert sorted(outcomes) == ["ok", *["reward_not_pending"] * 3]
    with tenancy.use(tenant.id):
        reward.refresh_from_db()
        assert scene.held() == (
            {"budget": 0} if reward.status == "rejected" else {"pending": 2500, "budget": -2500}
        )


def test_several_who_mature_at_once_share_the_work(committed):
    tenant = committed("mature")
    with tenancy.use(tenant.id):
        scene = make_scene(auto_approve=True)
        for _each in range(12):
            earn(scene, "approved")
    matured = []
    at_once(tenant, [lambda: matured.append(actions.mature_due(now=LATER, limit=4)) for _each in range(3)])
    with tenancy.use(tenant.id):
        matured.append(actions.mature_due(now=LATER))
        assert sum(matured) == 12
        assert scene.held() == {"available": 30_000, "budget": -30_000}
        assert books.check() == []
