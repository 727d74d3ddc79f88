"""What staff write about referrals: a new one, a note, a move, and keys for the organization's own pages."""

import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.referrals import access, actions, queries
from kith.referrals.forms import ReferralForm, SiteForm
from kith.referrals.pages.sites import pinned
from kith.tenants.access import requires

SITE_PERIOD = datetime.timedelta(days=30)


@requires("referrals.create")
def create(request: Any, tenant: str) -> HttpResponse:
    """Record by hand that somebody referred somebody."""
    form = ReferralForm(
        html.given(request),
        currency=request.tenant.currency,
        initial={"code": request.GET.get("code", "")[:40]},
    )
    if form.is_valid():
        with html.blaming(form):
            made = actions.create_referral(
                **form.details(), source="console", method="manual", actor=request.actor, now=clock.now()
            )
            return html.done(request, _address(tenant, made.id), _("The referral is recorded."))
    return html.page(request, "referrals/create.html", {"form": form})


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


@requires("tenants.keys")
def sites(request: Any, tenant: str) -> HttpResponse:
    """Keys for the organization's own pages, with what to paste there; a POST makes one."""
    form = SiteForm(html.given(request), initial={"origins": request.tenant.website})
    if form.is_valid():
        with html.blaming(form):
            made = actions.create_site_key(**form.values(), actor=request.actor, now=clock.now())
            return html.done(request, _site(tenant, made.id), _("The key is made. Paste it into your pages."))
    since = clock.now() - SITE_PERIOD
    context = {"form": form, "sites": queries.site_keys(), "events": queries.site_events(since=since)}
    return html.page(request, "referrals/sites.html", context)


@requires("tenants.keys")
def site(request: Any, tenant: str, site_id: UUID) -> HttpResponse:
    """One key: the lines to paste, its name and addresses; a POST changes those."""
    row = access.site_key(site_id)
    form = SiteForm(html.given(request), initial={"name": row.name, "origins": "\n".join(row.origins)})
    if form.is_valid():
        with html.blaming(form):
            actions.change_site_key(site=row, **form.values(), actor=request.actor, now=clock.now())
            return html.done(request, _site(tenant, row.id), _("The site is changed."))
    context = {"form": form, "site": row, **_lines(row.key)}
    return html.page(request, "referrals/site.html", context)


def _lines(key: str) -> dict[str, str]:
    """What is pasted into the pages of a site."""
    home, t, w = settings.KITH_PUBLIC_URL, pinned("t.js"), pinned("w.js")
    return {
        "remember": f'<script async src="{home}/t.js" data-key="{key}" data-consent="required"></script>',
        "offer": f'<script type="module" src="{home}/w.js"></script>\n<kith-widget key="{key}"></kith-widget>',
        "policy": f"script-src {home}\nconnect-src {home}",
        "pinned": f'<script async src="{home}{t.url}" integrity="{t.integrity}" crossorigin="anonymous"'
        f' data-key="{key}"></script>\n<script type="module" src="{home}{w.url}" integrity="{w.integrity}"'
        ' crossorigin="anonymous"></script>',
    }


@require_POST
@requires("tenants.keys")
def site_revoke(request: Any, tenant: str, site_id: UUID) -> HttpResponse:
    """Pages that use the key are refused from now on."""
    actions.revoke_site_key(site=access.site_key(site_id), actor=request.actor, now=clock.now())
    return html.done(request, reverse("referrals:sites", args=[tenant]), _("The key no longer works."))


def _site(tenant: str, site_id: UUID) -> str:
    return reverse("referrals:site", args=[tenant, site_id])
