"""Shapes of the reward API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from kith.kit.http import MoneyOut, Schema
from kith.referrals.rules import RowResult
from kith.rewards.models import Reward
from kith.rewards.queries import Explanation, Holdings

Status = Literal[
    "granted", "pending_approval", "approved", "on_hold", "available", "settled", "rejected", "cancelled",
    "clawed_back",
]  # fmt: skip
Ids = Annotated[list[UUID], Field(min_length=1, max_length=1000)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class BeneficiaryOut(Schema):
    """Who earned it."""

    id: UUID
    name: str


class RewardOut(Schema):
    """A reward; `clawed_back` is what was taken back of `amount`."""

    id: UUID
    status: Status
    amount: MoneyOut
    clawed_back: MoneyOut
    beneficiary: BeneficiaryOut
    program_id: UUID
    program_code: str
    referral_id: UUID | None
    rule_code: str
    hold_until: datetime | None
    hold_reason: str
    approved_at: datetime | None
    approved_by: str
    available_at: datetime | None
    closed_at: datetime | None
    closed_reason: str
    created_at: datetime

    @classmethod
    def of(cls, row: Reward) -> "RewardOut":
        """The shape of a row read with program and beneficiary."""
        return cls(
            id=row.id, status=row.status, amount=MoneyOut.of(row.money),  # type: ignore[arg-type]
            clawed_back=MoneyOut(amount_minor=row.clawed_back_minor, currency=row.currency),
            beneficiary=BeneficiaryOut(id=row.beneficiary_id, name=row.beneficiary.name),
            program_id=row.program_id, program_code=row.program.code, referral_id=row.referral_id,
            rule_code=row.rule_code, hold_until=row.hold_until, hold_reason=row.hold_reason,
            approved_at=row.approved_at, approved_by=row.approved_by, available_at=row.available_at,
            closed_at=row.closed_at, closed_reason=row.closed_reason, created_at=row.created_at,
        )  # fmt: skip


class ExplanationOut(Schema):
    """One rule's part in a decision, with a sentence in the caller's language."""

    rule: str
    result: Literal["granted", "trigger", "window", "conditions", "beneficiary", "cap", "amount", "budget"]
    sentence: str
    details: dict[str, Any]

    @classmethod
    def of(cls, line: Explanation) -> "ExplanationOut":
        """The shape of a line."""
        return cls(rule=line.rule, result=line.result, sentence=line.sentence, details=dict(line.details))  # type: ignore[arg-type]


class TraceOut(Schema):
    """What was decided about the cause of a reward, and what the rules knew of it."""

    decided_at: datetime
    cause_kind: str
    cause_id: UUID
    facts: dict[str, Any]
    rules: list[ExplanationOut]


class RewardDetailOut(RewardOut):
    """A reward with the decision behind it."""

    decision: TraceOut


class RewardReasonIn(Schema):
    """Why."""

    reason: Reason


class IdsIn(Schema):
    """Up to 1,000 rows."""

    ids: Ids


class RejectIn(Schema):
    """Up to 1,000 rows and why."""

    ids: Ids
    reason: Reason


class BulkIn(Schema):
    """What to do with up to 1,000 rewards; rejecting needs a reason."""

    action: Literal["approve", "reject"]
    ids: Ids
    reason: Annotated[str, Field(max_length=500)] = ""


class RowOut(Schema):
    """What became of one row; code and message explain a refusal."""

    id: UUID
    ok: bool
    code: str
    message: str

    @classmethod
    def of(cls, row: RowResult) -> "RowOut":
        """The shape of a result."""
        return cls(id=row.id, ok=row.ok, code=row.code, message=str(row.message))


class BulkOut(Schema):
    """What became of each row, in the order asked."""

    succeeded: int
    failed: int
    results: list[RowOut]

    @classmethod
    def of(cls, rows: list[RowResult]) -> "BulkOut":
        """The shape of the results."""
        good = sum(row.ok for row in rows)
        return cls(succeeded=good, failed=len(rows) - good, results=[RowOut.of(row) for row in rows])


class HoldingsOut(Schema):
    """What a participant has in one currency; `debt` is zero or less."""

    currency: str
    pending: MoneyOut
    available: MoneyOut
    reserved: MoneyOut
    paid: MoneyOut
    debt: MoneyOut

    @classmethod
    def of(cls, held: Holdings) -> "HoldingsOut":
        """The shape of balances."""
        return cls(
            currency=held.currency, pending=MoneyOut.of(held.pending), available=MoneyOut.of(held.available),
            reserved=MoneyOut.of(held.reserved), paid=MoneyOut.of(held.paid), debt=MoneyOut.of(held.debt),
        )  # fmt: skip
