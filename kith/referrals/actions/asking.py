"""Asking the referrer something before deciding, and what they answered."""

import datetime

from kith.kit import jobs
from kith.kit.actors import Actor
from kith.kit.errors import NotFound
from kith.participants.models import ParticipantStatus
from kith.referrals.actions.moving import add_note
from kith.referrals.actions.refusals import NobodyToAsk, NoQuestion, ReferralClosed
from kith.referrals.models import CLOSED, Note, NoteVisibility, Referral


def ask_back(*, referral: Referral, text: str, reply_to: str, actor: Actor, now: datetime.datetime) -> Note:
    """Ask the referrer by e-mail; the referral waits for the answer, which goes to `reply_to`.

    The question is a note the referrer may read. Raises NotFound, ReferralClosed, NobodyToAsk, NoteEmpty.
    """
    row = _locked(referral)
    if row.category in CLOSED:
        raise ReferralClosed
    if row.referrer.status != ParticipantStatus.ACTIVE or not row.referrer.email:
        raise NobodyToAsk
    note = add_note(referral=row, text=text, visibility=NoteVisibility.PUBLIC, actor=actor, now=now)
    Referral.objects.filter(pk=row.pk).update(asked_at=now, updated_at=now)
    referral.asked_at = now
    jobs.enqueue("referrals.send_question", tenant_id=row.tenant_id, note_id=str(note.id), reply_to=reply_to)
    return note


def record_answer(*, referral: Referral, text: str, actor: Actor, now: datetime.datetime) -> Note:
    """Keep what the referrer answered, by themselves or through staff; the referral waits no longer.

    Raises NotFound, NoQuestion, NoteEmpty.
    """
    row = _locked(referral)
    if row.asked_at is None:
        raise NoQuestion
    note = add_note(referral=row, text=text, visibility=NoteVisibility.PUBLIC, actor=actor, now=now)
    Referral.objects.filter(pk=row.pk).update(asked_at=None, updated_at=now)
    referral.asked_at = None
    return note


def _locked(referral: Referral) -> Referral:
    rows = Referral.objects.select_for_update(of=("self",)).select_related("referrer")
    found: Referral | None = rows.filter(pk=referral.pk).first()
    if found is None:
        raise NotFound
    return found
