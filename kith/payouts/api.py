"""The payout API."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kith.kit import clock, pagination
from kith.kit.errors import NotFound
from kith.kit.http import REFUSALS, answers, created, enveloped, listing, ok, paged
from kith.kit.http import router as make_router
from kith.participants import access as participants
from kith.payouts import access, actions, queries
from kith.payouts.models import PayoutBatch, Withdrawal
from kith.payouts.schemas import (
    AccountIn,
    AccountOut,
    BatchDetailOut,
    BatchIn,
    BatchOut,
    BatchWord,
    CancelIn,
    DueOut,
    Format,
    ReasonIn,
    WithdrawalOut,
    WithdrawalWord,
)
from kith.tenants.access import requires

router = make_router("payouts")


@router.get(
    "/participants/{uuid:participant_id}/payout-account",
    response=answers(enveloped(AccountOut)),
    summary="Show where a participant is paid",
)
@requires("payouts.view")
def account_show(request: Any, participant_id: UUID) -> dict[str, Any]:
    """The present payout account, its number masked. 404 when there is none."""
    participant = participants.participant(request.actor, participant_id)
    found = queries.get_payout_account(participant.pk)
    if found is None:
        raise NotFound
    return ok(AccountOut.of(found))


@router.put(
    "/participants/{uuid:participant_id}/payout-account",
    response=answers(enveloped(AccountOut)),
    summary="Set where a participant is paid",
)
@requires("payouts.accounts")
def account_save(request: Any, participant_id: UUID, body: AccountIn) -> dict[str, Any]:
    """Replace the payout account; payments under way keep the one they were made with."""
    saved = actions.save_payout_account(
        participant=participants.participant(request.actor, participant_id),
        holder=body.holder,
        iban=body.iban,
        bic=body.bic,
        actor=request.actor,
        now=clock.now(),
    )
    return ok(AccountOut.of(saved), _("The payout account was saved."))


@router.get("/payouts/due", response=answers(paged(DueOut)), summary="List what is due")
@requires("payouts.view")
def due_list(request: HttpRequest, page: int = 1, limit: int = 20, format: Format = "sepa") -> dict[str, Any]:
    """Per participant what can be paid now, or why not; those waiting longest first."""
    found = queries.due(page=page, limit=limit, format=format)
    return listing(found, [DueOut.of(row) for row in found.items])


@router.get("/payout-batches", response=answers(paged(BatchOut)), summary="List payout batches")
@requires("payouts.view")
def batch_list(
    request: HttpRequest,
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
    status: BatchWord | None = None,
) -> dict[str, Any]:
    """Batches, the newest first."""
    rows = queries.batch_list(status=status or "")
    found = pagination.listed(rows, order=queries.NEWEST_BATCH, page=page, limit=limit, cursor=cursor)
    return listing(found, [BatchOut.of(row) for row in found.items])


@router.post(
    "/payout-batches", response=answers(enveloped(BatchDetailOut), 201), summary="Make a payout batch"
)
@requires("payouts.make")
def batch_make(request: Any, body: BatchIn) -> Any:
    """Reserve the money of available rewards, one withdrawal per participant; says who was left out and why."""
    made = actions.make_batch(
        reward_ids=body.reward_ids,
        format=body.format,
        currency=body.currency or "",
        execution_on=body.execution_on,
        actor=request.actor,
        now=clock.now(),
    )
    detail = BatchDetailOut.full(queries.batch_detail(made.batch), made.skipped)
    return created(detail, _("The payout batch was made."))


@router.get(
    "/payout-batches/{uuid:batch_id}",
    response=answers(enveloped(BatchDetailOut)),
    summary="Show a payout batch",
)
@requires("payouts.view")
def batch_show(request: Any, batch_id: UUID) -> dict[str, Any]:
    """A batch and all its withdrawals."""
    return _batch(access.batch(batch_id))


@router.post(
    "/payout-batches/{uuid:batch_id}/approve",
    response=answers(enveloped(BatchDetailOut)),
    summary="Approve a payout batch",
)
@requires("payouts.approve")
def batch_approve(request: Any, batch_id: UUID) -> dict[str, Any]:
    """Release a draft; above the organization's limit by somebody who did not make it."""
    batch = access.batch(batch_id)
    approved = actions.approve_batch(batch=batch, actor=request.actor, now=clock.now())
    return _batch(approved, _("The payout batch was approved."))


@router.post(
    "/payout-batches/{uuid:batch_id}/send",
    response=answers(enveloped(BatchDetailOut)),
    summary="Mark a payout batch as sent",
)
@requires("payouts.send")
def batch_send(request: Any, batch_id: UUID) -> dict[str, Any]:
    """Record that the bank has the file."""
    batch = access.batch(batch_id)
    sent = actions.send_batch(batch=batch, actor=request.actor, now=clock.now())
    return _batch(sent, _("The payout batch was marked as sent."))


@router.post(
    "/payout-batches/{uuid:batch_id}/paid",
    response=answers(enveloped(BatchDetailOut)),
    summary="Mark a payout batch as paid",
)
@requires("payouts.send")
def batch_paid(request: Any, batch_id: UUID) -> dict[str, Any]:
    """Record that the bank paid everything in the batch that it has not refused."""
    batch = access.batch(batch_id)
    actions.mark_paid(batch=batch, actor=request.actor, now=clock.now())
    return _batch(access.batch(batch_id), _("The payout batch was marked as paid."))


@router.post(
    "/payout-batches/{uuid:batch_id}/cancel",
    response=answers(enveloped(BatchDetailOut)),
    summary="Cancel a payout batch",
)
@requires("payouts.make")
def batch_cancel(request: Any, batch_id: UUID, body: CancelIn) -> dict[str, Any]:
    """Give all money of a batch that was not sent back to the participants' balances.

    Once its file was downloaded this takes `nothing_paid`: payments may be at the bank already.
    """
    batch = access.batch(batch_id)
    done = actions.cancel_batch(batch=batch, **body.dict(), actor=request.actor, now=clock.now())
    return _batch(done, _("The payout batch was cancelled."))


@router.get(
    "/payout-batches/{uuid:batch_id}/file",
    response=REFUSALS,
    summary="Download the bank file",
    openapi_extra={
        "responses": {
            200: {
                "description": "The file for the bank: the same bytes each time",
                "content": {
                    "application/xml": {"schema": {"type": "string", "format": "binary"}},
                    "text/csv": {"schema": {"type": "string", "format": "binary"}},
                },
            }
        }
    },
)
@requires("payouts.send")
def batch_file(request: Any, batch_id: UUID) -> HttpResponse:
    """The SEPA or CSV file of an approved batch, written at the first call and kept."""
    file = actions.download_file(batch=access.batch(batch_id), actor=request.actor, now=clock.now())
    return HttpResponse(
        file.content,
        content_type=file.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{file.name}"',
            "X-Content-SHA256": file.sha256,
        },
    )


@router.get("/withdrawals", response=answers(paged(WithdrawalOut)), summary="List withdrawals")
@requires("payouts.view")
def withdrawal_list(
    request: HttpRequest,
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
    status: WithdrawalWord | None = None,
    participant_id: UUID | None = None,
    batch_id: UUID | None = None,
) -> dict[str, Any]:
    """Withdrawals, the newest first."""
    rows = queries.withdrawal_list(status=status or "", participant_id=participant_id, batch_id=batch_id)
    found = pagination.listed(rows, order=queries.NEWEST_WITHDRAWAL, page=page, limit=limit, cursor=cursor)
    return listing(found, [WithdrawalOut.of(row) for row in found.items])


@router.post(
    "/withdrawals/{uuid:withdrawal_id}/paid",
    response=answers(enveloped(WithdrawalOut)),
    summary="Mark as paid",
)
@requires("payouts.send")
def withdrawal_paid(request: Any, withdrawal_id: UUID) -> dict[str, Any]:
    """Record that the bank paid this one."""
    row = access.withdrawal(withdrawal_id)
    actions.mark_paid(withdrawal_ids=[row.pk], actor=request.actor, now=clock.now())
    return _withdrawal(request, withdrawal_id, _("The payment was marked as paid."))


@router.post(
    "/withdrawals/{uuid:withdrawal_id}/returned",
    response=answers(enveloped(WithdrawalOut)),
    summary="Mark as returned",
)
@requires("payouts.send")
def withdrawal_returned(request: Any, withdrawal_id: UUID, body: ReasonIn) -> dict[str, Any]:
    """Record that the bank sent paid money back; its rewards can be paid again."""
    row = access.withdrawal(withdrawal_id)
    actions.mark_returned(
        withdrawal=row, reason=body.reason, failure_code=body.code, actor=request.actor, now=clock.now()
    )
    return _withdrawal(request, withdrawal_id, _("The payment was marked as returned."))


@router.post(
    "/withdrawals/{uuid:withdrawal_id}/failed",
    response=answers(enveloped(WithdrawalOut)),
    summary="Mark as failed",
)
@requires("payouts.send")
def withdrawal_failed(request: Any, withdrawal_id: UUID, body: ReasonIn) -> dict[str, Any]:
    """Record that the bank refused it; its rewards can be paid again."""
    row = access.withdrawal(withdrawal_id)
    actions.mark_failed(
        withdrawal=row, reason=body.reason, failure_code=body.code, actor=request.actor, now=clock.now()
    )
    return _withdrawal(request, withdrawal_id, _("The payment was marked as failed."))


def _batch(batch: PayoutBatch, message: str | None = None) -> dict[str, Any]:
    return ok(BatchDetailOut.full(queries.batch_detail(batch)), message)


def _withdrawal(request: Any, withdrawal_id: UUID, message: str) -> dict[str, Any]:
    row: Withdrawal = access.withdrawal(withdrawal_id)
    return ok(WithdrawalOut.of(row), message)
