"""Approving, rejecting, undoing and asking: one referral, or many with the money they release shown first."""

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import NotFound
from kith.referrals import access
from kith.referrals import actions as referrals
from kith.referrals.rules import RowResult
from kith.rewards import access as rewards
from kith.rewards import actions, forms, queries
from kith.tenants.access import requires

# --- many ---------------------------------------------------------------------------------------------


Chosen = list[UUID] | QuerySet[Any, UUID]


def _chosen(data: Any) -> Chosen:
    """The ticked referrals, or all of the list as it is filtered: the database need not be told each of those."""
    if not data.get("all"):
        return forms.chosen_ids(data.getlist("ids"))
    return queries.all_found(**forms.filters_in(data.get("where", "")).wanted())


@requires("rewards.approve")
def release(request: Any, tenant: str) -> HttpResponse:
    """What approving the chosen referrals would release; a part of the bar below the list."""
    chosen = _chosen(request.GET)
    return html.part(request, "rewards/_release.html", {"release": queries.release_of(chosen)})


@require_POST
@requires("rewards.approve")
def approve_many(request: Any, tenant: str) -> HttpResponse:
    """Approve the chosen referrals, once the money they release was shown."""
    chosen, expected = _chosen(request.POST), request.POST.get("expected", "")
    if chosen and not expected:
        return _confirm(request, "approve", chosen)
    try:
        return _decide(request, tenant, "approve", chosen, expected=expected)
    except actions.ReleaseChanged as changed:
        return _confirm(request, "approve", chosen, changed=changed.text)


@require_POST
@requires("rewards.approve")
def reject_many(request: Any, tenant: str) -> HttpResponse:
    """Reject the chosen referrals for one reason."""
    chosen, reason = _chosen(request.POST), forms.reason(request.POST)
    if chosen and not reason:
        return _confirm(request, "reject", chosen)
    return _decide(request, tenant, "reject", chosen, reason=reason)


@require_POST
@requires("rewards.approve")
def undo_many(request: Any, tenant: str) -> HttpResponse:
    """Undo what was decided together at one moment, as far as nobody changed it since; `of` is how many those were."""
    chosen = queries.decided_at(forms.moment(request.GET.get("at", "")))
    gone = forms.number(request.GET.get("of", "")) - len(chosen)
    if gone > 0:
        messages.warning(request, _refused(gone, _("Somebody changed it since.")))
    if chosen:
        return _decide(request, tenant, "undo", chosen)
    messages.warning(request, _("Nothing of this can be undone any more."))
    return html.done(request, reverse("rewards:queue", args=[tenant]))


def _confirm(request: Any, step: str, chosen: Chosen, *, changed: str = "") -> HttpResponse:
    """The same choice again, with the money it moves now, on a page of its own."""
    context = {
        "step": step, "release": queries.release_of(chosen), "reasons": queries.reject_reasons(),
        "all": request.POST.get("all"), "where": request.POST.get("where", ""), "back": _back(request),
        "ids": [] if request.POST.get("all") else chosen, "changed": changed,
    }  # fmt: skip
    status = actions.ReleaseChanged.status if changed else 422 if "sent" in request.POST else 200
    return html.page(request, "rewards/confirm.html", context, status=status)


def _decide(request: Any, tenant: str, step: str, chosen: Chosen, **more: str) -> HttpResponse:
    now, ids = clock.now(), list(chosen)
    if len(ids) > actions.AT_ONCE:
        job = actions.request_decisions(step=step, referral_ids=ids, actor=request.actor, now=now, **more)
        return html.done(request, reverse("rewards:decided", args=[tenant, job.id]))
    results = actions.decide_referrals(step=step, referral_ids=ids, actor=request.actor, now=now, **more)
    for words in _refusals(results):
        messages.warning(request, words)
    good = sum(result.ok for result in results)
    back = _back(request) or reverse("rewards:queue", args=[tenant])
    return html.done(request, back, _said(step, good), undo=_undo(tenant, step, good, now))


def _said(step: str, good: int) -> str:
    words = {
        "approve": ngettext("%(count)d referral is approved.", "%(count)d referrals are approved.", good),
        "reject": ngettext("%(count)d referral is rejected.", "%(count)d referrals are rejected.", good),
        "undo": ngettext("%(count)d decision is undone.", "%(count)d decisions are undone.", good),
    }[step]
    return words % {"count": good} if good else ""


def _undo(tenant: str, step: str, good: int, now: datetime.datetime) -> str:
    if step == "undo" or not good:
        return ""
    return f"{reverse('rewards:undo_many', args=[tenant])}?{_decision(now, good)}"


def _decision(at: datetime.datetime, good: int) -> str:
    return urlencode({"at": at.isoformat(), "of": str(good)})


def _refusals(results: Sequence[RowResult]) -> list[str]:
    """Rows that could not be decided, by reason."""
    if not results:
        return [_("Choose at least one referral first.")]
    reasons = Counter(result.message for result in results if not result.ok)
    return [_refused(count, reason) for reason, count in reasons.most_common(3)]


def _refused(count: int, reason: Any) -> str:
    words = ngettext("%(count)d could not: %(reason)s", "%(count)d could not: %(reason)s", count)
    return words % {"count": count, "reason": reason}


def _back(request: Any) -> str:
    """Where the decision was taken, when that is a page of ours."""
    back = str(request.POST.get("back") or request.GET.get("back", ""))
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if safe else ""


WHY = {
    refusal.code: refusal.message
    for refusal in (
        NotFound, referrals.AlreadyReferred, actions.ReferralNotPending, actions.NothingToUndo, actions.DecisionFinal,
    )
}  # fmt: skip
OTHERWISE = gettext_lazy("Somebody else was first, or nothing waits.")


@requires("rewards.approve")
def decided(request: Any, tenant: str, job_id: UUID) -> HttpResponse:
    """How far a decision about many has come."""
    job = rewards.decision_job(job_id)
    good, step = job.counts.get("done", 0), job.params["step"]
    refused = {code: count for code, count in job.counts.items() if code != "done"}
    context = {
        "job": job, "said": _said(step, good) or _("Nothing was changed."),
        "refused": [_refused(count, WHY.get(code, OTHERWISE)) for code, count in refused.items()],
        "decision": _decision(job.created_at, good) if good and step != "undo" else "",
    }  # fmt: skip
    return html.page(request, "rewards/decided.html", context, part="rewards/_decided.html")


# --- one ----------------------------------------------------------------------------------------------


@require_POST
@requires("rewards.approve")
def approve(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Approve one referral with what it earned."""
    row, now = access.referral(request.actor, referral_id), clock.now()
    expected = request.POST.get("expected", "")
    try:
        actions.approve_referral(referral_id=row.id, expected=expected, actor=request.actor, now=now)
    except actions.ReleaseChanged as changed:
        messages.warning(request, changed.text)
        return html.done(request, reverse("rewards:referral", args=[tenant, row.id]))
    return _one(request, tenant, row.id, _("The referral is approved."), undo=True)


@require_POST
@requires("rewards.approve")
def reject(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Reject one referral with what it earned."""
    row, reason = access.referral(request.actor, referral_id), forms.reason(request.POST)
    actions.reject_referral(referral_id=row.id, reason=reason, actor=request.actor, now=clock.now())
    return _one(request, tenant, row.id, _("The referral is rejected."), undo=True)


@require_POST
@requires("rewards.approve")
def undo(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Open an approved or rejected referral again."""
    row = access.referral(request.actor, referral_id)
    actions.undo_decision(referral_id=row.id, actor=request.actor, now=clock.now())
    return _one(request, tenant, row.id, _("The decision is undone; it waits again."))


@require_POST
@requires("referrals.move")
def ask(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Ask the referrer something by e-mail before deciding."""
    row = access.referral(request.actor, referral_id)
    referrals.ask_back(
        referral=row, text=request.POST.get("text", ""), reply_to=request.user.email, actor=request.actor,
        now=clock.now(),
    )  # fmt: skip
    said = _("%(name)s is asked; the referral waits for the answer.") % {"name": row.referrer.name}
    return _one(request, tenant, row.id, said)


@require_POST
@requires("referrals.move")
def answer(request: Any, tenant: str, referral_id: UUID) -> HttpResponse:
    """Keep what the referrer answered."""
    row = access.referral(request.actor, referral_id)
    referrals.record_answer(
        referral=row, text=request.POST.get("text", ""), actor=request.actor, now=clock.now()
    )
    return _one(request, tenant, row.id, _("The answer is kept; you can decide."))


def _one(request: Any, tenant: str, referral_id: UUID, said: str, *, undo: bool = False) -> HttpResponse:
    """Back to the list where it was decided, else to the referral."""
    back = _back(request) or reverse("rewards:referral", args=[tenant, referral_id])
    way = ""
    if undo:
        again = urlencode({"back": _opening(back, referral_id)})
        way = f"{reverse('rewards:undo', args=[tenant, referral_id])}?{again}"
    return html.done(request, back, said, undo=way)


def _opening(url: str, referral_id: UUID) -> str:
    """The same page with this referral open beside the list."""
    parts = urlsplit(url)
    query = QueryDict(parts.query, mutable=True)
    query["open"] = str(referral_id)
    return urlunsplit(parts._replace(query=query.urlencode()))


# --- one reward ---------------------------------------------------------------------------------------


@require_POST
@requires("rewards.approve")
def hold(request: Any, tenant: str, reward_id: UUID) -> HttpResponse:
    """Keep a reward from becoming available while somebody looks."""
    row = rewards.reward(request.actor, reward_id)
    actions.put_on_hold(reward=row, reason=forms.reason(request.POST), actor=request.actor, now=clock.now())
    back = _back(request) or reverse("rewards:rewards", args=[tenant])
    return html.done(request, back, _("The reward is on hold."))


@require_POST
@requires("rewards.approve")
def go_on(request: Any, tenant: str, reward_id: UUID) -> HttpResponse:
    """Let a reward on hold go on where it was."""
    row = rewards.reward(request.actor, reward_id)
    actions.release(reward=row, actor=request.actor, now=clock.now())
    back = _back(request) or reverse("rewards:rewards", args=[tenant])
    return html.done(request, back, _("The reward goes on."))
