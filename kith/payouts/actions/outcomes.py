"""What the bank did with each withdrawal: paid, refused, or paid and sent back later."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import errors
from kith.kit.actors import Actor
from kith.payouts.actions import moves
from kith.payouts.events import PayoutFailed, PayoutPaid, PayoutReturned
from kith.payouts.models import BatchStatus, PayoutBatch, Withdrawal, WithdrawalStatus
from kith.rewards import actions as rewards
from kith.rewards.models import RewardStatus

MAX_REASON = 500


class BatchNotSent(errors.Conflict):
    """The bank does not have it yet; `status` is in the details."""

    code, message = "batch_not_sent", _("This batch was not sent to the bank (%(status)s).")


class WithdrawalUnknown(errors.NotFound):
    """One of the withdrawals is not there; `withdrawal_id` is in the details."""

    code, message = "withdrawal_unknown", _("One of the payments does not exist.")


class WithdrawalNotProcessing(errors.Conflict):
    """The bank does not have it, or has answered already; `status` and `withdrawal_id` are in the details."""

    code, message = "withdrawal_not_processing", _("This payment is not at the bank (%(status)s).")


class WithdrawalNotPaid(errors.Conflict):
    """Only what was paid can be returned; `status` is in the details."""

    code, message = "withdrawal_not_paid", _("This payment was not paid (%(status)s).")


class ReasonMissing(errors.Invalid):
    """A refused or returned payment needs a reason."""

    code, message = "reason_missing", _("Say why, in at most 500 characters.")


@transaction.atomic
def mark_paid(
    *, batch: PayoutBatch | None = None, withdrawal_ids: Sequence[UUID] = (), actor: Actor, now: datetime
) -> list[Withdrawal]:
    """Record that the bank paid: the whole batch as far as it is still at the bank, or these withdrawals.

    Their rewards are settled. What is paid already stays as it is; answers all that are paid now. Raises
    BatchNotSent, WithdrawalUnknown, WithdrawalNotProcessing for one that cannot be paid; then none is.
    """
    if batch is not None:
        batches = [moves.lock_batch(batch.pk)]
        if batches[0].status not in (BatchStatus.SENT, BatchStatus.DONE):
            raise BatchNotSent(status=batches[0].status)
        done = (WithdrawalStatus.PROCESSING, WithdrawalStatus.PAID)
        rows = moves.lock_withdrawals(batch=batch, status__in=done)
    else:
        batches = _lock_batches_of(withdrawal_ids)
        rows = moves.lock_withdrawals(pk__in=list(withdrawal_ids))
        if missing := set(withdrawal_ids) - {row.pk for row in rows}:
            raise WithdrawalUnknown(withdrawal_id=min(missing))
    for row in rows:
        if row.status not in (WithdrawalStatus.PROCESSING, WithdrawalStatus.PAID):
            raise WithdrawalNotProcessing(status=row.status, withdrawal_id=row.pk)
    fresh = [row for row in rows if row.status == WithdrawalStatus.PROCESSING]
    for reward in moves.lock_rewards(fresh):
        # One clawed back meanwhile stays so: its amount is a debt that the next rewards pay.
        if reward.status == RewardStatus.AVAILABLE:
            rewards.settle(reward=reward, actor=actor, now=now)
    moves.move_withdrawals(fresh, WithdrawalStatus.PAID, actor=actor, now=now, paid_at=now, closed_at=now)
    _close_finished(batches, actor=actor, now=now)
    moves.announce(PayoutPaid, fresh, now=now)
    moves.post_step("paid", fresh, actor=actor, now=now)
    return rows


@transaction.atomic
def mark_failed(
    *, withdrawal: Withdrawal, reason: str, failure_code: str = "", actor: Actor, now: datetime
) -> Withdrawal:
    """Record that the bank refused it: the money and the rewards are available again.

    Again: nothing happens. Raises WithdrawalNotProcessing, ReasonMissing.
    """
    reason = _checked(reason)
    batches = _lock_batches_of([withdrawal.pk])
    (row,) = moves.lock_withdrawals(pk=withdrawal.pk)
    if row.status == WithdrawalStatus.FAILED:
        return row
    if row.status != WithdrawalStatus.PROCESSING:
        raise WithdrawalNotProcessing(status=row.status, withdrawal_id=row.pk)
    moves.move_withdrawals(
        [row], WithdrawalStatus.FAILED, actor=actor, now=now, reason=reason,
        closed_at=now, failure_code=failure_code, failure_note=reason,
    )  # fmt: skip
    moves.release_lines([row], now=now)
    _close_finished(batches, actor=actor, now=now)
    moves.announce(PayoutFailed, [row], now=now, reason=reason)
    moves.post_step("release", [row], actor=actor, now=now)
    return row


@transaction.atomic
def mark_returned(
    *, withdrawal: Withdrawal, reason: str, failure_code: str = "", actor: Actor, now: datetime
) -> Withdrawal:
    """Record that the bank sent paid money back: it is available again, and its rewards can be paid again.

    Again: nothing happens. Raises WithdrawalNotPaid, ReasonMissing.
    """
    reason = _checked(reason)
    _lock_batches_of([withdrawal.pk])
    (row,) = moves.lock_withdrawals(pk=withdrawal.pk)
    if row.status == WithdrawalStatus.RETURNED:
        return row
    if row.status != WithdrawalStatus.PAID:
        raise WithdrawalNotPaid(status=row.status, withdrawal_id=row.pk)
    for reward in moves.lock_rewards([row]):
        if reward.status == RewardStatus.SETTLED:
            rewards.unsettle(reward=reward, reason=reason, actor=actor, now=now)
    moves.move_withdrawals(
        [row], WithdrawalStatus.RETURNED, actor=actor, now=now, reason=reason,
        closed_at=now, failure_code=failure_code, failure_note=reason,
    )  # fmt: skip
    moves.release_lines([row], now=now)
    moves.announce(PayoutReturned, [row], now=now, reason=reason)
    moves.post_step("returned", [row], actor=actor, now=now)
    return row


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise ReasonMissing(fields={"reason": ReasonMissing.message})
    return reason


def _lock_batches_of(withdrawal_ids: Iterable[UUID]) -> list[PayoutBatch]:
    ids = Withdrawal.objects.filter(pk__in=list(withdrawal_ids)).values_list("batch_id", flat=True)
    return [moves.lock_batch(batch_id) for batch_id in sorted({found for found in ids if found})]


def _close_finished(batches: Iterable[PayoutBatch], *, actor: Actor, now: datetime) -> None:
    """A batch of which the bank holds nothing any more is done."""
    for batch in batches:
        waiting = Withdrawal.objects.filter(batch=batch, status=WithdrawalStatus.PROCESSING)
        if batch.status == BatchStatus.SENT and not waiting.exists():
            moves.move_batch(batch, BatchStatus.DONE, actor=actor, now=now, closed_at=now)
