"""Moving referrals through their pipeline, one and many, and writing notes on them."""

import contextlib
import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto, outbox
from kith.kit.actors import Actor
from kith.kit.days import day_of
from kith.kit.errors import DomainError, Forbidden, Invalid, NotFound
from kith.kit.ids import uuid7
from kith.pipelines import actions as pipelines
from kith.pipelines import queries as stages
from kith.pipelines.models import Stage
from kith.referrals import rules
from kith.referrals.actions.refusals import (
    AlreadyReferred,
    NoteEmpty,
    StageUnknown,
    TooManyRows,
    is_about,
)
from kith.referrals.events import ReferralMoved
from kith.referrals.models import CLOSED, Note, NoteVisibility, Referral
from kith.tenants.queries import current_tenant

LONGEST_NOTE = 10_000


def move_referral(
    *,
    referral: Referral,
    to_stage: Stage | str | None = None,
    to_category: str = "",
    actor: Actor,
    reason: str = "",
    now: datetime.datetime,
) -> Referral:
    """Move a referral to a stage, given as row or code, or to the first stage of a category.

    Raises MoveNotAllowed, ReasonMissing, StageChanged, StageUnknown, Forbidden where the move decides about
    rewards and the actor may not, and AlreadyReferred when reopening it would give the person two live
    referrals; then nothing has changed.
    """
    move_together([referral], to_stage=to_stage, to_category=to_category, actor=actor, reason=reason, now=now)
    return referral


def move_together(
    referrals: Sequence[Referral],
    *,
    to_stage: Stage | str | None = None,
    to_category: str = "",
    actor: Actor,
    reason: str = "",
    now: datetime.datetime,
) -> None:
    """Move all of these, in as many statements as they have pipelines and stages. Raises as `move_referral`.

    When one of them refuses, some may have moved already: the caller's transaction undoes it.
    """
    before = {referral.id: referral.category for referral in referrals}
    alike: dict[tuple[UUID, bool], list[Referral]] = {}
    for referral in referrals:
        alike.setdefault((referral.program.pipeline_id, referral.completed_at is None), []).append(referral)
    for (pipeline_id, is_first), group in alike.items():
        stage = to_stage if isinstance(to_stage, Stage) else _stage(pipeline_id, to_stage or "", to_category)
        _enter(group, stage, is_first, actor=actor, reason=reason, now=now)
    _announce(referrals, before, now=now)


def _enter(
    referrals: Sequence[Referral],
    stage: Stage,
    is_first: bool,
    *,
    actor: Actor,
    reason: str,
    now: datetime.datetime,
) -> None:
    """`is_first`: none of them was completed before."""
    needed = rules.permission_to_enter(stage.category)
    if needed and not actor.may(needed):
        raise Forbidden(permission=needed)
    also: dict[str, Any] = {"updated_at": now}
    if stage.category == "completed" and is_first:
        also["completed_at"] = now
    if stage.category in ("completed", *CLOSED):
        also["asked_at"] = None
    with _one_live_owner():
        pipelines.transition_all(
            rows=referrals, machine="referral", to_stage=stage, actor=actor, reason=reason, now=now, also=also
        )


@contextlib.contextmanager
def _one_live_owner() -> Iterator[None]:
    """The database refuses a person a second live referral: that is AlreadyReferred."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if is_about(error, "referral_one_live_owner"):
            raise AlreadyReferred from None
        raise


def step_back(*, referral: Referral, actor: Actor, reason: str, now: datetime.datetime) -> Referral:
    """Undo what completed or rejected a referral; it is open again where it was.

    Raises NothingToUndo, StageChanged, and AlreadyReferred when the person has a live referral meanwhile.
    """
    before = {referral.id: referral.category}
    also = {"updated_at": now, "completed_at": None}
    with _one_live_owner():
        pipelines.step_back(row=referral, machine="referral", actor=actor, reason=reason, now=now, also=also)
    _announce([referral], before, now=now)
    return referral


def _announce(referrals: Sequence[Referral], before: Mapping[UUID, str], *, now: datetime.datetime) -> None:
    timezone = current_tenant().timezone
    moved = [
        (
            referral.id,
            ReferralMoved(
                referral_id=referral.id, program_id=referral.program_id, referrer_id=referral.referrer_id,
                from_category=before[referral.id], to_category=referral.category,
                created_on=day_of(referral.created_at, timezone),
            ),
        )
        for referral in referrals
    ]  # fmt: skip
    outbox.publish_many(moved, subject_type="referral", now=now)


def _stage(pipeline_id: UUID, code: str, category: str) -> Stage:
    try:
        if code:
            return stages.get_stage(pipeline_id, code)
        return stages.stage_for_category(pipeline_id, category)
    except Stage.DoesNotExist:
        raise StageUnknown(fields={"to": StageUnknown.message}) from None


def move_referrals(
    ids: Sequence[UUID],
    *,
    to_stage: str = "",
    to_category: str = "",
    actor: Actor,
    reason: str = "",
    now: datetime.datetime,
) -> list[rules.RowResult]:
    """Move up to 1,000 referrals; each row succeeds or fails for itself, in the order given.

    Raises TooManyRows.
    """
    if len(ids) > rules.LARGEST_BULK:
        raise TooManyRows(fields={"ids": TooManyRows.message})
    found = {row.id: row for row in _locked(ids)}
    results = []
    for row_id in dict.fromkeys(ids):
        try:
            if row_id not in found:
                raise NotFound
            with transaction.atomic():
                move_referral(
                    referral=found[row_id], to_stage=to_stage or None, to_category=to_category, actor=actor,
                    reason=reason, now=now,
                )  # fmt: skip
            results.append(rules.RowResult(row_id, True))
        except DomainError as error:
            results.append(rules.RowResult(row_id, False, error.code, error.text))
    return results


def _locked(ids: Sequence[UUID]) -> list[Referral]:
    rows = Referral.objects.select_for_update(of=("self",)).select_related("program", "stage")
    return list(rows.filter(pk__in=set(ids)).order_by("id"))


def add_note(
    *, referral: Referral, text: str, visibility: str = "internal", actor: Actor, now: datetime.datetime
) -> Note:
    """Write a note on a referral, encrypted under the referral's key. Raises NoteEmpty, Invalid."""
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise NoteEmpty(fields={"text": NoteEmpty.message})
    if visibility not in NoteVisibility.values:
        raise Invalid(fields={"visibility": _("Write internal or public.")})
    note_id = uuid7()
    sealed = crypto.encrypt(text, subject_id=referral.id, context=f"referrals_note.body_enc:{note_id}")
    note: Note = Note.objects.create(
        id=note_id,
        referral=referral,
        visibility=visibility,
        body_enc=sealed,
        author=actor.ref,
        created_at=now,
    )
    return note
