"""A batch on its way to the bank: approved by a second person, sent, or cancelled."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import errors
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.payouts import rules
from kith.payouts.actions import moves
from kith.payouts.actions.files import write_file
from kith.payouts.actions.making import second_person_above
from kith.payouts.events import PayoutSent
from kith.payouts.models import BatchStatus, PayoutBatch, WithdrawalStatus


class BatchNotDraft(errors.Conflict):
    """Only a draft can be approved; `status` is in the details."""

    code, message = "batch_not_draft", _("This batch is not a draft any more (%(status)s).")


class BatchNotApproved(errors.Conflict):
    """Only an approved batch can be sent; `status` is in the details."""

    code, message = "batch_not_approved", _("This batch is not approved (%(status)s).")


class BatchNotCancellable(errors.Conflict):
    """Once sent, only the bank's answers count; `status` is in the details."""

    code, message = "batch_not_cancellable", _("This batch cannot be cancelled any more (%(status)s).")


class PerhapsPaid(errors.Invalid):
    """Who has the file may have paid with it: cancelling it takes a word that nobody did."""

    code = "batch_perhaps_paid"
    message = _("The file was downloaded. Check at the bank, then tick that no payment of it was made.")


class CheckerIsMaker(errors.Forbidden):
    """Above the limit the maker may not approve."""

    code, message = "checker_is_maker", _("Somebody else must approve this batch: you made it.")


@transaction.atomic
def approve_batch(*, batch: PayoutBatch, actor: Actor, now: datetime) -> PayoutBatch:
    """Release a draft for payment. Raises BatchNotDraft, CheckerIsMaker above the organization's limit.

    The limit counts as it was when the batch was made and as it is now, whichever is stricter.
    """
    batch = moves.lock_batch(batch.pk)
    rows = moves.lock_withdrawals(batch=batch)
    if batch.status != BatchStatus.DRAFT:
        raise BatchNotDraft(status=batch.status)
    amount = Money(batch.total_minor, batch.currency)
    needs = batch.needs_second_person or rules.needs_second_person(amount, second_person_above())
    if needs and actor.principal == batch.made_by:
        raise CheckerIsMaker
    moves.move_batch(
        batch, BatchStatus.APPROVED, actor=actor, now=now, needs_second_person=needs,
        approved_by=actor.principal, approved_by_label=actor.label, approved_at=now,
    )  # fmt: skip
    moves.move_withdrawals(rows, WithdrawalStatus.APPROVED, actor=actor, now=now)
    return batch


@transaction.atomic
def send_batch(*, batch: PayoutBatch, actor: Actor, now: datetime) -> PayoutBatch:
    """Record that the bank has the file, which is written if it was not yet. Again: nothing happens.

    Raises BatchNotApproved, and as `write_file` does.
    """
    batch = moves.lock_batch(batch.pk)
    if batch.status in (BatchStatus.SENT, BatchStatus.DONE):
        return batch
    if batch.status != BatchStatus.APPROVED:
        raise BatchNotApproved(status=batch.status)
    write_file(batch=batch, now=now)
    batch.refresh_from_db()
    rows = moves.lock_withdrawals(batch=batch)
    moves.move_batch(batch, BatchStatus.SENT, actor=actor, now=now, sent_at=now)
    moves.move_withdrawals(rows, WithdrawalStatus.PROCESSING, actor=actor, now=now)
    moves.announce(PayoutSent, rows, now=now)
    return batch


@transaction.atomic
def cancel_batch(
    *, batch: PayoutBatch, actor: Actor, now: datetime, reason: str = "", nothing_paid: bool = False
) -> PayoutBatch:
    """Give all money of an unsent batch back to the participants' balances. Again: nothing happens.

    Raises BatchNotCancellable; PerhapsPaid when it has a file and nobody says that `nothing_paid`.
    """
    batch = moves.lock_batch(batch.pk)
    if batch.status == BatchStatus.CANCELLED:
        return batch
    if not rules.may_step(rules.BATCH_EDGES, batch.status, BatchStatus.CANCELLED):
        raise BatchNotCancellable(status=batch.status)
    if batch.file_name and not nothing_paid:
        raise PerhapsPaid(fields={"nothing_paid": PerhapsPaid.message})
    rows = moves.lock_withdrawals(batch=batch)
    moves.move_batch(batch, BatchStatus.CANCELLED, actor=actor, now=now, reason=reason, closed_at=now)
    moves.move_withdrawals(
        rows, WithdrawalStatus.CANCELLED, actor=actor, now=now, reason=reason, closed_at=now
    )
    moves.release_lines(rows, now=now)
    moves.post_step("release", rows, actor=actor, now=now)
    return batch
