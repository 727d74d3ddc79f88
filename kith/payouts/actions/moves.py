"""What all steps share: locking, compare-and-set, history, events, and the ledger's side of a step."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from kith.kit import errors, outbox
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger import actions as ledger
from kith.ledger import queries as books
from kith.ledger import rules as legs
from kith.payouts import rules
from kith.payouts.models import PayoutBatch, Withdrawal, WithdrawalLine
from kith.pipelines.actions import Passed, record_status, record_statuses
from kith.rewards.models import Reward


class StepTaken(errors.Conflict):
    """Somebody else moved it first."""

    code, message = "step_taken", _("Somebody else changed this a moment ago. Look at it again.")


Legs = Callable[[int, int, Money], list[legs.Leg]]

# Each happens at most once per withdrawal: the step is part of the journal's key.
STEPS: dict[str, tuple[str, Legs, str, str]] = {
    "request": ("withdraw.request", legs.legs_withdraw_request, "available", "reserved"),
    "release": ("withdraw.release", legs.legs_withdraw_release, "reserved", "available"),
    "paid": ("withdraw.paid", legs.legs_withdraw_paid, "reserved", "paid"),
    "returned": ("withdraw.returned", legs.legs_withdraw_returned, "paid", "available"),
}


def lock_batch(batch_id: UUID) -> PayoutBatch:
    """The batch as it is now, locked until commit."""
    found: PayoutBatch = PayoutBatch.objects.select_for_update().get(pk=batch_id)
    return found


def lock_withdrawals(**wanted: Any) -> list[Withdrawal]:
    """Withdrawals as they are now, locked in the order of their ids. Lock their batches first."""
    return list(Withdrawal.objects.select_for_update().filter(**wanted).order_by("id"))


def lock_rewards(withdrawals: Iterable[Withdrawal]) -> list[Reward]:
    """The rewards these withdrawals hold, locked in the order of their ids."""
    lines = WithdrawalLine.objects.filter(withdrawal_id__in=[row.pk for row in withdrawals], released_at=None)
    held = Reward.objects.filter(pk__in=lines.values("reward_id"))
    return list(held.select_for_update().order_by("id"))


def move_batch(
    batch: PayoutBatch, status: str, *, actor: Actor, now: datetime, reason: str = "", **changes: Any
) -> None:
    """Set the batch's status by compare-and-set, with its history. Raises StepTaken."""
    start = batch.status
    if not rules.may_step(rules.BATCH_EDGES, start, status):
        raise StepTaken
    if not PayoutBatch.objects.filter(pk=batch.pk, status=start).update(status=status, **changes):
        raise StepTaken
    for name, value in {"status": status, **changes}.items():
        setattr(batch, name, value)
    record_status(
        machine="payout_batch", subject_id=batch.pk, from_state=start, to_state=status,
        actor=actor, reason=reason, now=now,
    )  # fmt: skip


def move_withdrawals(
    rows: Sequence[Withdrawal], status: str, *, actor: Actor, now: datetime, reason: str = "", **changes: Any
) -> None:
    """Set the status of withdrawals that stand at one status, all or none. Raises StepTaken."""
    if not rows:
        return
    (start,) = {row.status for row in rows}
    if not rules.may_step(rules.WITHDRAWAL_EDGES, start, status):
        raise StepTaken
    same = Withdrawal.objects.filter(pk__in=[row.pk for row in rows], status=start)
    if same.update(status=status, **changes) != len(rows):
        raise StepTaken
    for row in rows:
        for name, value in {"status": status, **changes}.items():
            setattr(row, name, value)
    remember(rows, start, reason=reason, actor=actor, now=now)


def remember(
    rows: Iterable[Withdrawal], start: str, *, reason: str = "", actor: Actor, now: datetime
) -> None:
    """Write the history of withdrawals that came from `start` to where they stand."""
    passed = [Passed(row.pk, start, row.status, reason=reason) for row in rows]
    record_statuses(machine="withdrawal", passed=passed, actor=actor, now=now)


def release_lines(rows: Iterable[Withdrawal], *, now: datetime) -> None:
    """Let go of the rewards, so that another batch can pay them."""
    lines = WithdrawalLine.objects.filter(withdrawal_id__in=[row.pk for row in rows], released_at=None)
    lines.update(released_at=now)


def announce(event: type, rows: Iterable[Withdrawal], *, now: datetime, **more: Any) -> None:
    """Publish one event per withdrawal."""
    told = [
        (
            row.pk,
            event(
                withdrawal_id=row.pk, participant_id=row.participant_id, batch_id=row.batch_id,
                amount_minor=row.amount_minor, currency=row.currency, **more,
            ),
        )
        for row in rows
    ]  # fmt: skip
    outbox.publish_many(told, subject_type="withdrawal", now=now)


def post_step(step: str, rows: Sequence[Withdrawal], *, actor: Actor, now: datetime) -> None:
    """Move the money of these withdrawals in the ledger: last in the transaction, once per withdrawal."""
    kind, legs_of, debit, credit = STEPS[step]
    accounts = _accounts(rows)
    drafts = [
        ledger.Draft(
            key=f"withdrawal:{row.pk}:{step}",
            kind=kind,
            legs=legs_of(
                accounts[row.participant_id, row.currency, debit],
                accounts[row.participant_id, row.currency, credit],
                Money(row.amount_minor, row.currency),
            ),
            event_at=now,
            ref_type="withdrawal",
            ref_id=row.pk,
        )
        for row in rows
    ]
    ledger.post_many(drafts=drafts, actor=actor)


def _accounts(rows: Sequence[Withdrawal]) -> dict[tuple[UUID, str, str], int]:
    """Ids by participant, currency and kind. They were opened when the first reward was granted."""
    held = books.balances_of([row.participant_id for row in rows])
    return {
        (owner_id, line.money.currency, line.kind): line.account_id
        for owner_id, lines in held.items()
        for line in lines
    }
