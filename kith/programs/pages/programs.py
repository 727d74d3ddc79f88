"""The list of programs, one program, its state and its budget."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, html, pagination
from kith.kit.errors import NotFound
from kith.kit.ids import uuid7
from kith.programs import access, actions, forms, queries
from kith.programs.models import Program
from kith.tenants.access import requires

# Where a program may go from where it is; any other step is not offered.
STEPS = {"draft": ("live",), "live": ("paused", "ended"), "paused": ("live", "ended"), "ended": ("live",)}


def address(tenant: str, program: Program) -> str:
    """The program's page."""
    return reverse("programs:detail", args=[tenant, program.id])


@requires("programs.view")
def program_list(request: Any, tenant: str) -> HttpResponse:
    """Every program with what it promises."""
    wanted = forms.FilterForm(request.GET).wanted()
    page = pagination.paginate(queries.programs(**wanted), page=request.GET.get("page", 1))
    context = {
        "page": page, "lines": queries.program_lines(list(page.items), at=clock.now()),
        "filtered": any(wanted.values()), "filters": wanted, "statuses": forms.schemes.STATUSES,
    }  # fmt: skip
    return html.page(request, "programs/list.html", context, part="programs/_list.html")


@requires("programs.edit")
def create(request: Any, tenant: str) -> HttpResponse:
    """Set up a program, as a draft."""
    form = forms.ProgramForm(html.given(request), initial={"currency": request.tenant.currency})
    if form.is_valid():
        with html.blaming(form):
            made = actions.create_program(
                **form.values(), status="draft", actor=request.actor, now=clock.now()
            )
            return html.done(request, address(tenant, made), _("The program is there, as a draft."))
    return html.page(request, "programs/form.html", {"form": form})


@requires("programs.view")
def detail(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """One program: state, rewards, budget, campaigns, pages and messages."""
    program = access.program(program_id)
    context = {
        "program": program, "file": queries.program_file(program, at=clock.now()), "steps": STEPS[program.status],
    }  # fmt: skip
    return html.page(request, "programs/detail.html", context)


@requires("programs.edit")
def edit(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Change a program's facts."""
    program = access.program(program_id)
    form = forms.ProgramForm(html.given(request), program=program, initial=forms.ProgramForm.of(program))
    if form.is_valid():
        with html.blaming(form):
            actions.update_program(
                program=program, changes=form.values(), actor=request.actor, now=clock.now()
            )
            return html.done(request, address(tenant, program), _("The program is changed."))
    context = {"form": form, "program": program}
    return html.page(request, "programs/form.html", context)


@requires("programs.edit")
def status(request: Any, tenant: str, program_id: UUID, status: str) -> HttpResponse:
    """Put a program live, pause or end it, after saying what follows from it."""
    program = access.program(program_id)
    if status not in STEPS[program.status]:
        raise NotFound
    if request.method == "POST":
        actions.update_program(
            program=program, changes={"status": status}, actor=request.actor, now=clock.now()
        )
        said = {"live": _("The program is live."), "paused": _("The program is paused.")}
        return html.done(request, address(tenant, program), said.get(status, _("The program has ended.")))
    context = {"program": program, "to": status, "file": queries.program_file(program, at=clock.now())}
    return html.page(request, "programs/status.html", context)


@requires("programs.edit")
def budget(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Give a program a cap, or add money to the one it has."""
    program = access.program(program_id)
    present = queries.budget(program)
    form = forms.BudgetForm(html.given(request), currency=program.currency, initial={"key": uuid7()})
    if form.is_valid():
        with html.blaming(form):
            actions.add_money(
                program=program, amount=form.cleaned_data["amount"], key=str(form.cleaned_data["key"]),
                actor=request.actor, now=clock.now(),
            )  # fmt: skip
            return html.done(request, address(tenant, program), _("The budget is changed."))
    context = {"form": form, "program": program, "budget": present}
    return html.page(request, "programs/budget.html", context)
