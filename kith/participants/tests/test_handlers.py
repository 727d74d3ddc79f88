"""Participants hear that they referred somebody."""

import datetime
from typing import Any

import pytest

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.events import StoredEvent
from kith.kit.ids import uuid7
from kith.participants import actions, handlers
from kith.participants.models import Participant
from kith.participants.tests.factories import AT, make_participant

pytestmark = pytest.mark.django_db


def referred(by: Participant, at: datetime.datetime) -> None:
    event = StoredEvent(
        position=1, id=uuid7(), type="referral.created", tenant_id=by.tenant_id, subject_type="referral",
        subject_id=uuid7(),
        actor="system", request_id="", occurred_at=at, data={"referrer_id": str(by.pk)},
    )  # fmt: skip
    handlers.on_referral_created(event, now=at)


def test_the_first_referral_is_remembered_and_no_later_one(in_acme: Any) -> None:
    dana = make_participant()
    for days in (0, 5):
        referred(dana, AT + datetime.timedelta(days=days))
    dana.refresh_from_db()
    assert dana.first_referral_at == AT


def test_who_stands_for_somebody_gets_what_is_heard_late(in_acme: Any) -> None:
    dana, twin = make_participant(), make_participant()
    kept, gone = actions.lock_both(survivor=dana, other=twin)
    actions.absorb(survivor=kept, other=gone, choices={}, actor=SYSTEM, now=AT)
    referred(twin, AT)
    with tenancy.use(in_acme.id):
        assert Participant.objects.get(pk=dana.pk).first_referral_at == AT
