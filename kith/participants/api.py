"""Participants over JSON, and the long work that is done on them."""

import dataclasses
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import FileResponse, HttpRequest
from ninja import File, Form, Query
from ninja.files import UploadedFile

from kith.kit import clock, files, jobs
from kith.kit.errors import Forbidden, NotFound
from kith.kit.http import JobOut, accepted, answers, created, enveloped, listing, ok, paged
from kith.kit.http import router as new_router
from kith.kit.models import Job
from kith.kit.pagination import Page
from kith.participants import access, actions, queries, schemas
from kith.participants.models import Participant
from kith.tenants.access import requires
from kith.tenants.rules import PERMISSIONS

router = new_router("participants")


def _detail(row: Participant) -> dict[str, Any]:
    sealed = dataclasses.asdict(queries.personal_details(row))
    return {name: sealed.get(name, getattr(row, name, None)) for name in schemas.ParticipantOut.model_fields}


@router.get("/participants", response=answers(paged(schemas.ParticipantRowOut)))
@requires("participants.view")
def participant_list(
    request: HttpRequest,
    page: int = Query(1, ge=1),
    limit: int = Query(20, ge=1, le=100),
    search: str = Query("", max_length=200),
    status: schemas.Status | None = None,
    kind: schemas.Kind | None = None,
    cursor: str | None = None,
) -> Any:
    """Participants, newest first. `search` looks into name, e-mail, external id and code."""
    found = queries.participant_list(
        search=search, status=status or "", kind=kind or "", page=page, limit=limit, cursor=cursor
    )
    return listing(found, found.items)


@router.post("/participants", response=answers(enveloped(schemas.ParticipantOut), 201))
@requires("participants.edit")
def participant_create(request: Any, body: schemas.ParticipantIn) -> Any:
    """Enroll somebody; they get a personal code."""
    values = body.dict(exclude={"referred_by_code"})
    row = actions.create_participant(
        **values,
        referred_by=access.by_code(body.referred_by_code),
        source="api",
        actor=request.actor,
        now=clock.now(),
    )
    return created(_detail(row))


@router.post("/participants/import", response=answers(enveloped(JobOut), 202))
@requires("participants.import")
def participant_import(
    request: Any,
    file: File[UploadedFile],
    mode: Form[Literal["all-or-nothing", "skip-bad-rows"]] = "all-or-nothing",
    columns: Form[Literal["ignore", "keep"]] = "ignore",
    sheet: Annotated[str, Form(max_length=100)] = "",
    mapping: Annotated[str, Form(max_length=60_000)] = "",
) -> Any:
    """Import a CSV, Excel (.xlsx) or exported JSON file in the background; the job names the bad rows.

    `columns` says what happens to those with unknown headings, `sheet` which one of a workbook is read.
    `mapping` is a JSON object: a heading, or `#3` for the third column, to the field it becomes, `keep` or `ignore`.
    """
    job = actions.request_import(
        file=file,
        mode=mode,
        keep_columns=columns == "keep",
        sheet=sheet,
        mapping=schemas.mapping_of(mapping),
        actor=request.actor,
        now=clock.now(),
    )
    return accepted(JobOut.of(job))


@router.post("/participants/export", response=answers(enveloped(JobOut), 202))
@requires("participants.export")
def participant_export(request: Any, body: schemas.ParticipantExportIn) -> Any:
    """Export participants into a file in the background."""
    filters = {"status": body.status or "", "kind": body.kind or "", "search": body.search}
    job = actions.request_export(format=body.format, **filters, actor=request.actor, now=clock.now())
    return accepted(JobOut.of(job))


@router.get("/participants/{participant_id}", response=answers(enveloped(schemas.ParticipantOut)))
@requires("participants.view")
def participant_detail(request: Any, participant_id: UUID) -> Any:
    """One participant with phone and visa data."""
    return ok(_detail(access.participant(request.actor, participant_id)))


@router.patch("/participants/{participant_id}", response=answers(enveloped(schemas.ParticipantOut)))
@requires("participants.edit")
def participant_change(request: Any, participant_id: UUID, body: schemas.ParticipantPatch) -> Any:
    """Change the fields that are given."""
    row = actions.update_participant(
        participant=access.participant(request.actor, participant_id), changes=body.dict(exclude_unset=True),
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return ok(_detail(row))


@router.post("/participants/{participant_id}/suspend", response=answers(enveloped(schemas.ParticipantOut)))
@requires("participants.edit")
def participant_suspend(request: Any, participant_id: UUID, body: schemas.ParticipantReasonIn) -> Any:
    """Keep somebody from referring."""
    found = access.participant(request.actor, participant_id)
    row = actions.suspend_participant(
        participant=found, reason=body.reason, actor=request.actor, now=clock.now()
    )
    return ok(_detail(row))


@router.post("/participants/{participant_id}/reactivate", response=answers(enveloped(schemas.ParticipantOut)))
@requires("participants.edit")
def participant_reactivate(request: Any, participant_id: UUID, body: schemas.ParticipantReasonIn) -> Any:
    """Let somebody refer again."""
    found = access.participant(request.actor, participant_id)
    row = actions.reactivate_participant(
        participant=found, reason=body.reason, actor=request.actor, now=clock.now()
    )
    return ok(_detail(row))


@router.get("/jobs", response=answers(paged(JobOut)), tags=["jobs"])
@requires("jobs.view")
def job_list(
    request: HttpRequest, kind: str = "", cursor: str | None = None, limit: int = Query(20, ge=1, le=100)
) -> Any:
    """Long work of the organization, newest first."""
    found: Page[Job] = jobs.recent(kind=kind, cursor=cursor, limit=limit)
    return listing(found, [JobOut.of(row) for row in found.items])


@router.get("/jobs/{job_id}", response=answers(enveloped(JobOut)), tags=["jobs"])
@requires("jobs.view")
def job_detail(request: HttpRequest, job_id: UUID) -> Any:
    """Where one piece of long work stands."""
    return ok(JobOut.of(_found(job_id)))


@router.get("/jobs/{job_id}/result", response=answers(None), tags=["jobs"])
@requires("jobs.view")
def job_result(request: Any, job_id: UUID) -> Any:
    """The file an export made, or the rows an import could not take, to be mended and imported; for 7 days."""
    row = _found(job_id)
    return _file(request, row, row.result_file, "rows-to-repair" if row.kind == actions.IMPORT else "export")


@router.get("/jobs/{job_id}/errors", response=answers(None), tags=["jobs"])
@requires("jobs.view")
def job_errors(request: Any, job_id: UUID) -> Any:
    """The list of bad rows an import made, for 7 days."""
    row = _found(job_id)
    return _file(request, row, row.error_file, "errors")


def _found(job_id: UUID) -> Job:
    try:
        return jobs.get_job(job_id)
    except Job.DoesNotExist:
        raise NotFound from None


def _file(request: Any, row: Job, name: str, word: str) -> FileResponse:
    """The file, for those who might have asked for the job themselves: it holds what the job read."""
    needed = "participants.import" if row.kind == actions.IMPORT else row.kind
    if needed in PERMISSIONS and not request.actor.may(needed):
        raise Forbidden(permission=needed)
    suffix = name.rpartition(".")[2]
    kind = "application/json" if suffix == "json" else "text/csv; charset=utf-8"
    return files.download(name, as_name=f"{word}-{row.created_at:%Y-%m-%d}.{suffix}", content_type=kind)
