"""The people in a program: list, one of them, enrolling and changing."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, files, html
from kith.kit.errors import NotFound
from kith.kit.money import Money
from kith.ledger.queries import Balance
from kith.participants import access, actions, forms, queries, rules
from kith.participants.models import Participant
from kith.tenants.access import requires
from kith.tenants.queries import label


def words(request: Any) -> dict[str, str]:
    """The organization's own words for one participant and for several."""
    locale = get_language() or "en"
    return {
        "one": label(request.tenant, "participant", locale, _("Participant")),
        "several": label(request.tenant, "participant_plural", locale, _("Participants")),
    }


TABS = (
    ("overview", gettext_lazy("Overview")),
    ("timeline", gettext_lazy("Timeline")),
    ("notes", gettext_lazy("Notes")),
    ("details", gettext_lazy("Details")),
)


@requires("participants.view")
def detail(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Everything about one participant; what higher features know is loaded as parts."""
    person = access.participant(request.actor, participant_id)
    tab = request.GET.get("tab", "") if request.GET.get("tab") in dict(TABS) else "overview"
    context = {
        **words(request), "person": person, "tab": tab, "tabs": TABS, "personal": queries.personal_details(person),
        "link": f"{settings.KITH_PUBLIC_URL}/r/{person.code}", "notes": queries.notes_of(person.pk),
        "purses": _purses(queries.balances(person), request.tenant.currency), "me": request.actor.ref,
        "open_since": clock.now() - rules.NOTE_OPEN_FOR,
    }  # fmt: skip
    if tab == "overview":
        context["twins"] = queries.likely_same(person) if request.actor.may("participants.merge") else []
    elif tab == "details":
        context["consents"] = queries.consents_of(person.pk)
    return html.page(request, "participants/detail.html", context)


@requires("participants.edit")
def create(request: Any, tenant: str) -> HttpResponse:
    """Enroll somebody."""
    form = forms.ParticipantForm(html.given(request))
    if form.is_valid():
        with html.blaming(form):
            person = actions.create_participant(**form.cleaned_data, actor=request.actor, now=clock.now())
            enrolled = _("%(name)s is enrolled and has a code.") % {"name": person.name}
            return html.done(request, _address(tenant, person), enrolled)
    context = {**words(request), "form": form}
    return html.page(request, "participants/form.html", context)


@requires("participants.edit")
def edit(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Change somebody's facts."""
    person = access.participant(request.actor, participant_id)
    facts = forms.participant_facts(person, queries.personal_details(person))
    form = forms.ParticipantForm(html.given(request), initial=facts)
    if form.is_valid():
        with html.blaming(form):
            actions.update_participant(
                participant=person, changes=form.cleaned_data, actor=request.actor, now=clock.now()
            )
            return html.done(request, _address(tenant, person), _("Saved."))
    context = {**words(request), "form": form, "person": person}
    return html.page(request, "participants/form.html", context)


@require_POST
@requires("participants.edit")
def suspend(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Keep somebody from referring for the time being."""
    person = access.participant(request.actor, participant_id)
    reason = request.POST.get("reason", "")[:500]
    actions.suspend_participant(participant=person, reason=reason, actor=request.actor, now=clock.now())
    said = _("%(name)s cannot refer for the time being.") % {"name": person.name}
    return html.done(request, _address(tenant, person), said)


@require_POST
@requires("participants.edit")
def reactivate(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Let somebody refer again."""
    person = access.participant(request.actor, participant_id)
    actions.reactivate_participant(participant=person, actor=request.actor, now=clock.now())
    return html.done(
        request, _address(tenant, person), _("%(name)s can refer again.") % {"name": person.name}
    )


# --- tables in and out --------------------------------------------------------------------------------


@requires("participants.export")
def export(request: Any, tenant: str) -> HttpResponse:
    """Have a file written."""
    form = forms.ExportForm(html.given(request))
    if form.is_valid():
        started = actions.request_export(**form.cleaned_data, actor=request.actor, now=clock.now())
        return html.done(request, reverse("participants:job", args=[tenant, started.id]))
    context = {**words(request), "form": form}
    return html.page(request, "participants/export.html", context)


@requires("jobs.view")
def job(request: Any, tenant: str, job_id: UUID) -> HttpResponse:
    """How far an import or export is; the part asks again every second until it has ended."""
    row = access.job(job_id)
    context = {**words(request), "job": row, "is_import": row.kind == actions.IMPORT}
    which = "bulk_job" if row.kind == actions.BULK else "job"
    return html.page(request, f"participants/{which}.html", context, part=f"participants/_{which}.html")


@requires("participants.import")
def job_errors(request: Any, tenant: str, job_id: UUID) -> HttpResponseBase:
    """The rows an import could not take, each with its remedy."""
    return _file(access.job(job_id).error_file, "import-errors")


@requires("participants.export")
def job_result(request: Any, tenant: str, job_id: UUID) -> HttpResponseBase:
    """The file an export wrote."""
    row = access.job(job_id)
    if row.kind == actions.IMPORT:  # its rows to repair are for those who import
        raise NotFound
    return _file(row.result_file, "participants")


def _file(name: str, word: str) -> HttpResponseBase:
    suffix = name.rpartition(".")[2]
    kind = "application/json" if suffix == "json" else "text/csv; charset=utf-8"
    return files.download(name, as_name=f"{word}.{suffix}", content_type=kind)


def _address(tenant: str, person: Participant) -> str:
    return reverse("participants:detail", args=[tenant, person.id])


BALANCES = (
    ("available", gettext_lazy("Available"), "wallet"),
    ("pending", gettext_lazy("Promised"), "hourglass"),
    ("reserved", gettext_lazy("In a payout"), "landmark"),
    ("paid", gettext_lazy("Paid out"), "banknote"),
)
Purse = tuple[str, list[tuple[Any, str, Money]]]


def _purses(held: list[Balance], currency: str) -> list[Purse]:
    """The balances of each currency in which there is something, the organization's own first, in any case."""
    codes = {line.money.currency for line in held if line.money} - {currency}
    return [(code, _balances(held, code)) for code in (currency, *sorted(codes))]


def _balances(held: list[Balance], currency: str) -> list[tuple[Any, str, Money]]:
    by_kind = {line.kind: line.money for line in held if line.money.currency == currency}
    shown = [(words, icon, by_kind.get(kind, Money.zero(currency))) for kind, words, icon in BALANCES]
    owed = by_kind.get("debt")
    return [*shown, (_("Owed back"), "undo-2", owed)] if owed else shown
