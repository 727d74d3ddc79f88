"""Shapes of the pipeline API."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kith.kit.http import Schema
from kith.pipelines.models import Pipeline, Stage

CategoryWord = Literal[
    "new", "engaged", "qualified", "converted", "completed", "rejected", "expired", "cancelled"
]
Label = Annotated[str, Field(min_length=1, max_length=80)]


class PipelineOut(Schema):
    """A pipeline."""

    id: UUID
    code: str
    name: str
    subject: Literal["referral", "journey"]
    created_at: datetime

    @classmethod
    def of(cls, row: Pipeline) -> "PipelineOut":
        """The shape of a row."""
        return cls.model_validate(
            {
                "id": row.id,
                "code": row.code,
                "name": row.name,
                "subject": row.subject,
                "created_at": row.created_at,
            }
        )


class StageOut(Schema):
    """A stage; `label` is {language: text}."""

    id: UUID
    pipeline_id: UUID
    code: str
    category: CategoryWord
    position: int
    label: dict[str, str]
    progress_pct: int

    @classmethod
    def of(cls, row: Stage) -> "StageOut":
        """The shape of a row."""
        return cls.model_validate(
            {
                "id": row.id, "pipeline_id": row.pipeline_id, "code": row.code, "category": row.category,
                "position": row.position, "label": row.label, "progress_pct": row.progress_pct,
            }
        )  # fmt: skip


class StageIn(Schema):
    """The words to change, by language."""

    label: Annotated[dict[str, Label], Field(min_length=1, max_length=20)]
