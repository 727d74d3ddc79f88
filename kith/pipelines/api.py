"""The pipeline API."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kith.kit import clock, pagination
from kith.kit.http import answers, enveloped, listing, ok, paged
from kith.kit.http import router as make_router
from kith.pipelines import access, actions, queries
from kith.pipelines.schemas import (
    PipelineOut,
    StageIn,
    StageOut,
)
from kith.tenants.access import requires

router = make_router("pipelines")


@router.get("/pipelines", response=answers(paged(PipelineOut)), summary="List pipelines")
@requires("programs.view")
def pipeline_list(request: Any, page: int = 1, limit: int = 20) -> dict[str, Any]:
    """Every pipeline of the organization."""
    found = pagination.paginate(queries.pipelines(), page=page, limit=limit)
    return listing(found, [PipelineOut.of(row) for row in found.items])


@router.get(
    "/pipelines/{uuid:pipeline_id}/stages", response=answers(enveloped(list[StageOut])), summary="List stages"
)
@requires("programs.view")
def stage_list(request: Any, pipeline_id: UUID) -> dict[str, Any]:
    """The stages of a pipeline, in order."""
    pipeline = access.pipeline(pipeline_id)
    return ok([StageOut.of(row) for row in queries.stages(pipeline.id)])


@router.patch("/stages/{uuid:stage_id}", response=answers(enveloped(StageOut)), summary="Rename a stage")
@requires("tenants.settings")
def stage_rename(request: Any, stage_id: UUID, body: StageIn) -> dict[str, Any]:
    """Change the words people see for a stage; its code and category stay."""
    stage = actions.rename_stage(
        stage=access.stage(stage_id), label=body.label, actor=request.actor, now=clock.now()
    )
    return ok(StageOut.of(stage), _("The stage was renamed."))
