"""The list of people: filtered, arranged as a member likes it, and one thing done to many of them."""

import datetime
import functools
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import Invalid
from kith.kit.models import Job
from kith.kit.templatetags.words import ORIGINS, origin
from kith.participants import access, actions, forms, queries
from kith.participants.pages.console import words
from kith.participants.queries import Filters
from kith.tenants import rules as tenants
from kith.tenants.access import requires
from kith.tenants.queries import views_of

LIST = "participants:list"
ROWS = 50
MORE = ("kind", "country", "source", "referred", "since", "until")
# Column, heading, and whether a member who never chose sees it.
COLUMNS: Mapping[str, tuple[Any, bool]] = {
    "code": (gettext_lazy("Code"), True),
    "status": (gettext_lazy("Status"), True),
    "kind": (gettext_lazy("Kind"), False),
    "number": (gettext_lazy("Your own number"), True),
    "country": (gettext_lazy("Country"), True),
    "language": (gettext_lazy("Language"), False),
    "source": (gettext_lazy("Came in by"), False),
    "referral": (gettext_lazy("First referral"), True),
    "seen": (gettext_lazy("Last in the portal"), False),
    "joined": (gettext_lazy("Joined"), True),
}
SOURCES = tuple((code, ORIGINS[code]) for code in ("console", "import", "api", "landing", "public"))
STATUSES = [
    ("active", gettext_lazy("Active")),
    ("suspended", gettext_lazy("Suspended")),
    ("merged", gettext_lazy("Merged")),
    ("erased", gettext_lazy("Erased")),
]
REFERRED = (("yes", gettext_lazy("Has referred somebody")), ("no", gettext_lazy("Has referred nobody yet")))


@requires("participants.view")
def people(request: Any, tenant: str) -> HttpResponse:
    """Search, filter, order and page through everybody."""
    wanted, params = asked(request.GET), request.GET
    sort = params.get("sort") if params.get("sort") in queries.ORDERS else "-joined"
    found = queries.page_of(
        wanted, sort=sort, page=params.get("page", 1), limit=params.get("limit", ROWS), cursor=params.get("cursor")
    )  # fmt: skip
    kept = views_of(LIST, request.actor.id)
    columns = _columns(params.get("columns") or QueryDict(kept.columns).get("columns"))
    context = {
        **words(request), "page": found, "wanted": wanted, "sort": sort, "columns": columns, "choices": _choices(),
        "rows": [(row, origin(row.source)) for row in found.items],
        "views": kept.views, "route": LIST, "here": tenants.view_query(params.urlencode()),
        "narrowed": sum(bool(getattr(wanted, name)) for name in MORE),
    }  # fmt: skip
    return html.page(request, "participants/list.html", context, part="participants/_list.html")


def asked(params: Any) -> Filters:
    """The filters an address says. Raises Invalid naming the day that is none."""
    plain = {name: params.get(name, "")[:40] for name in ("status", "kind", "country", "source", "referred")}
    since, until = _day(params, "since"), _day(params, "until")
    return Filters(search=params.get("q", "").strip()[:200], since=since, until=until, **plain)


def _day(params: Any, name: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(params[name]) if params.get(name) else None
    except ValueError:
        raise Invalid(fields={name: _("Write the day as 2026-06-15.")}) from None


def _columns(chosen: str | None) -> dict[str, bool]:
    names = None if chosen is None else chosen.split(",")
    return {name: (usual if names is None else name in names) for name, (_words, usual) in COLUMNS.items()}


def _choices() -> dict[str, Any]:
    return {
        "statuses": STATUSES, "kinds": forms.KINDS, "sources": SOURCES, "referred": REFERRED,
        "countries": _countries(get_language() or "en"),
        "columns": [(name, words) for name, (words, _usual) in COLUMNS.items()],
    }  # fmt: skip


@functools.cache
def _countries(_language: str) -> list[tuple[str, str]]:
    return forms.countries()[1:]


# --- many at once -------------------------------------------------------------------------------------


def chosen(request: Any) -> Filters:
    """The ticked rows, or everybody whom the list's filters leave. Raises Invalid."""
    if request.POST.get("all"):
        return asked(QueryDict(request.POST.get("query", "")))
    ids = access.ids(request.POST.getlist("ids"))
    if not ids:
        raise actions.NobodyChosen
    return Filters(ids=ids)


@require_POST
@requires("participants.edit")
def bulk(request: Any, tenant: str) -> HttpResponse:
    """Say what will happen to how many, and do it once somebody is sure."""
    wanted, deed = chosen(request), request.POST.get("do", "")
    if request.POST.get("sure"):
        reason = request.POST.get("reason", "")
        made = actions.start_bulk(
            wanted=wanted, deed=deed, reason=reason, actor=request.actor, now=clock.now()
        )
        return _begun(request, tenant, deed, made)
    if deed not in actions.DEEDS:
        raise actions.DeedUnknown(fields={"do": actions.DeedUnknown.message})
    sample = queries.page_of(wanted, limit=5)
    if not sample.items:
        raise actions.NobodyChosen
    context = {
        **words(request), "deed": deed, "total": queries.total_of(wanted), "sample": sample.items,
        "ids": wanted.ids, "query": request.POST.get("query", ""), "all": request.POST.get("all", ""),
    }  # fmt: skip
    return html.page(request, "participants/bulk.html", context)


@require_POST
@requires("participants.export")
def export_chosen(request: Any, tenant: str) -> HttpResponse:
    """Have a file of the ticked rows written, or of everybody whom the list's filters leave."""
    wanted = chosen(request)
    job = actions.request_export_of(wanted=wanted, format="csv", actor=request.actor, now=clock.now())
    return html.done(request, reverse("participants:job", args=[tenant, job.id]))


def _begun(request: Any, tenant: str, deed: str, made: Job | Mapping[str, int]) -> HttpResponse:
    people = reverse(LIST, args=[tenant])
    if not isinstance(made, Job):
        return html.done(request, people, _done(deed, made))
    if not request.actor.may("jobs.view"):
        return html.done(request, people, _("It is being done; look again in a moment."))
    return html.done(request, reverse("participants:job", args=[tenant, made.id]))


def _done(deed: str, counts: Mapping[str, int]) -> str:
    n = counts["changed"]
    said = {
        "suspend": ngettext("%(n)s person suspended.", "%(n)s people suspended.", n),
        "reactivate": ngettext("%(n)s person can refer again.", "%(n)s people can refer again.", n),
        "invite": ngettext("%(n)s invitation is on its way.", "%(n)s invitations are on their way.", n),
    }[deed]
    if not counts["unchanged"]:
        return said % {"n": n}
    left = ngettext("%(n)s stayed as it was.", "%(n)s stayed as they were.", counts["unchanged"])
    return said % {"n": n} + " " + left % {"n": counts["unchanged"]}


# --- twice --------------------------------------------------------------------------------------------


@requires("participants.view")
def duplicates(request: Any, tenant: str) -> HttpResponse:
    """People who are probably enrolled twice, and those who were told apart."""
    context = {**words(request), "groups": queries.duplicates(), "apart": queries.told_apart()}
    return html.page(request, "participants/duplicates.html", context)


@require_POST
@requires("participants.merge")
def apart(request: Any, tenant: str, participant_id: UUID, other_id: UUID) -> HttpResponse:
    """Keep that two who look like one person are two."""
    person, other = (access.participant(request.actor, each) for each in (participant_id, other_id))
    actions.tell_apart(participant=person, other=other, actor=request.actor, now=clock.now())
    said = _("%(one)s and %(other)s are two people; they are not suggested any more.")
    return html.done(
        request, reverse("participants:duplicates", args=[tenant]), said % {"one": person.name, "other": other.name},
        undo=reverse("participants:alike", args=[tenant, person.pk, other.pk]),
    )  # fmt: skip


@require_POST
@requires("participants.merge")
def alike(request: Any, tenant: str, participant_id: UUID, other_id: UUID) -> HttpResponse:
    """Take that back: they may be one person after all."""
    person, other = (access.participant(request.actor, each) for each in (participant_id, other_id))
    actions.suggest_again(participant=person, other=other, actor=request.actor, now=clock.now())
    return html.done(
        request,
        reverse("participants:duplicates", args=[tenant]),
        _("They are compared again."),
    )
