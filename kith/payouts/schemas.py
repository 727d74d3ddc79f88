"""Shapes of the payout API."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kith.kit.http import Day, MoneyOut, Schema
from kith.kit.money import Money
from kith.payouts import queries, rules
from kith.payouts.models import PayoutAccount, PayoutBatch, Withdrawal
from kith.payouts.queries import BatchDetail, Due

Format = Literal["sepa", "csv"]
BatchWord = Literal["draft", "approved", "sent", "done", "cancelled"]
WithdrawalWord = Literal[
    "requested", "approved", "processing", "paid", "returned", "failed", "rejected", "cancelled"
]
SkipWord = Literal[
    "account_missing", "account_outside_sepa", "below_minimum", "nothing_available", "other_currency",
    "participant_not_active", "batch_full", "reward_not_available", "reward_in_withdrawal",
]  # fmt: skip
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class AccountIn(Schema):
    """The account as its holder writes it."""

    holder: Annotated[str, Field(min_length=1, max_length=70)]
    iban: Annotated[str, Field(min_length=5, max_length=50)]
    bic: Annotated[str, Field(max_length=20)] = ""


class AccountOut(Schema):
    """A payout account; the number is never given out again."""

    id: UUID
    participant_id: UUID
    holder: str
    iban: str
    bic: str
    country: str
    created_at: datetime

    @classmethod
    def of(cls, row: PayoutAccount) -> "AccountOut":
        """The shape of a row."""
        return cls(
            id=row.id, participant_id=row.participant_id, holder=row.holder, iban=rules.masked(row.iban_last4),
            bic=row.bic, country=row.country, created_at=row.created_at,
        )  # fmt: skip


class DueOut(Schema):
    """What a participant is owed in one currency; `reason` is null when it can be paid now."""

    participant_id: UUID
    name: str
    email: str
    rewards: int
    net: MoneyOut
    payable: MoneyOut
    oldest_at: datetime
    account: str | None
    reason: SkipWord | None
    message: str | None

    @classmethod
    def of(cls, row: Due) -> "DueOut":
        """The shape of a result."""
        return cls.model_validate(
            {
                "participant_id": row.participant_id, "name": row.name, "email": row.email,
                "rewards": row.rewards, "net": MoneyOut.of(row.net), "payable": MoneyOut.of(row.payable),
                "oldest_at": row.oldest_at, "account": row.account_shown or None,
                "reason": row.reason or None, "message": row.sentence or None,
            }
        )  # fmt: skip


class BatchIn(Schema):
    """Which rewards to pay; without ids, all that are due."""

    reward_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)] | None = None
    format: Format = "sepa"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    execution_on: Day | None = None


class BatchOut(Schema):
    """A payout batch."""

    id: UUID
    number: int
    status: BatchWord
    format: Format
    total: MoneyOut
    count: int
    execution_on: date
    needs_second_person: bool
    made_by: str
    made_by_name: str
    approved_by: str | None
    approved_by_name: str | None
    created_at: datetime
    approved_at: datetime | None
    sent_at: datetime | None
    closed_at: datetime | None
    file_sha256: str | None

    @classmethod
    def of(cls, row: PayoutBatch) -> "BatchOut":
        """The shape of a row."""
        return cls.model_validate(_batch(row))


class SkipOut(Schema):
    """Who is not in the batch, and why."""

    participant_id: UUID
    reward_id: UUID | None
    amount: MoneyOut
    reason: SkipWord
    message: str

    @classmethod
    def of(cls, skip: rules.Skip) -> "SkipOut":
        """The shape of a result."""
        return cls.model_validate(
            {
                "participant_id": skip.participant_id, "reward_id": skip.reward_id,
                "amount": MoneyOut.of(skip.amount), "reason": skip.reason,
                "message": str(queries.REASONS[skip.reason]),
            }
        )  # fmt: skip


class WithdrawalOut(Schema):
    """One participant's money on its way out."""

    id: UUID
    participant_id: UUID
    name: str
    batch_id: UUID | None
    status: WithdrawalWord
    amount: MoneyOut
    reference: str
    account: str | None
    failure_code: str | None
    failure_note: str | None
    requested_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Withdrawal) -> "WithdrawalOut":
        """The shape of a row; reads participant and account, so select them."""
        account = row.payout_account
        return cls.model_validate(
            {
                "id": row.id, "participant_id": row.participant_id, "name": row.participant.name,
                "batch_id": row.batch_id, "status": row.status,
                "amount": MoneyOut.of(Money(row.amount_minor, row.currency)), "reference": row.reference,
                "account": rules.masked(account.iban_last4) if account else None,
                "failure_code": row.failure_code or None, "failure_note": row.failure_note or None,
                "requested_at": row.requested_at, "paid_at": row.paid_at, "closed_at": row.closed_at,
            }
        )  # fmt: skip


class BatchDetailOut(BatchOut):
    """A batch with its withdrawals; `skipped` only in the answer to making it."""

    withdrawals: list[WithdrawalOut]
    skipped: list[SkipOut]

    @classmethod
    def full(cls, detail: BatchDetail, skipped: tuple[rules.Skip, ...] = ()) -> "BatchDetailOut":
        """The shape of a result."""
        return cls.model_validate(
            {
                **_batch(detail.batch),
                "withdrawals": [WithdrawalOut.of(row) for row in detail.withdrawals],
                "skipped": [SkipOut.of(skip) for skip in skipped],
            }
        )


class ReasonIn(Schema):
    """Why, and the bank's own code if it gave one (such as AC04)."""

    reason: Reason
    code: Annotated[str, Field(max_length=35)] = ""


class CancelIn(Schema):
    """Why, if there is something to say; and that no payment was made with the file, if it was downloaded."""

    reason: Annotated[str, Field(max_length=500)] = ""
    nothing_paid: bool = False


def _batch(row: PayoutBatch) -> dict[str, object]:
    return {
        "id": row.id, "number": row.number, "status": row.status, "format": row.format,
        "total": MoneyOut.of(Money(row.total_minor, row.currency)), "count": row.count,
        "execution_on": row.execution_on, "needs_second_person": row.needs_second_person,
        "made_by": row.made_by, "made_by_name": row.made_by_label, "approved_by": row.approved_by or None,
        "approved_by_name": row.approved_by_label or None, "created_at": row.created_at,
        "approved_at": row.approved_at, "sent_at": row.sent_at, "closed_at": row.closed_at,
        "file_sha256": row.file_sha256 or None,
    }  # fmt: skip
