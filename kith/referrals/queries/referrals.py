"""Referrals with what belongs to them: conversions, notes, consent, personal details."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kith.kit import crypto
from kith.kit.search import matching
from kith.pipelines.queries import Passage, history
from kith.referrals import rules
from kith.referrals.models import CLOSED, Agreement, Conversion, Note, Referral

NEWEST = ("-created_at", "-id")


def agreement(referral_id: UUID) -> Agreement | None:
    """What the referred person agreed to; None where nobody was asked."""
    found: Agreement | None = Agreement.objects.filter(referral_id=referral_id).first()
    return found


def get_referral(referral_id: UUID) -> Referral:
    """The referral with referrer, program and stage. Raises Referral.DoesNotExist."""
    found: Referral = _with_names().get(pk=referral_id)
    return found


def referral_list(
    *,
    search: str = "",
    category: str = "",
    stage: str = "",
    program_id: UUID | None = None,
    referrer_id: UUID | None = None,
    created_from: datetime.datetime | None = None,
    created_before: datetime.datetime | None = None,
) -> QuerySet[Referral]:
    """Referrals with referrer, program and stage, newest first.

    `search` finds parts of name, e-mail, booking reference and code; `stage` is a stage's code.
    """
    wanted: dict[str, Any] = {
        "category": category,
        "stage__code": stage,
        "program_id": program_id,
        "referrer_id": referrer_id,
        "created_at__gte": created_from,
        "created_at__lt": created_before,
    }
    found = _with_names().filter(**{name: value for name, value in wanted.items() if value})
    return matching(found, search).order_by(*NEWEST)


def _with_names() -> QuerySet[Referral]:
    found: QuerySet[Referral] = Referral.objects.select_related("referrer", "program", "stage", "campaign")
    return found


def conversions_of(referral_ids: list[UUID]) -> QuerySet[Conversion]:
    """Conversions of some referrals, oldest first."""
    found: QuerySet[Conversion] = Conversion.objects.filter(referral_id__in=referral_ids).order_by(
        "received_at", "id"
    )
    return found


def get_conversion(event: str, external_id: str) -> Conversion:
    """The conversion of that event and external id. Raises Conversion.DoesNotExist."""
    found: Conversion = Conversion.objects.select_related("referral").get(
        event=event, external_id=rules.external_key(event, external_id)
    )
    return found


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A note in clear; `text` is None when its key was destroyed."""

    id: UUID
    text: str | None
    visibility: str
    author: str
    created_at: datetime.datetime


def notes_of(referral_id: UUID) -> list[ReadNote]:
    """The notes on a referral, newest first."""
    rows = list(Note.objects.filter(referral_id=referral_id).order_by("-created_at", "-id"))
    return [read_note(row) for row in rows]


def read_note(row: Note) -> ReadNote:
    """A note in clear."""
    return ReadNote(row.id, _text(row), row.visibility, row.author, row.created_at)


def _text(row: Note) -> str | None:
    try:
        return crypto.decrypt(
            row.body_enc, subject_id=row.referral_id, context=f"referrals_note.body_enc:{row.id}"
        )
    except crypto.Undecryptable:
        return None


def phone_of(referral: Referral) -> str | None:
    """The referred person's phone number in clear, None when there is none or its key was destroyed."""
    if referral.referred_phone_enc is None:
        return None
    context = f"referrals_referral.referred_phone_enc:{referral.id}"
    try:
        return crypto.decrypt(referral.referred_phone_enc, subject_id=referral.id, context=context)
    except crypto.Undecryptable:
        return None


@dataclass(frozen=True, slots=True)
class Detail:
    """A referral and everything about it."""

    referral: Referral
    phone: str | None
    history: list[Passage]
    conversions: list[Conversion]
    notes: list[ReadNote]


def detail(referral: Referral) -> Detail:
    """What belongs to one referral, in a handful of statements."""
    return Detail(
        referral, phone_of(referral), history("referral", referral.id), list(conversions_of([referral.id])),
        notes_of(referral.id),
    )  # fmt: skip


def find_referral(
    *, referral_id: UUID | None = None, click_id: UUID | None = None, email: str = ""
) -> Referral | None:
    """The live referral of an id, a click or a person's e-mail address, the newest where there are several."""
    live = Referral.objects.select_related("program", "stage").exclude(category__in=CLOSED).order_by(*NEWEST)
    if referral_id is not None:
        found: Referral | None = (
            Referral.objects.select_related("program", "stage").filter(pk=referral_id).first()
        )
    elif click_id is not None:
        found = live.filter(click_id=click_id).first()
    else:
        found = (
            live.filter(referred_key=crypto.blind_index(email, kind="email")).first()
            if email.strip()
            else None
        )
    return found
