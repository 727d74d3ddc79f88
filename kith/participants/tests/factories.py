"""Participants for tests: of the tenant in force, each with a name and address of its own."""

import datetime
import itertools
from typing import Any

from kith.kit.actors import SYSTEM
from kith.participants import actions
from kith.participants.models import Participant

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
