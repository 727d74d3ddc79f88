"""What happens by itself: on events and by the clock."""

import datetime

import pytest

from kith.kit import clock, outbox, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.clock import frozen
from kith.kit.events import StoredEvent
from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.participants.tests.factories import make_participant
from kith.referrals import actions as referrals
from kith.referrals.models import Referral
from kith.rewards import handlers, jobs
from kith.rewards.models import Reward
from kith.rewards.tests.factories import AT, LATER, Scene, earn, make_conversion, make_referral, make_scene

SUBSCRIPTIONS = {
    "referral.created": [("rewards-test", "kith.rewards.handlers.on_referral_created")],
    "referral.moved": [("rewards-test", "kith.rewards.handlers.on_referral_moved")],
    "conversion.recorded": [("rewards-test", "kith.rewards.handlers.on_conversion_recorded")],
    "conversion.refunded": [("rewards-test", "kith.rewards.handlers.on_conversion_refunded")],
}


def event(kind, subject, **data):
    return StoredEvent(
        position=1, id=uuid7(), tenant_id=tenancy.current_tenant_id(), type=kind, subject_type="x", subject_id=subject,
        actor="system", request_id="", occurred_at=AT, data=data,
    )  # fmt: skip


@pytest.fixture
def scene(in_acme):
    return make_scene()


def test_a_recorded_conversion_is_decided(scene):
    conversion = make_conversion(scene)
    told = event("conversion.recorded", conversion.id, conversion_id=str(conversion.id))
    for _again in range(2):
        handlers.on_conversion_recorded(told, now=AT)
    assert Reward.objects.get().cause_id == conversion.id


def test_a_refunded_conversion_takes_its_reward_back(scene):
    reward = earn(scene)
    type(make_conversion(scene)).objects.filter(pk=reward.cause_id).update(refunded_minor=40_000)
    handlers.on_conversion_refunded(
        event("conversion.refunded", reward.cause_id, conversion_id=str(reward.cause_id)), now=AT
    )
    reward.refresh_from_db()
    assert (reward.status, reward.closed_reason) == ("cancelled", "conversion refunded")


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("qualified", "completed", "approved"),
        ("qualified", "rejected", "rejected"),
        ("qualified", "qualified", "pending_approval"),
    ],
)
def test_a_moved_referral_takes_its_rewards_along(scene, before, after, status):
    reward = earn(scene)
    Referral.objects.filter(pk=reward.referral_id).update(category=after)
    told = event(
        "referral.moved",
        reward.referral_id,
        referral_id=str(reward.referral_id),
        from_category=before,
        to_category=after,
    )
    handlers.on_referral_moved(told, now=AT)
    reward.refresh_from_db()
    assert reward.status == status


def test_a_new_referral_may_earn(in_acme):
    scene = make_scene(trigger="stage.entered:new", fixed_minor=100)
    referral = make_referral(scene)
    handlers.on_referral_created(
        event("referral.created", referral.id, referral_id=str(referral.id), category="new"), now=AT
    )
    assert Reward.objects.get().amount_minor == 100


def test_the_story_of_a_booking_by_events_alone(committed):
    tenant = committed("story")
    with tenancy.use(tenant.id):
        scene = make_scene()
        referral = make_referral(scene)
        conversion = referrals.record_conversion(
            referral=referral, event="booking", external_id="B-1", amount=Money(40_000, "EUR"), occurred_at=AT,
            source="test", actor=SYSTEM, now=AT,
        )  # fmt: skip
    outbox.drain(SUBSCRIPTIONS)
    with tenancy.use(tenant.id):
        assert Reward.objects.get().status == "pending_approval"
        referral.refresh_from_db()
        referrals.move_referral(referral=referral, to_category="completed", actor=SYSTEM, now=AT)
    outbox.drain(SUBSCRIPTIONS)
    with frozen(LATER):
        jobs.mature_due()
    with tenancy.use(tenant.id):
        assert Reward.objects.get().status == "available"
        referrals.cancel_conversion(conversion=conversion, external_id="B-1-x", actor=SYSTEM, now=LATER)
    outbox.drain(SUBSCRIPTIONS)
    with tenancy.use(tenant.id):
        assert Reward.objects.get().status == "clawed_back"
        assert scene.held() == {"budget": 0}


def test_what_is_due_matures_in_every_organization(committed):
    scenes: list[tuple[int, Scene]] = []
    for slug in ("one", "two"):
        tenant = committed(slug)
        with tenancy.use(tenant.id):
            scene = make_scene(auto_approve=True)
            earn(scene, "approved")
            scenes.append((tenant.id, scene))
            assert make_participant()
    with frozen(LATER + datetime.timedelta(days=1)):
        jobs.mature_due()
        jobs.mature_due(tenant_id=0)
    for tenant_id, scene in scenes:
        with tenancy.use(tenant_id):
            assert scene.held() == {"available": 2500, "budget": -2500}


def test_a_rejection_taken_back_brings_the_reward_back_by_events_alone(committed):
    tenant = committed("reopen")
    with tenancy.use(tenant.id):
        scene = make_scene()
        reward = earn(scene)
        referral = reward.referral
    for category, status in (
        ("rejected", "rejected"),
        ("engaged", "pending_approval"),
        ("completed", "approved"),
    ):
        with tenancy.use(tenant.id):
            referral.refresh_from_db()
            referrals.move_referral(
                referral=referral, to_category=category, actor=SYSTEM, reason="because", now=clock.now()
            )
        outbox.drain(SUBSCRIPTIONS)
        with tenancy.use(tenant.id):
            reward.refresh_from_db()
            assert reward.status == status
    with tenancy.use(tenant.id):
        assert scene.held() == {"pending": 2500, "budget": -2500}
