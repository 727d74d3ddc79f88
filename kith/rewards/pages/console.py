"""The queue of referrals: look, approve, reject."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.participants import access as people
from kith.pipelines.queries import stage_options
from kith.programs.queries import programs
from kith.referrals import access
from kith.referrals.rules import RowResult
from kith.rewards import actions, forms, queries
from kith.tenants.access import requires


def _locale() -> str:
    return get_language() or "en"


@requires("referrals.view")
def queue(request: Any, tenant: str) -> HttpResponse:
    """Every referral; what waits for a decision can be chosen and decided together."""
    form = forms.FilterForm(request.GET)
    wanted = form.wanted()
    found = queries.queue(**wanted, locale=_locale(), page=request.GET.get("page", 1))
    context = {
        "page": found, "filters": form.cleaned_data, "filtered": any(wanted.values()),
        "stages": stage_options("referral", _locale()), "programs": [(row.id, row.name) for row in programs()],
        "waiting": queries.waiting_total(),
        "views": [("", _("All")), ("waiting", _("To approve"))],
    }  # fmt: skip
    return html.page(request, "rewards/queue.html", context, part="rewards/_queue.html")


@requires("referrals.view")
def referral(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """One referral with its evidence, money, reasons and history."""
    row = access.referral(request.actor, referral_id)
    context = {"referral": row, "file": queries.referral_file(row, _locale())}
    return html.page(request, "rewards/referral.html", context)


@requires("referrals.view")
def of_participant(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Whom one participant referred and what it earned; a part of the participant's page."""
    person = people.participant(request.actor, participant_id)
    found = queries.queue(referrer_id=person.id, locale=_locale(), limit=10)
    context = {"person": person, "page": found}
    return html.page(request, "rewards/of_participant.html", context, part="rewards/_of_participant.html")


# --- deciding -----------------------------------------------------------------------------------------


@requires("rewards.approve")
def release(request: Any, tenant: str) -> HttpResponse:
    """What approving the chosen referrals would release; a part of the bar below the list."""
    chosen = forms.chosen_ids(request.GET.getlist("ids"))
    return html.part(request, "rewards/_release.html", {"release": queries.release_of(chosen)})


@require_POST
@requires("rewards.approve")
def approve_many(request: Any, tenant: str) -> HttpResponse:
    """Approve the chosen referrals; each succeeds or fails for itself."""
    chosen = forms.chosen_ids(request.POST.getlist("ids"))
    results = actions.approve_referrals(referral_ids=chosen, actor=request.actor, now=clock.now())
    good = sum(result.ok for result in results)
    said = ngettext("%(count)d referral is approved.", "%(count)d referrals are approved.", good)
    return _decided(request, tenant, results, said % {"count": good})


@require_POST
@requires("rewards.approve")
def reject_many(request: Any, tenant: str) -> HttpResponse:
    """Reject the chosen referrals for one reason."""
    chosen, reason = forms.chosen_ids(request.POST.getlist("ids")), request.POST.get("reason", "")
    results = actions.reject_referrals(
        referral_ids=chosen, reason=reason, actor=request.actor, now=clock.now()
    )
    good = sum(result.ok for result in results)
    said = ngettext("%(count)d referral is rejected.", "%(count)d referrals are rejected.", good)
    return _decided(request, tenant, results, said % {"count": good})


@require_POST
@requires("rewards.approve")
def approve(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Approve one referral with what it earned."""
    row = access.referral(request.actor, referral_id)
    actions.approve_referral(referral_id=row.id, actor=request.actor, now=clock.now())
    return html.done(
        request, reverse("rewards:referral", args=[tenant, row.id]), _("The referral is approved.")
    )


@require_POST
@requires("rewards.approve")
def reject(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Reject one referral with what it earned."""
    row, reason = access.referral(request.actor, referral_id), request.POST.get("reason", "")
    actions.reject_referral(referral_id=row.id, reason=reason, actor=request.actor, now=clock.now())
    return html.done(
        request, reverse("rewards:referral", args=[tenant, row.id]), _("The referral is rejected.")
    )


def _decided(request: Any, tenant: str, results: Sequence[RowResult], said: str) -> HttpResponse:
    """Back to the list as it was filtered; rows that could not be decided are named with the reason."""
    reasons = Counter(result.message for result in results if not result.ok)
    if not results:
        messages.warning(request, _("Choose at least one referral first."))
    for reason, count in reasons.most_common(3):
        out = ngettext("%(count)d could not: %(reason)s", "%(count)d could not: %(reason)s", count)
        messages.warning(request, out % {"count": count, "reason": reason})
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    url = back if safe else reverse("rewards:queue", args=[tenant])
    return html.done(request, url, said if any(result.ok for result in results) else "")
