"""The typed form of a rule: what triggers it, under which conditions, and what it earns.

A specification has a closed list of fields, so that every leaf can be checked when it is written,
explained when it is evaluated, and shown in a form.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from kith.pipelines.rules import PATH

MAX_NODES = 50
MAX_DEPTH = 4
MAX_CHOICES = 100
MAX_TEXT = 200
LARGEST_AMOUNT = 10**12

FieldType = Literal["amount", "number", "text", "yes_no"]

FIELDS: Mapping[str, FieldType] = {
    "amount_minor": "amount",
    "currency": "text",
    "event": "text",
    "is_estimated": "yes_no",
    "country": "text",
    "category": "text",
    "campaign": "text",
    "source": "text",
    "method": "text",
    "visa_type": "text",
    "has_booking_reference": "yes_no",
    "days_since_referral": "number",
    "utm_source": "text",
    "utm_medium": "text",
    "utm_campaign": "text",
    "utm_term": "text",
    "utm_content": "text",
    "referrer_kind": "text",
    "referrer_country": "text",
    "referrer_language": "text",
}
"""What a condition may look at. `amount_minor` is known only when it is in the program's currency."""

_ORDERED = frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in"})
OPS: Mapping[FieldType, frozenset[str]] = {
    "amount": _ORDERED,
    "number": _ORDERED,
    "text": frozenset({"eq", "ne", "in", "not_in"}),
    "yes_no": frozenset({"eq", "ne"}),
}

# Results that are the same thing to an organization: the one that its word for a conversion names.
USUAL_RESULTS = ("booking", "subscription", "order", "purchase", "enrollment")
_TRIGGER = re.compile(r"conversion:[a-z0-9][a-z0-9_.-]{0,59}", re.ASCII)
PROMISING = PATH[1:]
"""Categories whose stages are worth a reward."""
_STAGES = frozenset(f"stage.entered:{category}" for category in PATH)


class SpecInvalid(ValueError):
    """The specification cannot be; `path` is where, `problem` a stable word, `allowed` what may stand there."""

    def __init__(self, path: str, problem: str, allowed: str = "") -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem, self.allowed = path, problem, allowed


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison. Text is compared without regard to case."""

    field: str
    op: str
    value: Any

    def as_dict(self) -> dict[str, Any]:
        """The stored form."""
        return {"field": self.field, "op": self.op, "value": _plain(self.value)}


@dataclass(frozen=True, slots=True)
class Group:
    """All or any of several conditions."""

    kind: Literal["all", "any"]
    members: "tuple[Condition, ...]"

    def as_dict(self) -> dict[str, Any]:
        """The stored form."""
        return {self.kind: [member.as_dict() for member in self.members]}


Condition = Leaf | Group


@dataclass(frozen=True, slots=True)
class Failure:
    """A leaf that did not hold, with what was found; `actual` is None when the fact is not known."""

    path: str
    field: str
    op: str
    expected: Any
    actual: Any

    def as_dict(self) -> dict[str, Any]:
        """The form kept in a decision's trace."""
        return {
            "path": self.path, "field": self.field, "op": self.op,
            "expected": _plain(self.expected), "actual": self.actual,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """What a rule promises. `fixed_minor` is in the program's currency; a cap of 0 means none."""

    trigger: str
    fixed_minor: int
    beneficiary: Literal["referrer", "referred"] = "referrer"
    conditions: Condition | None = None
    cap_per_participant: int = 0
    hold_days: int = 14
    auto_approve: bool = False
    budget: Literal["program"] = "program"

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "RuleSpec":
        """Read the stored or submitted form. Raises SpecInvalid naming the first field at fault."""
        return _parse(data)

    def as_dict(self) -> dict[str, Any]:
        """The stored form, which `parse` reads back to an equal specification."""
        return {
            "trigger": self.trigger,
            "fixed_minor": self.fixed_minor,
            "beneficiary": self.beneficiary,
            "conditions": self.conditions.as_dict() if self.conditions else None,
            "cap_per_participant": self.cap_per_participant,
            "hold_days": self.hold_days,
            "auto_approve": self.auto_approve,
            "budget": self.budget,
        }

    @property
    def hash(self) -> bytes:
        """32 bytes, equal exactly for equal specifications."""
        canonical = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).digest()


@dataclass(frozen=True, slots=True)
class PublishedRule:
    """A rule as it was promised at some time."""

    version_id: UUID
    rule_code: str
    spec: RuleSpec


def failures(condition: Condition | None, facts: Mapping[str, Any]) -> list[Failure]:
    """Leaves that keep a condition from holding, in the order written; empty when it holds.

    A fact that is missing or None satisfies no comparison. Of an `any` group every member is listed.
    """
    return [] if condition is None else list(_failing(condition, facts, "conditions"))


def _failing(condition: Condition, facts: Mapping[str, Any], path: str) -> Iterator[Failure]:
    if isinstance(condition, Leaf):
        actual = facts.get(condition.field)
        if not _holds(condition, actual):
            yield Failure(path, condition.field, condition.op, condition.value, actual)
        return
    parts = [
        list(_failing(member, facts, f"{path}.{condition.kind}[{index}]"))
        for index, member in enumerate(condition.members)
    ]
    if condition.kind == "any" and not all(parts):
        return
    for part in parts:
        yield from part


def _holds(leaf: Leaf, actual: Any) -> bool:
    if actual is None:
        return False
    value, expected = _folded(actual), _folded(leaf.value)
    match leaf.op:
        case "eq":
            return bool(value == expected)
        case "ne":
            return bool(value != expected)
        case "gt":
            return bool(value > expected)
        case "gte":
            return bool(value >= expected)
        case "lt":
            return bool(value < expected)
        case "lte":
            return bool(value <= expected)
        case "in":
            return value in expected
        case _:
            return value not in expected


def _folded(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_folded(item) for item in value)
    return value.casefold() if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _parse(data: Mapping[str, Any]) -> RuleSpec:
    known = RuleSpec.__dataclass_fields__
    for name in data:
        if name not in known:
            raise SpecInvalid(str(name), "unknown_field", ", ".join(known))
    for name in ("trigger", "fixed_minor"):
        if name not in data:
            raise SpecInvalid(name, "missing")
    trigger = data["trigger"]
    if not isinstance(trigger, str) or not (_TRIGGER.fullmatch(trigger) or trigger in _STAGES):
        raise SpecInvalid("trigger", "trigger")
    conditions = data.get("conditions")
    return RuleSpec(
        trigger=trigger,
        fixed_minor=_whole(data, "fixed_minor", 1, LARGEST_AMOUNT, None),
        beneficiary=_choice(data, "beneficiary", ("referrer", "referred")),
        conditions=_condition(conditions, "conditions", 1, [0]) if conditions is not None else None,
        cap_per_participant=_whole(data, "cap_per_participant", 0, 1_000_000, 0),
        hold_days=_whole(data, "hold_days", 0, 730, 14),
        auto_approve=_yes_no(data, "auto_approve"),
        budget=_choice(data, "budget", ("program",)),
    )


def _whole(data: Mapping[str, Any], name: str, least: int, most: int, default: int | None) -> int:
    value = data.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise SpecInvalid(name, "whole_number", f"{least}–{most}")
    return value


def _choice(data: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> Any:
    value = data.get(name, allowed[0])
    if value not in allowed:
        raise SpecInvalid(name, "choice", ", ".join(allowed))
    return value


def _yes_no(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if type(value) is not bool:
        raise SpecInvalid(name, "yes_no")
    return value


def _condition(data: Any, path: str, depth: int, nodes: list[int]) -> Condition:
    nodes[0] += 1
    if nodes[0] > MAX_NODES:
        raise SpecInvalid(path, "too_many", str(MAX_NODES))
    if depth > MAX_DEPTH:
        raise SpecInvalid(path, "too_deep", str(MAX_DEPTH))
    if not isinstance(data, Mapping):
        raise SpecInvalid(path, "condition")
    for kind in ("all", "any"):
        if set(data) == {kind}:
            members = data[kind]
            if not isinstance(members, (list, tuple)) or not members:
                raise SpecInvalid(f"{path}.{kind}", "empty_group")
            parsed = [
                _condition(member, f"{path}.{kind}[{index}]", depth + 1, nodes)
                for index, member in enumerate(members)
            ]
            return Group("all" if kind == "all" else "any", tuple(parsed))
    if set(data) != {"field", "op", "value"}:
        raise SpecInvalid(path, "condition")
    return _leaf(data, path)


def _leaf(data: Mapping[str, Any], path: str) -> Leaf:
    field, op, value = data["field"], data["op"], data["value"]
    if not isinstance(field, str) or field not in FIELDS:
        raise SpecInvalid(f"{path}.field", "unknown_fact", ", ".join(FIELDS))
    kind = FIELDS[field]
    if op not in OPS[kind]:
        raise SpecInvalid(f"{path}.op", "operator", ", ".join(sorted(OPS[kind])))
    if op in ("in", "not_in"):
        if not isinstance(value, (list, tuple)) or not 0 < len(value) <= MAX_CHOICES:
            raise SpecInvalid(f"{path}.value", "list_of_values", f"1–{MAX_CHOICES}")
        checked = (_value(item, kind, f"{path}.value[{index}]") for index, item in enumerate(value))
        return Leaf(field, op, tuple(checked))
    return Leaf(field, op, _value(value, kind, f"{path}.value"))


def _value(value: Any, kind: FieldType, path: str) -> Any:
    fits = {
        "amount": type(value) is int and abs(value) <= LARGEST_AMOUNT,
        "number": type(value) is int and abs(value) <= LARGEST_AMOUNT,
        "text": isinstance(value, str) and len(value) <= MAX_TEXT,
        "yes_no": type(value) is bool,
    }
    if not fits[kind]:
        raise SpecInvalid(
            path, {"amount": "minor_units", "number": "number", "text": "text"}.get(kind, "yes_no")
        )
    return value


def is_running(status: str, starts_at: datetime, ends_at: datetime | None, at: datetime) -> bool:
    """Whether a campaign takes part at a time; it does not at its very end."""
    return status == "live" and starts_at <= at and (ends_at is None or at < ends_at)
