"""Deciding conversions and stages: once, within caps and budgets, also when many come at once."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from kith.kit import errors, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.participants.tests.factories import make_participant
from kith.pipelines import queries as pipelines
from kith.programs import actions as programs
from kith.programs.tests.factories import publish_rule
from kith.rewards import actions
from kith.rewards.models import Counter, Decision, Reward
from kith.rewards.tests.factories import AT, LATER, decide, make_conversion, make_referral, make_scene


def test_a_booking_earns_a_reward_that_waits_with_its_money_reserved(in_acme):
    scene = make_scene()
    (reward,) = decide(make_conversion(scene))
    assert (reward.status, reward.money, reward.beneficiary_id) == (
        "pending_approval",
        Money(2500, "EUR"),
        scene.dana.id,
    )
    assert reward.hold_until == AT + datetime.timedelta(days=14)
    assert scene.held() == {"pending": 2500, "budget": -2500}
    assert [entry.to_state for entry in pipelines.history("reward", reward.id)] == [
        "granted",
        "pending_approval",
    ]
    assert list(OutboxEvent.objects.filter(subject_id=reward.id).values_list("type", flat=True)) == [
        "reward.granted"
    ]
    assert Counter.objects.get().n == 1
    assert ledger.check() == []


def test_a_rule_may_approve_by_itself(in_acme):
    scene = make_scene(auto_approve=True)
    (reward,) = decide(make_conversion(scene))
    assert (reward.status, reward.approved_by) == ("approved", "system")
    assert scene.held()["pending"] == 2500


def test_the_hold_counts_from_the_travel_date_in_the_organizations_time_zone(in_acme):
    (reward,) = decide(make_conversion(make_scene(), effective_on=datetime.date(2026, 8, 1)))
    assert reward.hold_until == datetime.datetime(2026, 8, 14, 22, tzinfo=datetime.UTC)


def test_deciding_twice_grants_once(in_acme):
    scene = make_scene()
    conversion = make_conversion(scene)
    first = decide(conversion)
    publish_rule(scene.program, "second", now=AT)
    assert decide(conversion, now=LATER) == first
    assert (Reward.objects.count(), Decision.objects.count(), scene.held()["pending"]) == (1, 1, 2500)


def test_the_promise_of_the_day_of_the_booking_counts(in_acme):
    scene = make_scene(fixed_minor=2500)
    version = publish_rule(scene.program, "later", now=LATER, fixed_minor=9900)
    (reward,) = decide(make_conversion(scene, occurred_at=AT, received_at=LATER), now=LATER)
    assert reward.amount_minor == 2500
    assert reward.rule_version_id != version.id


@pytest.mark.parametrize(
    "values",
    [{"status": "cancelled"}, {"refunded_minor": 40_000}],
)
def test_a_conversion_that_was_taken_back_earns_nothing(in_acme, values):
    scene = make_scene()
    assert decide(make_conversion(scene, **values)) == []
    assert (Decision.objects.count(), scene.held()) == (0, {"budget": 0})


def test_a_closed_referral_earns_nothing_until_it_is_open_again(in_acme):
    scene = make_scene()
    assert decide(make_conversion(scene, make_referral(scene, "rejected"))) == []
    assert not Decision.objects.exists()


def test_an_unknown_conversion_is_not_found(in_acme, rival):
    with tenancy.use(rival.id):
        theirs = make_conversion(make_scene())
    for conversion_id in (uuid7(), theirs.id):
        with pytest.raises(errors.NotFound):
            actions.decide_conversion(conversion_id=conversion_id, actor=SYSTEM, now=AT)


def test_both_sides_may_earn(in_acme):
    scene = make_scene()
    publish_rule(scene.program, "welcome", beneficiary="referred", fixed_minor=1000)
    eli = make_participant()
    rewards = decide(make_conversion(scene, make_referral(scene, referred_participant=eli)))
    assert {(reward.beneficiary_id, reward.amount_minor) for reward in rewards} == {
        (scene.dana.id, 2500),
        (eli.id, 1000),
    }
    assert scene.held() == {"pending": 2500, "budget": -3500}


def test_a_running_campaign_multiplies(in_acme):
    scene = make_scene()
    campaign = programs.create_campaign(
        program=scene.program,
        code="june",
        name="June",
        starts_at=AT,
        multiplier_bps=20_000,
        actor=SYSTEM,
        now=AT,
    )
    (reward,) = decide(make_conversion(scene, make_referral(scene, campaign=campaign)))
    assert reward.amount_minor == 5000


def test_a_cap_ends_what_one_participant_earns_and_a_rejected_reward_gives_its_place_back(in_acme):
    scene = make_scene(cap_per_participant=2)
    rewards = [decide(make_conversion(scene)) for _each in range(3)]
    assert [len(granted) for granted in rewards] == [1, 1, 0]
    assert Decision.objects.order_by("-id")[0].trace[0]["result"] == "cap"
    eli = make_participant()
    assert len(decide(make_conversion(scene, make_referral(scene, referrer=eli)))) == 1
    actions.reject_reward(reward=rewards[0][0], reason="test booking", actor=SYSTEM, now=AT)
    assert len(decide(make_conversion(scene))) == 1


def test_a_spent_budget_is_an_explanation_and_not_an_error(in_acme):
    scene = make_scene()
    programs.open_budget(program=scene.program, hard_cap=Money(4000, "EUR"), actor=SYSTEM, now=AT)
    assert [len(decide(make_conversion(scene))) for _each in range(2)] == [1, 0]
    (line,) = Decision.objects.order_by("-id")[0].trace
    assert (line["result"], line["expected"], line["actual"]) == ("budget", 2500, 1500)
    assert scene.held() == {"pending": 2500, "budget": 1500}
    assert Counter.objects.get().n == 1


def test_entering_a_stage_may_earn_once(in_acme):
    scene = make_scene(trigger="stage.entered:converted")
    referral = make_referral(scene, "confirmed")
    for _again in range(2):
        rewards = actions.decide_stage(
            referral_id=referral.id, category="converted", entered_at=AT, actor=SYSTEM, now=AT
        )
    assert [reward.cause_kind for reward in rewards] == ["stage:converted"]
    assert (
        actions.decide_stage(referral_id=referral.id, category="engaged", entered_at=AT, actor=SYSTEM, now=AT)
        == []
    )
    assert (Reward.objects.count(), Decision.objects.count()) == (1, 1)


def decided_at_once(tenant, conversions, workers=16):
    """Every conversion decided by a pool of threads; the number of rewards each granted."""
    gate = threading.Barrier(workers)
    started = threading.local()

    def run(conversion):
        if not getattr(started, "yes", False):
            started.yes = True
            gate.wait(timeout=30)
        try:
            with tenancy.use(tenant.id):
                return len(decide(conversion))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, conversions))


def test_of_a_hundred_at_once_exactly_ten_pass_a_cap_of_ten(committed):
    tenant = committed("caps")
    with tenancy.use(tenant.id):
        scene = make_scene(cap_per_participant=10)
        conversions = [make_conversion(scene) for _each in range(100)]
    assert sum(decided_at_once(tenant, conversions)) == 10
    with tenancy.use(tenant.id):
        assert (Reward.objects.count(), Counter.objects.get().n, Decision.objects.count()) == (10, 10, 100)
        assert scene.held() == {"pending": 25_000, "budget": -25_000}
        assert ledger.check() == []


def test_many_at_once_never_promise_more_than_the_budget(committed):
    tenant = committed("budget")
    with tenancy.use(tenant.id):
        scene = make_scene()
        programs.open_budget(program=scene.program, hard_cap=Money(13_000, "EUR"), actor=SYSTEM, now=AT)
        people = [make_participant() for _each in range(40)]
        conversions = [make_conversion(scene, make_referral(scene, referrer=person)) for person in people]
    assert sum(decided_at_once(tenant, conversions)) == 5
    with tenancy.use(tenant.id):
        assert scene.held() == {"budget": 500}
        results = [decision.trace[0]["result"] for decision in Decision.objects.all()]
        assert (results.count("granted"), results.count("budget")) == (5, 35)
        assert ledger.check() == []


def test_one_conversion_decided_by_many_at_once_earns_once(committed):
    tenant = committed("twice")
    with tenancy.use(tenant.id):
        scene = make_scene()
        conversion = make_conversion(scene)
    assert decided_at_once(tenant, [conversion] * 16) == [1] * 16
    with tenancy.use(tenant.id):
        assert (Reward.objects.count(), scene.held()["pending"]) == (1, 2500)
