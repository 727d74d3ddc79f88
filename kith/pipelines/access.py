"""Pipelines and stages of the organization in force."""

from uuid import UUID

from kith.pipelines.models import Pipeline, Stage
from kith.tenants.access import one


def pipeline(pipeline_id: UUID) -> Pipeline:
    """The tenant's pipeline. Raises NotFound."""
    found: Pipeline = one(Pipeline.objects.all(), pk=pipeline_id)
    return found


def stage(stage_id: UUID) -> Stage:
    """The tenant's stage. Raises NotFound."""
    found: Stage = one(Stage.objects.all(), pk=stage_id)
    return found
