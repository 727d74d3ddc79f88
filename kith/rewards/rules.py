"""What a cause earns under a set of rules, and the steps a reward may take. Nothing here reads a clock."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from kith.kit.days import days_after
from kith.kit.money import Money
from kith.programs.rules import Condition, PublishedRule, failures

LARGEST_BULK = 1_000

EDGES: Mapping[str, tuple[str, ...]] = {
    "granted": ("pending_approval", "approved", "cancelled"),
    "pending_approval": ("approved", "rejected", "cancelled", "on_hold"),
    "approved": ("available", "on_hold", "cancelled", "pending_approval"),
    "on_hold": ("pending_approval", "approved", "cancelled", "rejected"),
    "available": ("settled", "clawed_back"),
    "settled": ("available", "clawed_back"),
    # Only when the referral whose rejection ended them is opened again.
    "rejected": ("pending_approval",),
    "cancelled": ("pending_approval",),
}
"""Status -> statuses that may follow; the migration gives the database the same table."""

HELD = ("granted", "pending_approval", "approved", "on_hold")
"""Statuses in which the money is pending: cancelling gives it back to the budget."""

MATURED = ("available", "settled")
"""Statuses in which the money is the participant's: only a claw-back takes it back."""

SPENT = (*MATURED, "clawed_back")
"""Statuses after which the decision behind a reward stands."""


@dataclass(frozen=True)
class Ruleset:
    """The rules of a program at one time, with the days within which a conversion must follow a referral."""

    currency: str
    window_days: int
    rules: tuple[PublishedRule, ...]

    @cached_property
    def hash(self) -> bytes:
        """32 bytes, equal exactly for equal promises."""
        parts: list[Any] = [self.currency, self.window_days]
        parts += [[rule.rule_code, str(rule.version_id), rule.spec.hash.hex()] for rule in self.rules]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).digest()


@dataclass(frozen=True, slots=True)
class Counters:
    """What limits the outcome: rewards so far by (rule code, participant), and the budget (None: no cap)."""

    granted: Mapping[tuple[str, UUID], int] = field(default_factory=dict)
    budget_left_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """One reward to be made."""

    rule_code: str
    version_id: UUID
    beneficiary_id: UUID
    amount: Money
    hold_until: datetime
    auto_approve: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is earned, and one line for each rule that says why or why not."""

    grants: tuple[Grant, ...]
    trace: tuple[dict[str, Any], ...]


def triggered(ruleset: Ruleset, facts: Mapping[str, Any]) -> list[PublishedRule]:
    """The rules that look at this cause at all."""
    return [rule for rule in ruleset.rules if rule.spec.trigger == facts["trigger"]]


def beneficiary_of(rule: PublishedRule, facts: Mapping[str, Any]) -> UUID | None:
    """Who would earn the rule's reward; None when the referred person is no participant."""
    found = facts.get(f"{rule.spec.beneficiary}_id")
    return UUID(found) if found else None


def decide(ruleset: Ruleset, facts: Mapping[str, Any], counters: Counters) -> Outcome:
    """Grants and explanations; the same input gives the same outcome, whatever the order of the rules.

    `facts`: what `programs.rules.FIELDS` lists, and trigger, referrer_id, referred_id, multiplier_bps,
    counts_from (the moment from which the holding period runs), timezone (whose days the period counts).
    """
    grants: list[Grant] = []
    trace: list[dict[str, Any]] = []
    granted, left = dict(counters.granted), counters.budget_left_minor
    for rule in sorted(ruleset.rules, key=lambda rule: rule.rule_code):
        line = _refusal(ruleset, rule, facts, granted)
        if line is None:
            grant = _grant(ruleset, rule, facts)
            amount = grant.amount.amount_minor
            if amount <= 0:
                line = {"result": "amount", "actual": amount}
            elif left is not None and amount > left:
                line = {"result": "budget", "expected": amount, "actual": left}
            else:
                left = None if left is None else left - amount
                key = (rule.rule_code, grant.beneficiary_id)
                granted[key] = granted.get(key, 0) + 1
                grants.append(grant)
                line = _granted(grant)
        trace.append({"rule": rule.rule_code, "version_id": str(rule.version_id), **line})
    return Outcome(tuple(grants), tuple(trace))


def _refusal(
    ruleset: Ruleset, rule: PublishedRule, facts: Mapping[str, Any], granted: Mapping[tuple[str, UUID], int]
) -> dict[str, Any] | None:
    spec = rule.spec
    if spec.trigger != facts["trigger"]:
        return {"result": "trigger", "expected": spec.trigger, "actual": facts["trigger"]}
    days = facts.get("days_since_referral")
    if days is not None and days > ruleset.window_days:
        return {"result": "window", "expected": ruleset.window_days, "actual": days}
    failing = failures(spec.conditions, facts)
    if failing:
        return {"result": "conditions", "failing": [failure.as_dict() for failure in failing]}
    beneficiary = beneficiary_of(rule, facts)
    if beneficiary is None:
        return {"result": "beneficiary", "expected": spec.beneficiary}
    used = granted.get((rule.rule_code, beneficiary), 0)
    if spec.cap_per_participant and used >= spec.cap_per_participant:
        return {"result": "cap", "expected": spec.cap_per_participant, "actual": used}
    return None


def _grant(ruleset: Ruleset, rule: PublishedRule, facts: Mapping[str, Any]) -> Grant:
    spec, beneficiary = rule.spec, beneficiary_of(rule, facts)
    if beneficiary is None:
        raise ValueError("a grant needs a beneficiary")
    return Grant(
        rule_code=rule.rule_code,
        version_id=rule.version_id,
        beneficiary_id=beneficiary,
        amount=Money(spec.fixed_minor, ruleset.currency).percent(facts.get("multiplier_bps", 10_000)),
        hold_until=days_after(
            datetime.fromisoformat(facts["counts_from"]), spec.hold_days, facts.get("timezone", "UTC")
        ),
        auto_approve=spec.auto_approve,
    )


def _granted(grant: Grant) -> dict[str, Any]:
    return {
        "result": "granted",
        "beneficiary_id": str(grant.beneficiary_id),
        **grant.amount.as_dict(),
        "hold_until": grant.hold_until.isoformat(),
        "auto_approve": grant.auto_approve,
    }


def survives(
    conditions: Condition | None, facts: Mapping[str, Any], net_minor: int, *, was_zero: bool = False
) -> bool:
    """Whether a fixed reward stays earned when only `net_minor` of the conversion is left.

    Nothing left ends it, unless the conversion was worth nothing from the start.
    """
    if net_minor <= 0 and not was_zero:
        return False
    known = facts.get("amount_minor") is not None
    return not failures(conditions, {**facts, "amount_minor": net_minor} if known else facts)


def days_between(earlier: datetime, later: datetime) -> int:
    """Whole days from one moment to a later one of the same zone, by its calendar; 0 when it is not later."""
    return max(0, (later.replace(tzinfo=None) - earlier.replace(tzinfo=None)).days)


def counts_from(occurred_at: datetime, effective_at: datetime | None) -> datetime:
    """From when the holding period runs: the event, or the day it takes effect when that is later."""
    return max(occurred_at, effective_at) if effective_at else occurred_at


def by_beneficiary(keys: Sequence[tuple[UUID, str]]) -> dict[tuple[str, UUID], int]:
    """How often each (rule code, participant) occurs among (participant, rule code), in one fixed order."""
    counted: dict[tuple[str, UUID], int] = {}
    for beneficiary, code in sorted(keys, key=lambda key: (key[1], key[0])):
        counted[code, beneficiary] = counted.get((code, beneficiary), 0) + 1
    return counted
