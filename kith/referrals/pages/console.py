"""What staff write about referrals: a new one, a note, a move to another stage."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import DomainError
from kith.referrals import access, actions
from kith.referrals.forms import ReferralForm
from kith.tenants.access import requires


@requires("referrals.create")
def create(request: Any, tenant: str) -> HttpResponse:
    """Record by hand that somebody referred somebody."""
    form = ReferralForm(
        html.given(request),
        currency=request.tenant.currency,
        initial={"code": request.GET.get("code", "")[:40]},
    )
    if form.is_valid():
        try:
            made = actions.create_referral(
                **form.details(), source="console", method="manual", actor=request.actor, now=clock.now()
            )
        except DomainError as error:
            html.blame(form, error)
        else:
            return html.done(request, _address(tenant, made.id), _("The referral is recorded."))
    return html.page(request, "referrals/create.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@requires("referrals.move")
def note(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Write a note for colleagues."""
    row = access.referral(request.actor, referral_id)
    actions.add_note(referral=row, text=request.POST.get("text", ""), actor=request.actor, now=clock.now())
    return html.done(request, _address(tenant, row.id), _("The note is added."))


@require_POST
@requires("referrals.move")
def move(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Move a referral to another stage of its pipeline."""
    row = access.referral(request.actor, referral_id)
    actions.move_referral(
        referral=row, to_stage=request.POST.get("to", ""), reason=request.POST.get("reason", "")[:500],
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return html.done(request, _address(tenant, row.id), _("The referral is moved."))


def _address(tenant: str, referral_id: UUID) -> str:
    """The referral's page, which the rewards feature draws."""
    return reverse("rewards:referral", args=[tenant, referral_id])
