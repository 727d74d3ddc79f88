"""Participants for tests: of the tenant in force, each with a name and address of its own."""

import datetime
import itertools
from typing import Any

from django.test import Client

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.participants import actions
from kith.participants.models import Participant
from kith.tenants.access import portal_cookie

AT = datetime.datetime(2026, 6, 1, 9, tzinfo=datetime.UTC)
_numbers = itertools.count(1)


def make_participant(**values: Any) -> Participant:
    """A participant; anything not given is made up."""
    number = next(_numbers)
    values = {
        "name": f"Person {number}", "email": f"person{number}@example.com", "source": "test", "actor": SYSTEM,
        "now": AT, **values,
    }  # fmt: skip
    return actions.create_participant(**values)


def portal_client(
    participant: Participant, *, person: Any = None, actor: Actor | None = None, **how: Any
) -> Client:
    """A browser that is signed in to the participant's portal; that of a member of staff who looks in, for one."""
    tenant = participant.tenant
    with tenancy.use(tenant.id):
        opened = actions.start_portal_session(
            participant=participant, person=person, actor=actor or SYSTEM, now=clock.now()
        )
    client = Client(**how)
    client.cookies[portal_cookie(tenant.slug)] = opened.token
    return client
