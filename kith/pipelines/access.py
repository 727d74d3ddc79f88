"""Pipelines and stages of the organization in force."""

from uuid import UUID

from kith.kit.errors import NotFound
from kith.pipelines.models import Pipeline, Stage


def pipeline(pipeline_id: UUID) -> Pipeline:
    """The tenant's pipeline. Raises NotFound."""
    found: Pipeline | None = Pipeline.objects.filter(pk=pipeline_id).first()
    if found is None:
        raise NotFound
    return found


def stage(stage_id: UUID) -> Stage:
    """The tenant's stage. Raises NotFound."""
    found: Stage | None = Stage.objects.filter(pk=stage_id).first()
    if found is None:
        raise NotFound
    return found
