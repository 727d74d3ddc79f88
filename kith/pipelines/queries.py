"""Pipelines, their stages and moves, and what a row went through."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kith.pipelines import rules
from kith.pipelines.models import Move, Pipeline, Stage, StatusEntry


@dataclass(frozen=True, slots=True)
class Step:
    """A move that is possible now."""

    to_stage: Stage
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of a history."""

    from_state: str
    to_state: str
    from_category: str
    to_category: str
    actor: str
    reason: str
    at: datetime


def pipelines(subject: str = "") -> QuerySet[Pipeline]:
    """The organization's pipelines, oldest first; of one subject when given."""
    found: QuerySet[Pipeline] = Pipeline.objects.order_by("created_at", "id")
    return found.filter(subject=subject) if subject else found


def stages(pipeline_id: UUID) -> QuerySet[Stage]:
    """The pipeline's stages in order."""
    found: QuerySet[Stage] = Stage.objects.filter(pipeline_id=pipeline_id).order_by("position")
    return found


def get_stage(pipeline_id: UUID, code: str) -> Stage:
    """The stage of that code. Raises Stage.DoesNotExist."""
    found: Stage = Stage.objects.get(pipeline_id=pipeline_id, code=code)
    return found


def first_stage(pipeline_id: UUID) -> Stage:
    """Where a new row begins: the first stage of category `new`. Raises Stage.DoesNotExist."""
    return stage_for_category(pipeline_id, "new")


def stage_for_category(pipeline_id: UUID, category: str) -> Stage:
    """The first stage of the category. Raises Stage.DoesNotExist."""
    found = stages(pipeline_id).filter(category=category).first()
    if found is None:
        raise Stage.DoesNotExist(f"no stage of category {category}")
    return found


def steps_from(stage: Stage) -> list[Step]:
    """Where a row may go from a stage, in the order of the pipeline."""
    moves = Move.objects.filter(from_stage=stage).select_related("to_stage").order_by("to_stage__position")
    return [Step(move.to_stage, move.needs_reason) for move in moves]


def get_move(from_stage_id: UUID, to_stage_id: UUID) -> Move | None:
    """The allowed move between two stages, or None."""
    found: Move | None = Move.objects.filter(from_stage_id=from_stage_id, to_stage_id=to_stage_id).first()
    return found


def history(machine: str, subject_id: UUID) -> list[Passage]:
    """What happened to one row, oldest first."""
    entries = StatusEntry.objects.filter(machine=machine, subject_id=subject_id).order_by("at", "id")
    return [
        Passage(
            entry.from_state, entry.to_state, entry.from_category, entry.to_category, entry.actor,
            entry.reason, entry.at,
        )
        for entry in entries
    ]  # fmt: skip


def stage_before(machine: str, row: Any) -> Stage | None:
    """Where a completed or rejected row stood when that was decided; None when nothing can be undone."""
    decided = [
        step for step in history(machine, row.pk)
        if step.to_category == row.category and step.from_category != row.category
    ]  # fmt: skip
    if not decided or not rules.may_go_back(row.category, decided[-1].from_category):
        return None
    return stages(row.stage.pipeline_id).filter(code=decided[-1].from_state).first()


def stage_label(stage: Stage, locale: str) -> str:
    """The organization's word for a stage in a language."""
    return rules.label(stage.label, locale, stage.code)


def stage_options(subject: str, locale: str) -> list[tuple[str, str]]:
    """(code, the organization's word) of every stage of a subject's pipelines, in order, for a filter."""
    rows = Stage.objects.filter(pipeline__subject=subject).order_by("position", "code")
    return list({row.code: (row.code, stage_label(row, locale)) for row in rows}.values())
