"""The only writes to pipelines and to status histories."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, tenancy
from kith.kit.actors import Actor
from kith.pipelines import queries, rules
from kith.pipelines.models import Move, Pipeline, Stage, StatusEntry, Subject

Row = TypeVar("Row", bound=models.Model)


class MoveNotAllowed(errors.Conflict):
    """The pipeline has no such step; both stages are in the details."""

    code = "move_not_allowed"
    message = _("This cannot move from “%(from_stage)s” to “%(to_stage)s”.")


class StageChanged(errors.Conflict):
    """Somebody else moved the row first."""

    code = "stage_changed"
    message = _("Somebody else has just moved this. Load it again and look.")


class NothingToUndo(errors.Conflict):
    """It is open, or was never anything else than decided."""

    code = "nothing_to_undo"
    message = _("There is no decision here that can be undone.")


class ReasonMissing(errors.Invalid):
    """This step needs a reason."""

    code = "reason_missing"
    message = _("Please give a reason.")


class PipelineInvalid(errors.Invalid):
    """The pipeline as written cannot be; `fields` says where and what to change."""

    code = "pipeline_invalid"


class PipelineTaken(errors.Conflict):
    """There is a pipeline of this code."""

    code = "pipeline_taken"
    message = _("There is already a pipeline “%(pipeline)s”.")


_REMEDIES = {
    "code": _("Use at most 40 letters of A to Z, digits, hyphens and underscores."),
    "code_taken": _("Choose another code; capitals make no difference."),
    "code_twice": _("Give each stage a code of its own."),
    "no_first_stage": _("A pipeline begins with a stage of the category “new”."),
    "unknown_category": _("Choose one of the eight categories."),
    "label": _("Give a label of at most 80 characters in at least one language."),
    "percent": _("Progress is a percentage from 0 to 100."),
    "unknown_stage": _("A move names two different stages of this pipeline."),
    "against_categories": _("The categories of these stages do not allow this move."),
    "unknown_language": _("This language is not available."),
}


def create_pipeline(
    *,
    code: str,
    name: str,
    subject: str,
    stages: Sequence[Mapping[str, Any]],
    moves: Literal["default"] | Sequence[tuple[str, str, bool]] = "default",
    now: datetime.datetime,
) -> Pipeline:
    """Make a pipeline with its stages, in order, and its moves.

    `moves="default"` allows all that the category graph allows. Raises PipelineInvalid, PipelineTaken.
    """
    planned = [rules.StageSpec(position=index, **stage) for index, stage in enumerate(stages)]
    allowed = (
        [rules.MoveSpec(*move) for move in moves]
        if not isinstance(moves, str)
        else rules.default_moves([stage for stage in planned if stage.category in rules.EDGES])
    )
    found = rules.faults(planned, allowed)
    if not rules.is_code(code):
        found["code"] = "code"
    if subject not in Subject.values:
        raise errors.Invalid(fields={"subject": _("Choose what moves through the pipeline.")})
    if found:
        raise PipelineInvalid(fields={path: _REMEDIES[fault] for path, fault in found.items()})
    pipeline = _created(code, name, subject, now)
    made = Stage.objects.bulk_create(
        Stage(
            pipeline=pipeline, code=stage.code, category=stage.category, position=stage.position,
            label=dict(stage.label), progress_pct=stage.progress_pct,
        )
        for stage in planned
    )  # fmt: skip
    by_code = {stage.code: stage for stage in made}
    Move.objects.bulk_create(
        Move(
            pipeline=pipeline, from_stage=by_code[move.from_code], to_stage=by_code[move.to_code],
            needs_reason=move.needs_reason,
        )
        for move in allowed
    )  # fmt: skip
    return pipeline


def _created(code: str, name: str, subject: str, now: datetime.datetime) -> Pipeline:
    taken = PipelineTaken(pipeline=code, fields={"code": _REMEDIES["code_taken"]})
    if Pipeline.objects.filter(code__iexact=code).exists():
        raise taken
    try:
        with transaction.atomic():
            made: Pipeline = Pipeline.objects.create(code=code, name=name, subject=subject, created_at=now)
    except IntegrityError as error:
        raise taken from error
    return made


def rename_stage(*, stage: Stage, label: Mapping[str, str], actor: Actor, now: datetime.datetime) -> Stage:
    """Give a stage other words in the languages named; nothing but what people read changes.

    Raises errors.Invalid naming the language.
    """
    languages = {language for language, _name in settings.LANGUAGES}
    wrong = {
        f"label.{locale}": _REMEDIES["unknown_language" if locale not in languages else "label"]
        for locale, text in label.items()
        if locale not in languages or not rules.is_label(text)
    }
    if wrong or not label:
        raise errors.Invalid(fields=wrong or {"label": _REMEDIES["label"]})
    locked: Stage = Stage.objects.select_for_update().get(pk=stage.pk)
    locked.label = rules.merged_labels(locked.label, label)
    locked.save(update_fields=["label"])
    return locked


def transition(
    *,
    row: Row,
    machine: str,
    to_stage: Stage,
    actor: Actor,
    reason: str = "",
    now: datetime.datetime,
    also: Mapping[str, Any] | None = None,
) -> Row:
    """Move a row to a stage: one compare-and-set on the stage it was read at, and one history entry.

    `row` has `stage` and `category`; `also` are further columns of the same statement. Of callers at the
    same time one wins. Raises MoveNotAllowed, ReasonMissing, StageChanged; then nothing has changed.
    """
    transition_all(
        rows=[row], machine=machine, to_stage=to_stage, actor=actor, reason=reason, now=now, also=also
    )
    return row


def transition_all(
    *,
    rows: Sequence[Any],
    machine: str,
    to_stage: Stage,
    actor: Actor,
    reason: str = "",
    now: datetime.datetime,
    also: Mapping[str, Any] | None = None,
) -> None:
    """As `transition` with rows of one table; the statements are as many as the stages they come from.

    Raises as it does, and may then have moved some of them: the caller's transaction undoes it.
    """
    by_stage: dict[Stage, list[Any]] = {}
    for row in rows:
        by_stage.setdefault(row.stage, []).append(row)
    for before, group in by_stage.items():
        move = queries.get_move(before.pk, to_stage.pk)
        if move is None:
            raise MoveNotAllowed(from_stage=before.code, to_stage=to_stage.code)
        if move.needs_reason and not reason.strip():
            raise ReasonMissing(fields={"reason": ReasonMissing.message})
        _enter(group, to_stage, machine=machine, actor=actor, reason=reason, now=now, also=also)


def step_back(
    *,
    row: Row,
    machine: str,
    actor: Actor,
    reason: str,
    now: datetime.datetime,
    also: Mapping[str, Any] | None = None,
) -> Row:
    """Undo the decision that completed or rejected a row: it is at the stage it was decided at.

    The pipeline needs no such move, and the history keeps both steps. Raises NothingToUndo, StageChanged.
    """
    stage = queries.stage_before(machine, row)
    if stage is None:
        raise NothingToUndo
    _enter([row], stage, machine=machine, actor=actor, reason=reason, now=now, also=also)
    return row


def _enter(
    rows: Sequence[Any],
    to_stage: Stage,
    *,
    machine: str,
    actor: Actor,
    reason: str,
    now: datetime.datetime,
    also: Mapping[str, Any] | None,
) -> None:
    """The rows, at least one, are all at the same stage."""
    before, manager = rows[0].stage, type(rows[0])._default_manager
    values = {"stage": to_stage, "category": to_stage.category, **(also or {})}
    if manager.filter(pk__in=[row.pk for row in rows], stage=before).update(**values) != len(rows):
        raise StageChanged
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
    passed = [
        Passed(row.pk, before.code, to_stage.code, before.category, to_stage.category, reason) for row in rows
    ]
    record_statuses(machine=machine, passed=passed, actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Passed:
    """One history entry still to be written."""

    subject_id: UUID
    from_state: str
    to_state: str
    from_category: str = ""
    to_category: str = ""
    reason: str = ""


def record_status(
    *,
    machine: str,
    subject_id: UUID,
    from_state: str,
    to_state: str,
    actor: Actor,
    reason: str,
    now: datetime.datetime,
    from_category: str = "",
    to_category: str = "",
) -> None:
    """Write one entry of a status history, in the caller's transaction."""
    passed = Passed(subject_id, from_state, to_state, from_category, to_category, reason)
    record_statuses(machine=machine, passed=[passed], actor=actor, now=now)


def record_statuses(*, machine: str, passed: Sequence[Passed], actor: Actor, now: datetime.datetime) -> None:
    """Write many entries of one machine in one statement."""
    request_id = tenancy.current_request_id()
    StatusEntry.objects.bulk_create(
        StatusEntry(
            machine=machine, subject_id=entry.subject_id, from_state=entry.from_state, to_state=entry.to_state,
            from_category=entry.from_category, to_category=entry.to_category, actor=actor.ref,
            reason=entry.reason.strip(), request_id=request_id, at=now,
        )
        for entry in passed
    )  # fmt: skip
