"""A table is brought in: the file, what Kith makes of it, and the start."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from kith.kit import clock, files, html
from kith.kit.errors import DomainError, NotFound
from kith.kit.jobs import AlreadyStarted
from kith.kit.models import Job, JobState
from kith.participants import access, actions, forms
from kith.participants.pages.console import words
from kith.tenants.access import requires


@requires("participants.import")
def upload(request: Any, tenant: str) -> HttpResponse:
    """Take the file; the next page shows what is in it."""
    form = forms.ImportForm(html.given(request), request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with html.blaming(form):
            kept = actions.prepare_import(file=file, name=file.name, actor=request.actor, now=clock.now())
            return html.done(request, reverse("participants:import_look", args=[tenant, kept.id]))
    context = {**words(request), "form": form}
    return html.page(request, "participants/import.html", context)


@requires("participants.import")
def look(request: Any, tenant: str, job_id: UUID) -> HttpResponse:
    """How the file is understood: columns, first rows, bad rows. A POST looks again with other wishes."""
    job = _import(job_id)
    if job.state != JobState.DRAFT:
        return redirect("participants:job", tenant, job.id)
    return _look(request, job, forms.LookForm(html.given(request)))


@require_POST
@requires("participants.import")
def start(request: Any, tenant: str, job_id: UUID) -> HttpResponse:
    """Queue the import with the columns as they are chosen; a worker reads it while the next page shows how far."""
    job = _import(job_id)
    form = forms.LookForm(request.POST)
    if not form.is_valid():
        return _look(request, job, form)
    try:
        actions.start_import(job=job, **form.wishes, actor=request.actor, now=clock.now())
    except AlreadyStarted:
        return redirect("participants:job", tenant, job.id)
    except DomainError as error:
        html.blame(form, error)
        return _look(request, job, form)
    return html.done(request, reverse("participants:job", args=[tenant, job.id]))


@requires("participants.import")
def repair(request: Any, tenant: str, job_id: UUID) -> HttpResponseBase:
    """The rows an import could not take, as they were, each with what to mend: imported again when mended."""
    name = _import(job_id).result_file
    return files.download(name, as_name="rows-to-repair.csv", content_type="text/csv; charset=utf-8")


def _import(job_id: UUID) -> Job:
    row = access.job(job_id)
    if row.kind != actions.IMPORT:
        raise NotFound
    return row


def _look(request: Any, job: Job, form: forms.LookForm) -> HttpResponse:
    found, refusal = None, ""
    try:
        with files.opened(job.input_file) as stream:
            found = actions.look_into(stream, **form.looked_at)
    except DomainError as error:
        refusal = error.text
    context = {
        **words(request), "job": job, "form": form, "look": found, "refusal": refusal,
        "targets": forms.TARGETS, "names": forms.TARGET_WORDS,
    }  # fmt: skip
    status = 422 if form.errors or refusal else 200
    template, part = "participants/import_look.html", "participants/_look.html"
    return html.page(request, template, context, part=part, status=status)
