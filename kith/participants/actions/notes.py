"""Notes about a participant, by staff for staff."""

import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto, text
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, Invalid, NotFound
from kith.kit.ids import uuid7
from kith.participants import rules
from kith.participants.actions.refusals import refuse_gone
from kith.participants.models import Participant, ParticipantNote
from kith.participants.queries import notes


class NoteEmpty(Invalid):
    """There is nothing in the note, or more than a note can hold."""

    code, message = "note_invalid", _("Write a note of at most 5,000 characters.")


class NoteNotYours(Conflict):
    """Somebody else wrote it, or its author did so too long ago."""

    code = "note_closed"
    message = _("Only who wrote a note may change it, within a day. Write another note instead.")


@transaction.atomic
def write_note(
    *, participant: Participant, body: str, actor: Actor, now: datetime.datetime
) -> ParticipantNote:
    """Write a note. Raises NoteEmpty, ParticipantErased, ParticipantMerged."""
    held = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    refuse_gone(held)
    note_id = uuid7()
    sealed = _sealed(body, held.pk, note_id)
    written: ParticipantNote = ParticipantNote.objects.create(
        id=note_id, participant=held, body_enc=sealed, author=actor.ref, created_at=now
    )
    return written


@transaction.atomic
def change_note(*, note: ParticipantNote, body: str, actor: Actor, now: datetime.datetime) -> ParticipantNote:
    """Write one's own note anew. Raises NoteEmpty, NoteNotYours, NotFound when it is removed."""
    held = _own(note, actor, now)
    held.body_enc, held.edited_at = _sealed(body, held.participant_id, held.pk), now
    held.save(update_fields=["body_enc", "edited_at"])
    return held


@transaction.atomic
def remove_note(*, note: ParticipantNote, actor: Actor, now: datetime.datetime) -> None:
    """Take the text away for good; that there was a note, and whose, stays. Raises NoteNotYours, NotFound."""
    held = _own(note, actor, now)
    held.body_enc, held.removed_at, held.removed_by = None, now, actor.ref
    held.save(update_fields=["body_enc", "removed_at", "removed_by"])


def _own(note: ParticipantNote, actor: Actor, now: datetime.datetime) -> ParticipantNote:
    held = ParticipantNote.objects.select_for_update().filter(pk=note.pk, removed_at=None).first()
    if held is None:
        raise NotFound
    if not rules.may_change_note(held.author, held.created_at, actor.ref, now):
        raise NoteNotYours
    found: ParticipantNote = held
    return found


def _sealed(body: str, participant_id: UUID, note_id: UUID) -> bytes:
    clean = text.line(body, "text").strip()
    if not 0 < len(clean) <= rules.LONGEST_NOTE:
        raise NoteEmpty(fields={"text": NoteEmpty.message})
    return crypto.encrypt(clean, subject_id=participant_id, context=f"{notes.CONTEXT}:{note_id}")
