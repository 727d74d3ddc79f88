"""One participant at a time. The audit trail takes the actor from the scope in force."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from kith.kit import codes, crypto, outbox
from kith.kit.actors import Actor
from kith.kit.errors import Unavailable
from kith.participants import queries, rules
from kith.participants.actions import refusals
from kith.participants.actions.portal import close_ways_in
from kith.participants.events import (
    ParticipantCreated,
    ParticipantReactivated,
    ParticipantSuspended,
    ParticipantUpdated,
)
from kith.participants.models import Participant, ParticipantStatus

_CODE_TRIES = 5
# Compared by look-up value, since an encrypted value differs each time it is written.
_SEALED = {
    "phone": ("phone_enc", "phone_index", "phone"),
    "visa_number": ("visa_number_enc", "visa_number_index", "raw"),
}


def create_participant(
    *,
    name: str,
    email: str = "",
    external_id: str = "",
    phone: str = "",
    country: str = "",
    language: str = "",
    timezone: str = "",
    kind: str = "person",
    referred_by: Participant | None = None,
    source: str = "console",
    code: str = "",
    actor: Actor,
    now: datetime.datetime,
    **more: Any,
) -> Participant:
    """Enroll somebody in the organization in force, with a personal code.

    `more` are picture_url, visa_number, visa_stage, visa_type and application_on. A given `code` is a
    vanity code. Raises Invalid naming the fields, DuplicateEmail, DuplicateExternalId, CodeTaken.
    """
    values = refusals.checked(
        {
            "name": name, "email": email, "external_id": external_id, "phone": phone, "country": country,
            "language": language, "timezone": timezone, "kind": kind, **more,
        },
        region=queries.phone_region(),
    )  # fmt: skip
    wished = codes.normalize(code)
    if wished and not rules.is_good_vanity_code(wished):
        refusals.refuse({"code": "code"})
    participant = Participant(referred_by=referred_by, source=source, created_at=now, updated_at=now)
    _apply(participant, values)
    _insert(participant, wished)
    event = ParticipantCreated(participant_id=participant.id, kind=participant.kind, source=source)
    outbox.publish(event, subject_type="participant", subject_id=participant.id, now=now)
    return participant


def update_participant(
    *, participant: Participant, changes: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> Participant:
    """Change the given fields; values that are the same already change nothing and announce nothing.

    `changes` may name any field of `rules.FIELDS`. A new e-mail address is not verified any more, and who came
    in by the former one is signed out. Raises Invalid naming the fields, DuplicateEmail, DuplicateExternalId,
    ParticipantErased.
    """
    held = _locked(participant)
    values = refusals.checked(changes, region=held.country or queries.phone_region())
    columns = _apply(held, values)
    if not columns:
        return held
    held.updated_at = now
    _guarded_save(held, update_fields=[*columns, "updated_at"])
    if "email" in columns:
        close_ways_in(participant_ids=[held.pk], now=now)
    event = ParticipantUpdated(
        participant_id=held.id, fields=sorted({_field_of(column) for column in columns})
    )
    outbox.publish(event, subject_type="participant", subject_id=held.id, now=now)
    return held


def suspend_participant(
    *, participant: Participant, reason: str = "", actor: Actor, now: datetime.datetime
) -> Participant:
    """Keep somebody from referring. Does nothing when that is so already. Raises ParticipantErased."""
    held = _locked(participant)
    if held.status != ParticipantStatus.SUSPENDED:
        _set_status(held, ParticipantStatus.SUSPENDED, now)
        event = ParticipantSuspended(participant_id=held.id, reason=reason)
        outbox.publish(event, subject_type="participant", subject_id=held.id, now=now)
    return held


def reactivate_participant(
    *, participant: Participant, reason: str = "", actor: Actor, now: datetime.datetime
) -> Participant:
    """Let somebody refer again. Does nothing when they may already. Raises ParticipantErased."""
    held = _locked(participant)
    if held.status != ParticipantStatus.ACTIVE:
        _set_status(held, ParticipantStatus.ACTIVE, now)
        event = ParticipantReactivated(participant_id=held.id, reason=reason)
        outbox.publish(event, subject_type="participant", subject_id=held.id, now=now)
    return held


def note_first_referral(*, participant_id: UUID | str, at: datetime.datetime) -> None:
    """Remember the moment of somebody's first referral, also of who stands for them now; later ones change nothing."""
    person = Participant.objects.filter(pk=participant_id).first()
    if person is not None:
        whom = person.merged_into_id or person.pk
        Participant.objects.filter(pk=whom, first_referral_at=None).update(first_referral_at=at)


def _locked(participant: Participant) -> Participant:
    held: Participant = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    refusals.refuse_gone(held)
    return held


def _set_status(participant: Participant, status: ParticipantStatus, now: datetime.datetime) -> None:
    participant.status, participant.updated_at = status, now
    participant.save(update_fields=["status", "updated_at"])


def _apply(participant: Participant, values: Mapping[str, Any]) -> list[str]:
    """Set the stored forms on the row; the columns that changed."""
    changed: list[str] = []
    for field, value in values.items():
        if field in _SEALED:
            changed += _seal(participant, field, value)
        elif getattr(participant, field) != value:
            setattr(participant, field, value)
            changed.append(field)
    if "email" in changed:
        participant.email_index = (
            crypto.blind_index(participant.email, kind="email") if participant.email else None
        )
        participant.email_verified_at = None
        changed += ["email_index", "email_verified_at"]
    return changed


def _seal(participant: Participant, field: str, value: str) -> list[str]:
    column, index_column, kind = _SEALED[field]
    index = crypto.blind_index(value, kind=kind) if value else None  # type: ignore[arg-type]
    present = getattr(participant, index_column)
    if index == (None if present is None else bytes(present)):
        return []
    sealed = None
    if value:
        context = queries.sealed_in(column, participant.id)
        sealed = crypto.encrypt(value, subject_id=participant.id, context=context)
    setattr(participant, column, sealed)
    setattr(participant, index_column, index)
    return [column, index_column]


def _field_of(column: str) -> str:
    return column.removesuffix("_enc").removesuffix("_index").removesuffix("_verified_at")


def _insert(participant: Participant, wished: str) -> None:
    for _try in range(_CODE_TRIES):
        participant.code = wished or codes.referral_code()
        try:
            return _guarded_save(participant, force_insert=True)
        except refusals.CodeTaken:
            if wished:
                raise
    raise Unavailable


def _guarded_save(participant: Participant, **how: Any) -> None:
    """Save, turning what the database refuses into the outcome it means."""
    try:
        with transaction.atomic():
            participant.save(**how)
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        if constraint == "participant_email_once":
            raise refusals.DuplicateEmail(fields={"email": refusals.DuplicateEmail.message}) from None
        if constraint == "participant_external_id_once":
            raise refusals.DuplicateExternalId(
                fields={"external_id": refusals.DuplicateExternalId.message}
            ) from None
        if constraint == "participant_code_once":
            raise refusals.CodeTaken(fields={"code": refusals.CodeTaken.message}) from None
        raise
