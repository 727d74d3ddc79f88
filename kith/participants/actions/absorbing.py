"""Of two rows for one person, one stays and the other becomes a tombstone that points to it."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import outbox
from kith.kit.actors import Actor
from kith.kit.errors import Conflict
from kith.participants import queries, rules
from kith.participants.actions.agreeing import record_consents
from kith.participants.actions.people import update_participant
from kith.participants.actions.portal import end_portal_sessions
from kith.participants.actions.refusals import refuse_gone
from kith.participants.events import ParticipantMerged
from kith.participants.models import (
    CompanyPerson,
    Participant,
    ParticipantKind,
    ParticipantStatus,
    SignInCode,
)
from kith.participants.queries.portal import newest_words


class SamePerson(Conflict):
    """A row cannot be merged with itself."""

    code, message = "same_participant", _("Choose two different people to merge.")


class CompanyWithPeople(Conflict):
    """People sign in for one of the two, and what they become is no company."""

    code = "company_with_people"
    message = _("People sign in for this company. Keep the company, and merge the person into it.")


def lock_both(*, survivor: Participant, other: Participant) -> tuple[Participant, Participant]:
    """Both rows as they are now, held so that nothing new can point at them until commit.

    Raises SamePerson, ParticipantErased, ParticipantMerged.
    """
    if survivor.pk == other.pk:
        raise SamePerson
    rows = Participant.objects.select_for_update().filter(pk__in=[survivor.pk, other.pk]).order_by("id")
    held = {row.pk: row for row in rows}
    for row in held.values():
        refuse_gone(row)
    return held[survivor.pk], held[other.pk]


def absorb(
    *,
    survivor: Participant,
    other: Participant,
    choices: Mapping[str, str],
    actor: Actor,
    now: datetime.datetime,
) -> Participant:
    """Make `other` a tombstone that points to `survivor`, both from `lock_both`.

    `choices` says for a field of `rules.MERGEABLE` whose value stays: "survivor" or "other"; without a choice
    the survivor's, or the other's where that is empty. Code, address and number that the other keeps lead to
    the survivor, and what the other said no to later than the survivor said anything. Raises CompanyWithPeople,
    and as `update_participant`.
    """
    changes = _changes(survivor, other, choices)
    email_stays_known = other.email_verified_at if changes.get("email") == other.email else None
    _bury(other, survivor, changes, now)
    _point_to(survivor, other, becomes=changes.get("kind", survivor.kind))
    _keep_refusals(survivor, other, actor, now)
    kept: Participant = update_participant(participant=survivor, changes=changes, actor=actor, now=now)
    _take_over(kept, other, email_stays_known, now)
    end_portal_sessions(participant_id=other.pk, reason="merged", actor=actor, now=now)
    SignInCode.objects.filter(participant=other, used_at=None).update(used_at=now)
    event = ParticipantMerged(participant_id=other.pk, into_id=kept.pk)
    outbox.publish(event, subject_type="participant", subject_id=other.pk, now=now)
    return kept


def _changes(survivor: Participant, other: Participant, choices: Mapping[str, str]) -> dict[str, Any]:
    """The fields in which the survivor becomes different."""
    mine, theirs = queries.facts_of(survivor), queries.facts_of(other)
    stays = {name: rules.chosen(name, mine[name], theirs[name], choices) for name in rules.MERGEABLE}
    return {name: value for name, value in stays.items() if value != mine[name]}


def _bury(
    other: Participant, survivor: Participant, changes: Mapping[str, Any], now: datetime.datetime
) -> None:
    """The tombstone first, since two living rows cannot have one address or number."""
    other.status, other.merged_into, other.merged_at, other.updated_at = (
        ParticipantStatus.MERGED, survivor, now, now,
    )  # fmt: skip
    if changes.get("email"):
        other.email, other.email_index = "", None
    if changes.get("external_id"):
        other.external_id = ""
    other.save(
        update_fields=[
            "status",
            "merged_into",
            "merged_at",
            "updated_at",
            "email",
            "email_index",
            "external_id",
        ]
    )


def _point_to(survivor: Participant, other: Participant, *, becomes: str) -> None:
    """Whoever pointed at the other points at the survivor, tombstones of earlier merges included."""
    Participant.objects.filter(merged_into=other).update(merged_into=survivor)
    Participant.objects.filter(referred_by=other).exclude(pk=survivor.pk).update(referred_by=survivor)
    people: QuerySet[CompanyPerson] = CompanyPerson.objects.filter(removed_at=None)
    if becomes == ParticipantKind.COMPANY:
        people.filter(company=other).update(company=survivor)
    elif people.filter(company__in=[survivor, other]).exists():
        raise CompanyWithPeople


def _keep_refusals(survivor: Participant, other: Participant, actor: Actor, now: datetime.datetime) -> None:
    """Nobody who wants no letters gets them again because they were enrolled twice."""
    mine, theirs = newest_words(survivor.pk), newest_words(other.pk)
    refused = {
        kind: False for kind, word in theirs.items()
        if not word.given and (kind not in mine or mine[kind].at <= word.at)
    }  # fmt: skip
    record_consents(participant=survivor, given=refused, source="merge", actor=actor, now=now)


def _take_over(
    kept: Participant, other: Participant, verified_at: datetime.datetime | None, now: datetime.datetime
) -> None:
    """What nobody chooses: the earliest and latest moments, own columns of files, and who referred them."""
    firsts = [at for at in (kept.first_referral_at, other.first_referral_at) if at]
    lasts = [at for at in (kept.last_login_at, other.last_login_at) if at]
    parents = [
        each for each in (kept.referred_by_id, other.referred_by_id) if each not in (kept.pk, other.pk)
    ]
    by = next((each for each in parents if each), None)
    Participant.objects.filter(pk=kept.pk).update(
        first_referral_at=min(firsts, default=None), last_login_at=max(lasts, default=None),
        extra={**other.extra, **kept.extra}, referred_by=by, updated_at=now,
        email_verified_at=verified_at or kept.email_verified_at,
    )  # fmt: skip
