"""What is due, batches on their way to the bank, and where people want their money."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import Invalid, Malformed
from kith.kit.money import Money
from kith.kit.pagination import paginate
from kith.participants import access as participants
from kith.payouts import access, actions, forms, queries
from kith.payouts.models import BatchFormat, PayoutBatch
from kith.tenants.access import proven, requires

# --- batches ------------------------------------------------------------------------------------------


@requires("payouts.view")
def batches(request: Any, tenant: str) -> HttpResponse:
    """Who is owed what, and the batches so far."""
    due = queries.due(page=request.GET.get("due", 1))
    found = paginate(queries.batch_list(), page=request.GET.get("page", 1))
    context = {"due": due, "page": found, "outlook": queries.outlook(), "sums": queries.sums()}
    return html.page(request, "payouts/batches.html", context)


@requires("payouts.make")
def make(request: Any, tenant: str) -> HttpResponse:
    """Put everything that can be paid into a new batch, once it was shown who gets what."""
    form = forms.BatchForm(html.given(request), initial=_format(request))
    if form.is_valid():
        with html.blaming(form):
            made = actions.make_batch(**form.cleaned_data, actor=request.actor, now=clock.now())
            return html.done(request, _address(tenant, made.batch.pk), _made(made))
    preview = queries.preview(format=form["format"].value() if not form.errors else BatchFormat.SEPA)
    context = {"form": form, "preview": preview, "debtor_is_set": queries.outlook().debtor_is_set}
    return html.page(request, "payouts/make.html", context, part="payouts/_preview.html")


def _format(request: Any) -> dict[str, str]:
    asked = request.GET.get("format", "")
    return {"format": asked if asked in BatchFormat.values else BatchFormat.SEPA}


def _made(made: actions.MadeBatch) -> str:
    said = _("Batch %(number)s is made.") % {"number": made.batch.number}
    left = len({skip.participant_id for skip in made.skipped})
    if left:
        out = ngettext("%(count)d person is not in it.", "%(count)d people are not in it.", left)
        said = f"{said} {out % {'count': left}}"
    return said


@requires("payouts.view")
def batch(request: Any, tenant: str, batch_id: UUID) -> HttpResponse:
    """One batch with its payments and the step that comes next."""
    return _batch(request, access.batch(batch_id), forms.CancelForm())


def _batch(request: Any, row: PayoutBatch, form: forms.CancelForm, *, part: str = "") -> HttpResponse:
    history = queries.batch_history(row)
    context = {
        "batch": row, "detail": queries.batch_detail(row), "is_maker": request.actor.ref == row.made_by,
        "history": history, "download": next((step for step in history if step.status == "file"), None),
        "form": form,
    }  # fmt: skip
    return html.page(request, "payouts/batch.html", context, part=part)


@require_POST
@requires("payouts.approve")
@proven
def approve(request: Any, tenant: str, batch_id: UUID) -> HttpResponse:
    """Release a draft for payment."""
    row = access.batch(batch_id)
    actions.approve_batch(batch=row, actor=request.actor, now=clock.now())
    return html.done(request, _address(tenant, batch_id), _("The batch is approved."))


@require_POST
@requires("payouts.send")
def bank_file(request: Any, tenant: str, batch_id: UUID) -> HttpResponse:
    """The bank's file; it is written at the first download and stays the same."""
    row = access.batch(batch_id)
    file = actions.download_file(batch=row, actor=request.actor, now=clock.now())
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


@require_POST
@requires("payouts.send")
@proven
def send(request: Any, tenant: str, batch_id: UUID) -> HttpResponse:
    """Record that the bank has the file, once its total was typed."""
    row = access.batch(batch_id)
    form = forms.TypedForm(request.POST, amount=Money(row.total_minor, row.currency))
    if not form.is_valid():
        raise Invalid(fields={name: str(faults[0]) for name, faults in form.errors.items()})
    actions.send_batch(batch=row, actor=request.actor, now=clock.now())
    return html.done(request, _address(tenant, batch_id), _("The batch is at the bank."))


@require_POST
@requires("payouts.send")
def paid(request: Any, tenant: str, batch_id: UUID) -> HttpResponse:
    """Record that the bank paid: the chosen payments, or all of the batch."""
    row = access.batch(batch_id)
    form = forms.PaidForm(request.POST, known=queries.withdrawal_ids(row))
    if not form.is_valid():
        raise Malformed
    chosen = [UUID(each) for each in form.cleaned_data["ids"]]
    whole = {} if chosen else {"batch": row}
    done = actions.mark_paid(**whole, withdrawal_ids=chosen, actor=request.actor, now=clock.now())
    said = ngettext("%(count)d payment is paid.", "%(count)d payments are paid.", len(done))
    return html.done(request, _address(tenant, batch_id), said % {"count": len(done)})


@require_POST
@requires("payouts.make")
def cancel(request: Any, tenant: str, batch_id: UUID) -> HttpResponse:
    """Give the money of an unsent batch back to the balances."""
    row, form = access.batch(batch_id), forms.CancelForm(request.POST)
    if form.is_valid():
        with html.blaming(form):
            actions.cancel_batch(batch=row, **form.cleaned_data, actor=request.actor, now=clock.now())
            said = _("The batch is cancelled; the money is available again.")
            return html.done(request, _address(tenant, batch_id), said)
    return _batch(request, row, form, part="payouts/_cancel.html")


@require_POST
@requires("payouts.send")
def failed(request: Any, tenant: str, withdrawal_id: UUID) -> HttpResponse:
    """Record that the bank refused one payment."""
    row = access.withdrawal(withdrawal_id)
    reason = request.POST.get("reason", "")
    actions.mark_failed(withdrawal=row, reason=reason, actor=request.actor, now=clock.now())
    return html.done(request, _address(tenant, row.batch_id), _("Recorded. The money is available again."))


@require_POST
@requires("payouts.send")
def returned(request: Any, tenant: str, withdrawal_id: UUID) -> HttpResponse:
    """Record that the bank sent a payment back."""
    row = access.withdrawal(withdrawal_id)
    reason = request.POST.get("reason", "")
    actions.mark_returned(withdrawal=row, reason=reason, actor=request.actor, now=clock.now())
    return html.done(request, _address(tenant, row.batch_id), _("Recorded. The money is available again."))


def _address(tenant: str, batch_id: UUID | None) -> str:
    return reverse("payouts:batch", args=[tenant, batch_id])


# --- accounts -----------------------------------------------------------------------------------------


@requires("payouts.view")
def account(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Where a participant wants the money; a part of the participant's page."""
    person = participants.participant(request.actor, participant_id)
    context = {"person": person, "account": queries.get_payout_account(person.pk)}
    return html.page(request, "payouts/account.html", context, part="payouts/_account.html")


@requires("payouts.accounts")
@proven
def account_edit(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Set or replace the account."""
    person = participants.participant(request.actor, participant_id)
    form = forms.AccountForm(html.given(request), initial={"holder": person.name})
    if form.is_valid():
        with html.blaming(form):
            actions.save_payout_account(
                participant=person, **form.cleaned_data, actor=request.actor, now=clock.now()
            )
            url = reverse("participants:detail", args=[tenant, person.pk])
            return html.done(request, f"{url}?tab=details", _("The payout account is saved."))
    context = {"form": form, "person": person}
    return html.page(request, "payouts/account_form.html", context)
