"""Imports, exports and other long work: how far it is, and its files."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from kith.analytics import access, queries
from kith.kit import files, html
from kith.kit.models import JobState
from kith.tenants.access import requires

STATES = (
    (JobState.QUEUED.value, _("Waiting for its turn")),
    (JobState.RUNNING.value, _("Running")),
    (JobState.SUCCEEDED.value, _("Done")),
    (JobState.FAILED.value, _("Failed")),
)


@requires("jobs.view")
def jobs(request: Any, tenant: str) -> HttpResponse:
    """All long work, newest first; the list asks again while something runs."""
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    page = queries.work_list(state=state, kind=kind, cursor=request.GET.get("cursor"))
    context = {
        "page": page, "state": state, "kind": kind, "states": STATES,
        "kinds": [(name, known.words) for name, known in queries.JOB_KINDS.items()],
        "filtered": bool(state or kind), "moving": any(work.is_open for work in page.items),
    }  # fmt: skip
    return html.page(request, "analytics/jobs.html", context, part="analytics/_jobs.html")


@requires("jobs.view")
def job(request: Any, tenant: str, job_id: UUID) -> HttpResponse:
    """One piece of work with everything that is known of it."""
    work = queries.get_work(access.job(job_id))
    return html.page(request, "analytics/job.html", {"work": work}, part="analytics/_job.html")


@requires("jobs.view")
def job_result(request: Any, tenant: str, job_id: UUID) -> HttpResponseBase:
    """The file it wrote, for whoever may have what is in it."""
    row = access.job_file(request.actor, job_id)
    return _file(row.result_file, queries.job_kind(row.kind).file)


@requires("jobs.view")
def job_errors(request: Any, tenant: str, job_id: UUID) -> HttpResponseBase:
    """The rows it could not take, each with its remedy."""
    row = access.job_file(request.actor, job_id)
    return _file(row.error_file, f"{queries.job_kind(row.kind).file}-errors")


def _file(name: str, word: str) -> HttpResponseBase:
    suffix = name.rpartition(".")[2]
    kind = "application/json" if suffix == "json" else "text/csv; charset=utf-8"
    return files.download(name, as_name=f"{word}.{suffix}", content_type=kind)
