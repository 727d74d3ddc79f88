"""Sending letters; what they say is looked up at the last moment."""

import datetime
from typing import Any
from uuid import UUID

from kith.kit import clock, jobs, tenancy
from kith.notifications import queries
from kith.notifications.providers import mail
from kith.participants.queries.portal import reader


@jobs.job("notifications.send_progress", retry=5)
def send_progress(*, tenant_id: int, participant_id: str, since: str, **_: Any) -> None:
    """How the participant's referrals get on."""
    with tenancy.use(tenant_id):
        person = reader(UUID(participant_id), "progress")
        if person is None:
            return
        with mail.language_of(person) as locale:
            moment, now = datetime.datetime.fromisoformat(since), clock.now()
            found = queries.progress(person.pk, since=moment, locale=locale, now=now)
    if found:
        mail.send_progress(person=person, told=found)


@jobs.job("notifications.send_earnings", retry=5)
def send_earnings(*, tenant_id: int, participant_id: str, since: str, **_: Any) -> None:
    """What has become the participant's."""
    with tenancy.use(tenant_id):
        person = reader(UUID(participant_id), "earnings")
        found = queries.earned(person.pk, since=datetime.datetime.fromisoformat(since)) if person else []
    if person is not None and found:
        mail.send_earned(person=person, sums=found)


@jobs.job("notifications.send_paid", retry=5)
def send_paid(*, tenant_id: int, participant_id: str, withdrawal_id: str, **_: Any) -> None:
    """What went to the participant's account."""
    with tenancy.use(tenant_id):
        person = reader(UUID(participant_id), "earnings")
        found = queries.paid(UUID(withdrawal_id))
    if person is not None and found is not None:
        mail.send_paid(person=person, amount=found)
