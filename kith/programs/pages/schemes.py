"""What belongs to a program: rewards, campaigns, sponsors."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import NotFound
from kith.programs import access, actions, forms, queries
from kith.programs.pages.programs import address
from kith.tenants.access import requires


@requires("programs.edit")
def promise(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Promise a reward from now on."""
    program = access.program(program_id)
    initial = {"hold_days": 14, "cap_per_participant": 0, "amount": None}
    form = forms.PromiseForm(
        html.given(request),
        currency=program.currency,
        stages=queries.stages_to_promise(program),
        initial=initial,
    )
    if form.is_valid():
        with html.blaming(form):
            actions.make_promise(program=program, **form.rule(), actor=request.actor, now=clock.now())
            return html.done(request, address(tenant, program), _("The reward is promised from now on."))
    context = {"form": form, "program": program}
    return html.page(request, "programs/reward.html", context)


@requires("programs.edit")
def reward(request: Any, tenant: str, program_id: UUID, rule_id: UUID) -> HttpResponse:
    """Change the amount, the hold or the cap of a reward, as a new version of its rule."""
    program = access.program(program_id)
    rule = access.rule_of(program, rule_id)
    spec = queries.present_spec(rule.id)
    if spec is None:
        raise NotFound
    form = forms.RewardForm(
        html.given(request), currency=program.currency, initial=forms.RewardForm.of(spec, program.currency)
    )
    if form.is_valid():
        with html.blaming(form):
            actions.change_promise(rule=rule, changes=form.changes(), actor=request.actor, now=clock.now())
            return html.done(request, address(tenant, program), _("The new promise is in force."))
    context = {
        "form": form,
        "program": program,
        "rule": rule,
        "versions": queries.told_versions(rule, program),
    }
    return html.page(request, "programs/reward.html", context)


# --- campaigns ----------------------------------------------------------------------------------------


@requires("programs.edit")
def campaign_create(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Start a push within a program."""
    program = access.program(program_id)
    form = forms.CampaignForm(html.given(request), initial={"starts_at": clock.now()})
    if form.is_valid():
        with html.blaming(form):
            actions.create_campaign(
                program=program, code=form.code(), **form.values(), actor=request.actor, now=clock.now()
            )
            return html.done(request, address(tenant, program), _("The campaign is there."))
    context = {"form": form, "program": program}
    return html.page(request, "programs/campaign.html", context)


@requires("programs.edit")
def campaign(request: Any, tenant: str, program_id: UUID, campaign_id: UUID) -> HttpResponse:
    """Change a campaign."""
    program = access.program(program_id)
    row = access.campaign_of(program, campaign_id)
    form = forms.CampaignForm(html.given(request), initial=forms.CampaignForm.of(row))
    if form.is_valid():
        with html.blaming(form):
            actions.update_campaign(campaign=row, changes=form.values(), actor=request.actor, now=clock.now())
            return html.done(request, address(tenant, program), _("The campaign is changed."))
    context = {
        "form": form, "program": program, "campaign": row, "state": queries.campaign_state(row, clock.now()),
    }  # fmt: skip
    return html.page(request, "programs/campaign.html", context)


@require_POST
@requires("programs.edit")
def campaign_end(request: Any, tenant: str, program_id: UUID, campaign_id: UUID) -> HttpResponse:
    """End a campaign now."""
    program = access.program(program_id)
    row = access.campaign_of(program, campaign_id)
    actions.update_campaign(campaign=row, changes={"status": "ended"}, actor=request.actor, now=clock.now())
    return html.done(request, address(tenant, program), _("The campaign has ended."))


# --- sponsors -----------------------------------------------------------------------------------------


@requires("programs.view")
def sponsors(request: Any, tenant: str) -> HttpResponse:
    """Who pays for programs, and a form for one more."""
    may = request.actor.may("programs.edit")
    form = forms.SponsorForm(html.given(request) if may else None)
    if may and form.is_valid():
        with html.blaming(form):
            actions.create_sponsor(
                code=form.code(), **form.cleaned_data, actor=request.actor, now=clock.now()
            )
            return html.done(request, reverse("programs:sponsors", args=[tenant]), _("The sponsor is there."))
    context = {"form": form, "sponsors": queries.sponsors()}
    return html.page(request, "programs/sponsors.html", context)


@requires("programs.edit")
def sponsor(request: Any, tenant: str, sponsor_id: UUID) -> HttpResponse:
    """Change a sponsor."""
    row = access.sponsor(sponsor_id)
    form = forms.SponsorForm(html.given(request), initial={"name": row.name, "kind": row.kind})
    if form.is_valid():
        with html.blaming(form):
            actions.update_sponsor(
                sponsor=row, changes=form.cleaned_data, actor=request.actor, now=clock.now()
            )
            return html.done(
                request, reverse("programs:sponsors", args=[tenant]), _("The sponsor is changed.")
            )
    context = {"form": form, "sponsor": row}
    return html.page(request, "programs/sponsor.html", context)
