"""Telling two people apart who look like one, and taking that back."""

import datetime

from django.db import transaction

from kith.kit.actors import Actor
from kith.participants.actions.absorbing import lock_both
from kith.participants.models import Distinction, Participant


@transaction.atomic
def tell_apart(
    *, participant: Participant, other: Participant, actor: Actor, now: datetime.datetime
) -> Distinction:
    """Keep that these are two people: neither is suggested as the other any more. Said twice, it is kept once.

    Raises SamePerson, ParticipantErased, ParticipantMerged.
    """
    lock_both(survivor=participant, other=other)
    one, second = sorted([participant.pk, other.pk])
    said = {"said_by": actor.ref, "created_at": now}
    kept: Distinction = Distinction.objects.get_or_create(one_id=one, other_id=second, defaults=said)[0]
    return kept


def suggest_again(
    *, participant: Participant, other: Participant, actor: Actor, now: datetime.datetime
) -> None:
    """Forget that these are two people; the audit trail keeps that it was said, and who took it back."""
    one, second = sorted([participant.pk, other.pk])
    Distinction.objects.filter(one_id=one, other_id=second).delete()
