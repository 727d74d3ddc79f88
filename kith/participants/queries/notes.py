"""What staff wrote about a participant."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from kith.kit import crypto
from kith.participants.models import Consent, ParticipantNote
from kith.tenants.queries import actor_names

CONTEXT = "participants_participantnote.body_enc"


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A note in clear. `text` is None where it was removed, or its key destroyed."""

    id: UUID
    text: str | None
    author: str
    by: str
    created_at: datetime.datetime
    edited_at: datetime.datetime | None
    removed_at: datetime.datetime | None
    removed_by: str


def notes_of(participant_id: UUID) -> list[ReadNote]:
    """The notes about a participant and whom they stand for, newest first, removed ones as places without text."""
    rows = list(ParticipantNote.objects.filter(_of(participant_id)).order_by("-created_at", "-id"))
    names = actor_names({ref for row in rows for ref in (row.author, row.removed_by) if ref})
    return [
        ReadNote(
            row.id, _text(row), row.author, names[row.author], row.created_at, row.edited_at, row.removed_at,
            names.get(row.removed_by, ""),
        )
        for row in rows
    ]  # fmt: skip


def consents_of(participant_id: UUID) -> list[Consent]:
    """What the participant agreed to and took back, newest first."""
    return list(Consent.objects.filter(_of(participant_id)).order_by("-at", "-id"))


def _of(participant_id: UUID) -> Q:
    """What was written about them, also under a row that was merged into theirs: each is under its own key."""
    return Q(participant_id=participant_id) | Q(participant__merged_into_id=participant_id)


def _text(row: ParticipantNote) -> str | None:
    if row.body_enc is None:
        return None
    try:
        return crypto.decrypt(row.body_enc, subject_id=row.participant_id, context=f"{CONTEXT}:{row.id}")
    except crypto.Undecryptable:
        return None
