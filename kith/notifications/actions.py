"""Having letters sent, and having no more of them."""

import datetime
from uuid import UUID

from kith.kit import jobs
from kith.kit.actors import Actor
from kith.notifications import rules
from kith.notifications.queries import Subscriber
from kith.participants import actions as participants
from kith.participants.queries.portal import reader


def gather(
    *, kind: str, participant_id: UUID, happened_at: datetime.datetime, actor: Actor, now: datetime.datetime
) -> None:
    """Have a letter of the kind sent soon, with all that happens until then; nothing for who wants none."""
    person = reader(participant_id, kind) if rules.is_news(happened_at, now=now) else None
    if person is not None:
        jobs.enqueue(
            f"notifications.send_{kind}", queueing_lock=f"{kind}-{person.pk}", wait=rules.GATHERED_SECONDS,
            tenant_id=person.tenant_id, participant_id=str(person.pk), since=happened_at.isoformat(),
        )  # fmt: skip


def tell_paid(
    *, withdrawal_id: UUID, participant_id: UUID, happened_at: datetime.datetime, actor: Actor,
    now: datetime.datetime,
) -> None:  # fmt: skip
    """Have a letter sent about money that left; nothing for who wants none."""
    person = reader(participant_id, "earnings") if rules.is_news(happened_at, now=now) else None
    if person is not None:
        jobs.enqueue(
            "notifications.send_paid", tenant_id=person.tenant_id, participant_id=str(person.pk),
            withdrawal_id=str(withdrawal_id),
        )  # fmt: skip


def stop_letters(*, subscriber: Subscriber, actor: Actor, now: datetime.datetime) -> None:
    """From now on no letters of that kind go there; said twice, it is kept once."""
    participants.record_consents(
        participant=subscriber.participant,
        given={subscriber.kind: False},
        source="letter",
        actor=actor,
        now=now,
    )
