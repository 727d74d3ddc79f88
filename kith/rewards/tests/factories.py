"""A program with a rule, Dana who refers, and conversions that earn."""

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.participants.models import Participant
from kith.participants.tests.factories import make_participant
from kith.pipelines.queries import get_stage
from kith.programs.models import Program
from kith.programs.tests.factories import make_program, publish_rule
from kith.referrals.models import Conversion, Referral
from kith.rewards import actions, queries
from kith.rewards.models import Reward

AT = datetime.datetime(2026, 6, 1, 9, tzinfo=datetime.UTC)
LATER = AT + datetime.timedelta(days=30)
_numbers = itertools.count(1)


@dataclass
class Scene:
    """What most tests begin with."""

    program: Program
    dana: Participant

    def held(self) -> dict[str, int]:
        """Dana's balances and the budget's, in minor units."""
        found = queries.holdings(self.dana.id)
        kinds = ("pending", "available", "reserved", "paid", "debt")
        own = (
            {kind: getattr(found[0], kind).amount_minor for kind in kinds}
            if found
            else dict.fromkeys(kinds, 0)
        )
        from kith.programs.queries import budget

        return {kind: amount for kind, amount in own.items() if amount} | {
            "budget": budget(self.program).left.amount_minor
        }


def make_scene(**spec: Any) -> Scene:
    """A program that pays 25 euros for a booking, and Dana."""
    program = make_program()
    publish_rule(program, **spec)
    return Scene(program, make_participant(name="Dana Referrer"))


def make_referral(scene: Scene, stage: str = "invited", **values: Any) -> Referral:
    """Somebody Dana referred."""
    found = get_stage(scene.program.pipeline_id, stage)
    return Referral.objects.create(
        program=scene.program, referrer=values.pop("referrer", scene.dana), referred_key=uuid7().bytes,
        method="code", stage=found, category=found.category, created_at=AT, updated_at=AT, **values,
    )  # fmt: skip


def make_conversion(scene: Scene, referral: Referral | None = None, **values: Any) -> Conversion:
    """A booking of 400 euros that was reported at once."""
    given = {
        "event": "booking", "external_id": f"B-{next(_numbers)}", "gross_minor": 40_000, "currency": "EUR",
        "occurred_at": AT, "received_at": AT, **values,
    }  # fmt: skip
    return Conversion.objects.create(
        program=scene.program, referral=referral or make_referral(scene), **given
    )


def decide(conversion: Conversion, now: datetime.datetime = AT) -> list[Reward]:
    """Ask the rules about it."""
    return actions.decide_conversion(conversion_id=conversion.id, actor=SYSTEM, now=now)


def earn(scene: Scene, status: str = "pending_approval", **values: Any) -> Reward:
    """One reward of Dana's, brought to a status."""
    (reward,) = decide(make_conversion(scene, **values))
    if status != "pending_approval" and reward.status == "pending_approval":
        actions.approve_reward(reward=reward, actor=SYSTEM, now=AT)
    if status in ("available", "settled"):
        actions.mature_due(now=LATER)
    if status == "settled":
        actions.settle(reward=reward, actor=SYSTEM, now=LATER)
    reward.refresh_from_db()
    assert reward.status == status
    return reward


def in_status(scene, status):
    """A reward of Dana's that came to the status by the real steps."""
    if status in ("pending_approval", "approved", "available", "settled"):
        return earn(scene, status)
    reward = earn(scene, "available" if status == "clawed_back" else "pending_approval")
    if status == "on_hold":
        return actions.put_on_hold(reward=reward, reason="look", actor=SYSTEM, now=AT)
    if status == "rejected":
        return actions.reject_reward(reward=reward, reason="no", actor=SYSTEM, now=AT)
    if status == "cancelled":
        return actions.cancel_reward(reward=reward, reason="no", actor=SYSTEM, now=AT)
    return actions.claw_back(reward=reward, amount=reward.money, reason="no", key="x", actor=SYSTEM, now=AT)
