"""One thing done to many participants: at once when they are few, by a worker when they are many."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import jobs, outbox
from kith.kit.actors import Actor
from kith.kit.errors import DomainError, Invalid
from kith.kit.models import Job
from kith.kit.tables import Format
from kith.participants import queries
from kith.participants.actions.portal import invite_to_portal
from kith.participants.actions.requesting import EXPORT
from kith.participants.events import ParticipantReactivated, ParticipantSuspended
from kith.participants.models import GONE, Participant, ParticipantStatus
from kith.participants.queries import Filters

BULK = "participants.bulk"
AT_ONCE, PIECE = 100, 500
"""Most people changed while somebody waits, and most in one transaction."""

DEEDS = ("suspend", "reactivate", "invite")
_STEPS: dict[str, tuple[ParticipantStatus, type]] = {
    "suspend": (ParticipantStatus.SUSPENDED, ParticipantSuspended),
    "reactivate": (ParticipantStatus.ACTIVE, ParticipantReactivated),
}


class DeedUnknown(Invalid):
    """This cannot be done to many at once."""

    code, message = "bulk_invalid", _("Choose what to do: suspend, let refer again, or invite.")


class NobodyChosen(Invalid):
    """The selection is empty."""

    code, message = "nobody_chosen", _("Select at least one person first.")


def start_bulk(
    *, wanted: Filters, deed: str, reason: str = "", actor: Actor, now: datetime.datetime
) -> Job | dict[str, int]:
    """Do it to everybody the filters leave: what came of it, or the job that is doing it.

    Raises DeedUnknown, NobodyChosen, and TooMany as `jobs.start`.
    """
    if deed not in DEEDS:
        raise DeedUnknown(fields={"do": DeedUnknown.message})
    ids = queries.ids_of(wanted, after=None, limit=AT_ONCE + 1)
    if not ids:
        raise NobodyChosen
    if len(ids) > AT_ONCE:
        params = {"filters": wanted.as_json(), "deed": deed, "reason": reason[:500]}
        return jobs.start(BULK, params=params, actor=actor, now=now)
    return do_to_many(ids=ids, deed=deed, reason=reason[:500], actor=actor, now=now)


def request_export_of(*, wanted: Filters, format: Format, actor: Actor, now: datetime.datetime) -> Job:
    """Queue an export of everybody the filters leave. Raises NobodyChosen, and TooMany as `jobs.start`."""
    if not queries.ids_of(wanted, after=None, limit=1):
        raise NobodyChosen
    return jobs.start(EXPORT, params={"format": format, "filters": wanted.as_json()}, actor=actor, now=now)


@transaction.atomic
def do_to_many(
    *, ids: Sequence[UUID], deed: str, reason: str = "", actor: Actor, now: datetime.datetime
) -> dict[str, int]:
    """Do it to these; how many it changed, and how many it left as they were.

    Those who are so already, who are not there any more, or cannot be invited, are left as they were.
    """
    if deed == "invite":
        return _invite(ids, actor=actor, now=now)
    status, event = _STEPS[deed]
    rows = Participant.objects.select_for_update(no_key=True).filter(id__in=list(ids))
    held = list(rows.exclude(status__in=(*GONE, status)).order_by("id").values_list("id", flat=True))
    Participant.objects.filter(id__in=held).update(status=status, updated_at=now)
    told = ((each, event(participant_id=each, reason=reason)) for each in held)
    outbox.publish_many(told, subject_type="participant", now=now)
    return {"changed": len(held), "unchanged": len(ids) - len(held)}


def _invite(ids: Sequence[UUID], *, actor: Actor, now: datetime.datetime) -> dict[str, int]:
    invited = 0
    people: Any = Participant.objects.filter(id__in=list(ids), status=ParticipantStatus.ACTIVE)
    for person in people.order_by("id"):
        try:
            invite_to_portal(participant=person, actor=actor, now=now)
        except DomainError:  # without an address, or invited often enough today
            continue
        invited += 1
    return {"changed": invited, "unchanged": len(ids) - invited}
