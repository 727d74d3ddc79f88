"""One booking reported by twelve calls at once, each with a key of its own: one referral, one reward, one accrual."""

import json
import os
import threading
import uuid
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from kith import subscriptions
from kith.kit import clock, outbox, tenancy
from kith.kit.actors import SYSTEM
from kith.ledger import queries as ledger
from kith.ledger.models import Journal
from kith.participants import actions as participants
from kith.presets import actions as presets
from kith.referrals.models import Conversion, Referral
from kith.rewards.models import Reward

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture
def travel(committed: Any) -> tuple[Any, str]:
    """A travel organization and the code of one of its customers."""
    slug = f"booking-{os.urandom(4).hex()}"
    owner = presets.Owner(slug, f"{slug}@example.com", "Owner", "a password nobody knows")
    tenant = presets.load_preset(
        code="travel", slug=slug, name="Travel", owner=owner, actor=SYSTEM, now=clock.now()
    )
    with tenancy.use(tenant.id):
        dana = participants.create_participant(name="Dana", actor=SYSTEM, now=clock.now())
    return tenant, dana.code


def report(code: str, answers: list[int], start: threading.Barrier) -> None:
    client = Client(
        headers={"idempotency-key": str(uuid.uuid4())}, REMOTE_ADDR=f"2001:db8::{uuid.uuid4().int & 0xFFFF:x}"
    )
    body = {"code": code, "email": "eli@example.com", "name": "Eli", "booking_reference": "B-1"}
    start.wait()
    answer = client.post("/api/v1/public/referrals", json.dumps(body), content_type="application/json")
    answers.append(answer.status_code)
    connections.close_all()


def test_twelve_calls_with_different_keys_earn_once(travel: tuple[Any, str]) -> None:
    tenant, code = travel
    answers: list[int] = []
    start = threading.Barrier(12)
    threads = [threading.Thread(target=report, args=(code, answers, start)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.drain(subscriptions.SUBSCRIPTIONS)
    assert sorted(answers) == [201, *[409] * 11]
    with tenancy.use(tenant.id):
        assert (Referral.objects.count(), Conversion.objects.count(), Reward.objects.count()) == (1, 1, 1)
        assert Journal.objects.filter(kind="accrue").count() == 1
        assert ledger.check() == []
