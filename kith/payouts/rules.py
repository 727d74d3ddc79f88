"""What may be paid to whom, in which steps, and on which day. Plain Python."""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kith.kit.money import Money, total

WITHDRAWAL_EDGES: Final[Mapping[str, frozenset[str]]] = {
    "requested": frozenset({"approved", "rejected", "cancelled"}),
    "approved": frozenset({"processing", "cancelled"}),
    "processing": frozenset({"paid", "failed"}),
    "paid": frozenset({"returned"}),
}
BATCH_EDGES: Final[Mapping[str, frozenset[str]]] = {
    "draft": frozenset({"approved", "cancelled"}),
    "approved": frozenset({"sent", "cancelled"}),
    "sent": frozenset({"done"}),
}
"""The same steps as the migration declares to the database; a test compares them."""

MAX_WITHDRAWALS = 1_000
"""Most withdrawals in one batch: the ledger posts that many at once."""

SEPA_COUNTRIES = frozenset(
    [
        *(
            "AD",
            "AL",
            "AT",
            "BE",
            "BG",
            "CH",
            "CY",
            "CZ",
            "DE",
            "DK",
            "EE",
            "ES",
            "FI",
            "FR",
            "GB",
            "GI",
            "GR",
        ),
        *(
            "HR",
            "HU",
            "IE",
            "IS",
            "IT",
            "LI",
            "LT",
            "LU",
            "LV",
            "MC",
            "MD",
            "ME",
            "MK",
            "MT",
            "NL",
            "NO",
            "PL",
        ),
        *("PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA"),
    ]
)
"""Countries of IBANs that a SEPA credit transfer reaches: the European Payments Council's list of 2026."""

_SEPA_TEXT = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*", re.ASCII)


def may_step(edges: Mapping[str, frozenset[str]], start: str, end: str) -> bool:
    """True when the step is declared."""
    return end in edges.get(start, frozenset())


def needs_second_person(amount: Money, limit: Money) -> bool:
    """True when a batch of this total is approved by somebody who did not make it.

    A total in another currency than the limit cannot be compared and always needs one.
    """
    return amount.currency != limit.currency or amount > limit


# --- who gets what ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """One available reward: what is left of it after claw-backs."""

    reward_id: UUID
    participant_id: UUID
    net: Money


@dataclass(frozen=True, slots=True)
class Payee:
    """What is known about who would be paid: `account_country` is empty without a payout account."""

    is_active: bool
    account_country: str
    available: Money


@dataclass(frozen=True, slots=True)
class Share:
    """How much of one reward a withdrawal pays."""

    reward_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class Pay:
    """One withdrawal to make; the shares sum to the amount."""

    participant_id: UUID
    amount: Money
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a participant (or one chosen reward) is left out; `reason` is a stable word."""

    participant_id: UUID
    amount: Money
    reason: str
    reward_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a batch pays: its format, currency and the organization's minimum."""

    format: str
    currency: str
    minimum: Money


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a batch would pay and leave out."""

    pays: tuple[Pay, ...]
    skips: tuple[Skip, ...]


def grouped(claims: Iterable[Claim]) -> dict[tuple[UUID, str], list[Claim]]:
    """Claims per participant and currency, the oldest reward first (ids carry their time)."""
    found: dict[tuple[UUID, str], list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda one: (one.participant_id, one.net.currency, one.reward_id)):
        found[claim.participant_id, claim.net.currency].append(claim)
    return dict(found)


def payable(net: Money, available: Money) -> Money:
    """What can leave: a debt paid from rewards makes the balance smaller than the rewards' sum."""
    return max(Money.zero(net.currency), min(net, available))


def why_not(amount: Money, payee: Payee, terms: Terms) -> str:
    """Why this amount cannot be paid to this payee, as a stable word; empty when it can."""
    if not payee.is_active:
        return "participant_not_active"
    if amount.currency != terms.currency:
        return "other_currency"
    if not amount:
        return "nothing_available"
    # A minimum in another currency says nothing about this one.
    if terms.minimum.currency == amount.currency and amount < terms.minimum:
        return "below_minimum"
    if terms.format == "sepa" and not payee.account_country:
        return "account_missing"
    if terms.format == "sepa" and payee.account_country not in SEPA_COUNTRIES:
        return "account_outside_sepa"
    return ""


def plan(claims: Iterable[Claim], payees: Mapping[tuple[UUID, str], Payee], terms: Terms) -> Plan:
    """One withdrawal per participant out of these claims, and who is left out why."""
    pays: list[Pay] = []
    skips: list[Skip] = []
    for (participant_id, currency), own in grouped(claims).items():
        payee = payees[participant_id, currency]
        amount = payable(total((claim.net for claim in own), currency), payee.available)
        reason = why_not(amount, payee, terms)
        if not reason and len(pays) == MAX_WITHDRAWALS:
            reason = "batch_full"
        if reason:
            skips.append(Skip(participant_id, amount, reason))
        else:
            pays.append(Pay(participant_id, amount, shared(own, amount)))
    return Plan(tuple(pays), tuple(skips))


def shared(claims: Sequence[Claim], amount: Money) -> tuple[Share, ...]:
    """Split the amount over the claims in order; what a debt has taken is missing from the last ones."""
    left, shares = amount, []
    for claim in claims:
        part = min(claim.net, left)
        shares.append(Share(claim.reward_id, part))
        left -= part
    return tuple(shares)


# --- what the bank reads ------------------------------------------------------------------------------


def reference(number: int, position: int, withdrawal_id: UUID) -> str:
    """The end-to-end id of a withdrawal: batch, position, and 8 random digits of the id; at most 35."""
    return f"KITH-{number:06d}-{position:04d}-{withdrawal_id.hex[-8:].upper()}"


def is_sepa_text(text: str) -> bool:
    """True for text of the SEPA character set that no bank mistakes for a separator."""
    slashes = text.startswith("/") or text.endswith("/") or "//" in text
    return _SEPA_TEXT.fullmatch(text) is not None and not slashes


def masked(last4: str) -> str:
    """An account number as screens show it."""
    return f"****{last4}"


def easter(year: int) -> datetime.date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher's algorithm)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return datetime.date(year, month, day + 1)


def is_target_day(day: datetime.date) -> bool:
    """True when TARGET2, through which banks settle euros, is open: six holidays a year and no weekends."""
    sunday = easter(day.year)
    moving = {sunday - datetime.timedelta(days=2), sunday + datetime.timedelta(days=1)}
    return (
        day.weekday() < 5
        and day not in moving
        and (day.month, day.day) not in {(1, 1), (5, 1), (12, 25), (12, 26)}
    )


def execution_day(wanted: datetime.date | None, today: datetime.date) -> datetime.date:
    """The wanted day, or the first later one that is not past and on which banks settle."""
    day = max(wanted or today, today)
    while not is_target_day(day):
        day += datetime.timedelta(days=1)
    return day
