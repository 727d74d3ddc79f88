"""Living through a plan: every step is the feature's own action, with the clock standing where it happened."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from kith.analytics.actions import count_clicks
from kith.kit import clock, outbox, tenancy
from kith.kit.actors import PUBLIC, Actor
from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.participants.models import Participant
from kith.presets.actions import write_past_clicks
from kith.presets.demo.people import Person
from kith.presets.demo.plan import UTM_MEDIUM, Plan, PlannedReferral, Step
from kith.programs.models import Program
from kith.referrals import actions as referrals
from kith.referrals import queries as found
from kith.rewards import actions as rewards
from kith.rewards import queries
from kith.tenants import actions as tenants

CAMPAIGNS = ("winter-sun", "early-bird", "last-minute")
REFUSALS = (
    "The booking is in the referrer's own name.",
    "Known to us before.",
    "The booking could not be found.",
)
REMARKS = (
    "Called: travels with two children, confirms who sent her.", "Waits for the deposit, due on Friday.",
    "The friend asks whether the thank-you can go to a charity.", "Booking moved to May, same price.",
)  # fmt: skip


@dataclass(slots=True)
class Stage:
    """Where the history takes place and who acts in it."""

    tenant_id: int
    program: Program
    referrers: Sequence[Participant]
    friends: Sequence[Person]
    agent: Actor
    manager: Actor
    dice: random.Random
    booking_prefix: str
    visa_types: Sequence[str] = ()
    referral_ids: dict[int, UUID] = field(default_factory=dict)
    click_ids: dict[int, UUID] = field(default_factory=dict)


def live_through(plan: Plan, stage: Stage, *, start: datetime, end: datetime) -> Iterator[datetime]:
    """Do everything in the plan, half a week at a time; gives each moment at which the books were brought up to date.

    What a step causes in other features happens before the next half week, as it would have then.
    """
    clicks, steps = list(plan.clicks), list(plan.steps)
    by_number = {referral.number: referral for referral in plan.referrals}
    for moment in _half_weeks(start, end):
        with clock.frozen(moment):
            _click(stage, list(_taken(clicks, moment)))
            with tenancy.use(stage.tenant_id):
                for at, group in itertools.groupby(
                    _taken(steps, moment), key=lambda step: (step.at, step.kind)
                ):
                    _do(stage, at[1], list(group), by_number, now=at[0])
            _catch_up(stage.tenant_id, now=moment)
        yield moment


def _half_weeks(start: datetime, end: datetime) -> Iterator[datetime]:
    at = datetime.combine(start.date(), time(23), UTC)
    while at < end:
        yield at
        at += timedelta(days=4 if at.weekday() == 4 else 3 if at.weekday() == 1 else 1)
    yield end


def _taken(items: list[Any], until: datetime) -> Iterator[Any]:
    """Take the items that lie before a moment off the front of an ordered list."""
    count = 0
    while count < len(items) and items[count].at < until:
        count += 1
    taken, items[:count] = items[:count], []
    return iter(taken)


def _catch_up(tenant_id: int, *, now: datetime) -> None:
    """What scheduler and worker would have done meanwhile; figures go by the events' own times, letters to nobody."""
    outbox.drain({
        event: [(consumer, path) for consumer, path in handlers if consumer not in {"analytics", "notifications"}]
        for event, handlers in _subscriptions().items()
    })  # fmt: skip
    with tenancy.use(tenant_id):
        rewards.mature_due(now=now)


def _click(stage: Stage, clicks: Sequence[Any]) -> None:
    rows = []
    for click in clicks:
        click_id = uuid7()
        if click.referral >= 0:
            stage.click_ids[click.referral] = click_id
        rows.append((
            click_id, click.at, stage.referrers[click.referrer].id, click.channel, click.is_bot, click.counted,
            click.is_new_visitor, stage.dice.randbytes(16),
        ))  # fmt: skip
    if rows:
        with tenancy.use(stage.tenant_id):
            write_past_clicks(program=stage.program, rows=rows)


def _do(
    stage: Stage, kind: str, steps: Sequence[Step], planned: dict[int, PlannedReferral], *, now: datetime
) -> None:
    ids = [stage.referral_ids[step.referral] for step in steps if step.referral in stage.referral_ids]
    if kind == "refer":
        for step in steps:
            _refer(stage, planned[step.referral], now=now)
    elif kind == "approve":
        with tenancy.use(stage.tenant_id, actor=stage.manager):
            rewards.approve_referrals(referral_ids=ids, actor=stage.manager, now=now)
    elif kind == "reject":
        with tenancy.use(stage.tenant_id, actor=stage.manager):
            reason = stage.dice.choice(REFUSALS)
            rewards.reject_referrals(referral_ids=ids, reason=reason, actor=stage.manager, now=now)
    else:
        with tenancy.use(stage.tenant_id, actor=stage.agent):
            for step in steps:
                _STEPS[kind](stage, planned[step.referral], stage.referral_ids[step.referral], now)


def _refer(stage: Stage, planned: PlannedReferral, *, now: datetime) -> None:
    friend = stage.friends[planned.number]
    utm = {"source": planned.channel, "medium": UTM_MEDIUM.get(planned.channel, "link")}
    if stage.dice.random() < 0.25:
        utm["campaign"] = stage.dice.choice(CAMPAIGNS)
    with tenancy.use(stage.tenant_id, actor=PUBLIC):
        made = referrals.create_referral(
            code=stage.referrers[planned.referrer].code, email=friend.email, name=friend.name,
            country=friend.country, booking_reference=_booking(stage, planned) if planned.booked_at_once else "",
            amount=_amount(stage, planned), travel_on=planned.travel_on, click_id=stage.click_ids.get(planned.number),
            visa_type=stage.dice.choice(stage.visa_types) if stage.visa_types else "", utm=utm, source="landing",
            actor=PUBLIC, now=now,
        )  # fmt: skip
    stage.referral_ids[planned.number] = made.id


def _booking(stage: Stage, planned: PlannedReferral) -> str:
    return f"{stage.booking_prefix}-{10_000 + planned.number * 37 % 90_000}"


def _amount(stage: Stage, planned: PlannedReferral) -> Money | None:
    return Money.parse(str(planned.amount), stage.program.currency) if planned.amount else None


def _move(category: str, reason: str = "") -> Any:
    def move(stage: Stage, _planned: PlannedReferral, referral_id: UUID, now: datetime) -> None:
        referral = found.get_referral(referral_id)
        referrals.move_referral(
            referral=referral, to_category=category, actor=stage.agent, reason=reason, now=now
        )

    return move


def _book(stage: Stage, planned: PlannedReferral, referral_id: UUID, now: datetime) -> None:
    if not stage.booking_prefix:
        _STEPS["qualify"](stage, planned, referral_id, now)
        return
    referrals.record_conversion(
        referral=found.get_referral(referral_id), event="booking", external_id=_booking(stage, planned),
        amount=_amount(stage, planned), occurred_at=now, effective_on=planned.travel_on, source="console",
        actor=stage.agent, now=now,
    )  # fmt: skip


def _cancel(stage: Stage, _planned: PlannedReferral, referral_id: UUID, now: datetime) -> None:
    """The booking is off: what was earned for it is taken back, whatever has become of it since."""
    for conversion in found.conversions_of([referral_id]):
        referrals.cancel_conversion(
            conversion=conversion, external_id=f"cancel-{conversion.external_id}", reason="Cancelled by the customer.",
            actor=stage.agent, now=now,
        )  # fmt: skip
    referral = found.get_referral(referral_id)
    if referral.category in ("qualified", "converted"):
        referrals.move_referral(
            referral=referral,
            to_category="cancelled",
            reason="Cancelled by the customer.",
            actor=stage.agent,
            now=now,
        )


def _refund(stage: Stage, _planned: PlannedReferral, referral_id: UUID, now: datetime) -> None:
    """Part of the price goes back, for an excursion that did not take place."""
    for conversion in found.conversions_of([referral_id]):
        referrals.refund_conversion(
            conversion=conversion, amount=Money(conversion.gross_minor, conversion.currency).percent(1500),
            external_id=f"refund-{conversion.external_id}", reason="An excursion was not possible.",
            actor=stage.agent, now=now,
        )  # fmt: skip


_STEPS: dict[str, Any] = {
    "engage": _move("engaged"), "qualify": _move("qualified"), "confirm": _move("converted"),
    "expire": _move("expired", "No answer."), "book": _book, "cancel": _cancel, "refund": _refund,
}  # fmt: skip


def set_booking_rule(*, required: bool, actor: Actor, now: datetime) -> None:
    """Whether a referral needs a booking reference from now on: at first friends could sign up before booking."""
    tenants.set_setting(key="referrals.require_booking_reference", value=required, actor=actor, now=now)


def leave_on_desk(stage: Stage, *, now: datetime) -> None:
    """Some of what waits has a remark, and two rewards are held because somebody wants to look twice."""
    pending = list(queries.reward_list(status="pending_approval").order_by("created_at", "id")[:12])
    for reward, remark in zip(pending[::2], REMARKS, strict=False):
        if reward.referral is not None:
            referrals.add_note(referral=reward.referral, text=remark, actor=stage.agent, now=now)
    for reward in pending[1:4:2]:
        rewards.put_on_hold(
            reward=reward, reason="Same address as an earlier booking.", actor=stage.manager, now=now
        )


def count(now: datetime) -> None:
    """Bring every figure up to date."""
    outbox.drain(_subscriptions())
    while count_clicks(now=now):
        pass


def _subscriptions() -> outbox.Subscriptions:
    found: outbox.Subscriptions = import_string(f"{settings.KITH_SUBSCRIPTIONS}.SUBSCRIPTIONS")
    return found
