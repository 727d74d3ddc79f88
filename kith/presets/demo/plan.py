"""What happens in eighteen months of a demonstration: decided by dice with a fixed seed, before anything is stored."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Kind = Literal["refer", "engage", "book", "confirm", "approve", "reject", "cancel", "refund", "expire"]

# Share of the year's travel bookings by month, January first: winter sun is booked early, summer late.
SEASON = (1.45, 1.25, 1.05, 0.95, 1.1, 1.15, 0.95, 0.8, 0.85, 0.8, 0.85, 0.8)
# Monday first; people talk about holidays on Sundays.
WEEKDAYS = (1.05, 0.95, 0.95, 1.0, 0.9, 1.0, 1.25)
# Channel, its share of clicks, and how much likelier than average its visitors are to book.
CHANNELS = (
    ("whatsapp", 38, 1.5), ("email", 22, 1.2), ("copy", 16, 1.0), ("facebook", 10, 0.4), ("qr", 8, 0.9),
    ("sms", 6, 0.6),
)  # fmt: skip
UTM_MEDIUM = {
    "whatsapp": "messenger",
    "sms": "messenger",
    "email": "email",
    "facebook": "social",
    "qr": "print",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How big the demonstration is, and how its people decide."""

    referrals: int
    clicks: int
    waiting: int
    direct_bookings: float
    amounts: tuple[int, int]
    amount_known: float
    hears_within: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlannedClick:
    """One request of a referrer's link; `referral` is the number of the referral it led to, or -1."""

    at: datetime
    referrer: int
    channel: str
    is_bot: bool
    counted: bool
    is_new_visitor: bool
    referral: int = -1


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens to a referral."""

    at: datetime
    kind: Kind
    referral: int


@dataclass(frozen=True, slots=True)
class PlannedReferral:
    """A friend, who sent them, and what they book; `amount` is in whole units, 0 when nobody reported it."""

    number: int
    referrer: int
    channel: str
    booked_at_once: bool
    amount: int
    travel_on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it, clicks and steps in the order in which they happen."""

    referrals: tuple[PlannedReferral, ...]
    steps: tuple[Step, ...]
    clicks: tuple[PlannedClick, ...]


def make_plan(dice: random.Random, shape: Shape, *, start: datetime, end: datetime, referrers: int) -> Plan:
    """Decide everything between two moments. Nothing lies after `end`."""
    days = [start.date() + timedelta(days=n) for n in range((end.date() - start.date()).days)]
    weights = [_weight(day, days[0], len(days)) for day in days]
    # A few people bring most friends.
    fame = [1 / (rank + 4) for rank in range(referrers)]
    referrals, steps, clicks = [], [], []
    for number, at in enumerate(_moments(dice, shape, days, weights, end)):
        channel = dice.choices(
            [name for name, *_ in CHANNELS], weights=[share * luck for _, share, luck in CHANNELS]
        )[0]
        planned = PlannedReferral(
            number=number,
            referrer=dice.choices(range(referrers), weights=fame)[0],
            channel=channel,
            booked_at_once=dice.random() < shape.direct_bookings,
            amount=_amount(dice, shape),
            travel_on=at.date() + timedelta(days=int(dice.triangular(14, 190, 45))),
        )
        referrals.append(planned)
        steps += [step for step in _life(dice, shape, planned, at, end) if step.at < end]
        if dice.random() < 0.85:
            seen = max(at - timedelta(minutes=dice.randrange(3, 4000)), start)
            clicks.append(PlannedClick(seen, planned.referrer, channel, False, True, True, number))
    clicks += _other_clicks(dice, shape.clicks - len(clicks), days, weights, fame)
    return Plan(
        tuple(referrals),
        tuple(sorted(steps, key=lambda step: (step.at, step.referral))),
        tuple(sorted((click for click in clicks if click.at < end), key=lambda click: click.at)),
    )


def _weight(day: date, first: date, length: int) -> float:
    growth = 0.55 + 0.9 * (day - first).days / length
    return growth * SEASON[day.month - 1] * WEEKDAYS[day.weekday()]


def _moments(
    dice: random.Random, shape: Shape, days: Sequence[date], weights: Sequence[float], end: datetime
) -> Iterator[datetime]:
    """When referrals are made: most by the weights, and the last few in the days that staff have not seen."""
    last = [day for day in days if day > end.date() - timedelta(days=9)]
    chosen = dice.choices(
        days[: -len(last)], weights=weights[: -len(last)], k=shape.referrals - shape.waiting
    )
    chosen += dice.choices(last, k=shape.waiting)
    for day in sorted(chosen):
        yield _at(dice, day)


def _at(dice: random.Random, day: date) -> datetime:
    minutes = min(max(int(dice.gauss(16.5 * 60, 210)), 6 * 60), 22 * 60)
    return datetime.combine(day, time(minutes // 60, minutes % 60, dice.randrange(60)), UTC)


def _amount(dice: random.Random, shape: Shape) -> int:
    if dice.random() > shape.amount_known:
        return 0
    low, high = shape.amounts
    return round(min(max(low, math.exp(dice.gauss(math.log((low + high) / 5), 0.55))), high) / 5) * 5


def _office(dice: random.Random, at: datetime, *, least: int, most: int) -> datetime:
    """A Tuesday or Friday morning so many days later: staff clear their queue twice a week, in one go."""
    day = at.date() + timedelta(days=dice.randint(least, most))
    while day.weekday() not in (1, 4):
        day += timedelta(days=1)
    return datetime.combine(day, time(9, 30), UTC)


def _life(
    dice: random.Random, shape: Shape, planned: PlannedReferral, at: datetime, end: datetime
) -> Iterator[Step]:
    """Everything that happens to one referral, also what lies beyond the end."""
    number = planned.number
    yield Step(at, "refer", number)
    if not planned.booked_at_once:
        fate = dice.random()
        if fate < 0.12:
            yield Step(_office(dice, at, least=85, most=100), "expire", number)
            return
        engaged = at + timedelta(hours=dice.randint(20, 200))
        yield Step(engaged, "engage", number)
        if fate < 0.4:
            kind: Kind = "expire" if fate < 0.34 else "reject"
            yield Step(_office(dice, engaged, least=60, most=90), kind, number)
            return
        at = engaged + timedelta(days=dice.randint(*shape.hears_within), minutes=dice.randrange(600))
        yield Step(at, "book", number)
    yield from _after_booking(dice, number, at, end)


def _after_booking(dice: random.Random, number: int, at: datetime, end: datetime) -> Iterator[Step]:
    fate = dice.random()
    if dice.random() < 0.7:
        confirmed = at + timedelta(hours=dice.randint(12, 60))
        yield Step(confirmed, "confirm", number)
    decided = _office(dice, at + timedelta(days=3), least=0, most=5)
    if decided > end - timedelta(days=4):
        return
    if fate < 0.06:
        yield Step(decided, "reject", number)
    elif fate < 0.1:
        yield Step(decided - timedelta(minutes=30), "cancel", number)
    else:
        yield Step(decided, "approve", number)
        if fate < 0.15:
            yield Step(decided + timedelta(days=dice.randint(5, 60), hours=2), "refund", number)
        elif fate < 0.18:
            yield Step(decided + timedelta(days=dice.randint(4, 120), hours=3), "cancel", number)


def _other_clicks(
    dice: random.Random, count: int, days: Sequence[date], weights: Sequence[float], fame: Sequence[float]
) -> Iterator[PlannedClick]:
    names, shares = [name for name, *_ in CHANNELS], [share for _, share, _luck in CHANNELS]
    chosen = zip(
        dice.choices(days, weights=weights, k=count),
        dice.choices(range(len(fame)), weights=fame, k=count),
        dice.choices(names, weights=shares, k=count),
        strict=True,
    )
    for day, referrer, channel in chosen:
        luck = dice.random()
        is_bot = luck < 0.06
        counted = not is_bot and luck > 0.14
        yield PlannedClick(_at(dice, day), referrer, channel, is_bot, counted, counted and luck > 0.3)
