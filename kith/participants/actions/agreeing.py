"""What participants say yes and no to; nothing of it is ever changed, the newest word counts."""

import datetime
from collections.abc import Mapping

from django.db import transaction

from kith.kit.actors import Actor
from kith.participants.models import Consent, Participant
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules


@transaction.atomic
def record_consents(
    *,
    participant: Participant,
    given: Mapping[str, bool],
    source: str,
    version: str = rules.CONSENT_VERSION,
    actor: Actor,
    now: datetime.datetime,
) -> list[Consent]:
    """Write down each word that differs from what counted so far; `version` is the wording that was shown."""
    held = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    said = {kind: row.given for kind, row in queries.newest_words(held.pk).items()}
    counts = {kind: choice.default for kind, choice in rules.CHOICES.items()} | said
    made = [
        Consent(
            participant=held, kind=kind, version=version, given=yes, source=source, actor=actor.ref, at=now
        )
        for kind, yes in given.items()
        if counts.get(kind) != yes
    ]
    saved: list[Consent] = Consent.objects.bulk_create(made)
    return saved
