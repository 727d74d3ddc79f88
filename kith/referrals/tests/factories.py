"""A program with Dana, who refers, and the friend she refers."""

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

from kith.kit.actors import SYSTEM
from kith.participants import actions as participants
from kith.participants.models import Participant
from kith.pipelines.actions import create_pipeline
from kith.programs.models import Program
from kith.referrals import actions
from kith.referrals.models import Referral

NOW = datetime.datetime(2026, 6, 15, 10, 0, tzinfo=datetime.UTC)
_numbers = itertools.count(1)

STAGES = [
    {"code": code, "category": category, "label": {"en": label}}
    for code, category, label in (
        ("pending", "new", "Pending"), ("contacted", "engaged", "Contacted"), ("qualified", "qualified", "Qualified"),
        ("converted", "converted", "Converted"), ("completed", "completed", "Completed"),
        ("rejected", "rejected", "Rejected"), ("cancelled", "cancelled", "Cancelled"),
    )
]  # fmt: skip


@dataclass
class Scene:
    """What most tests begin with."""

    program: Program
    dana: Participant


def make_program(**values: Any) -> Program:
    """A live default program with the usual pipeline."""
    number = next(_numbers)
    pipeline = create_pipeline(
        code=f"referral-{number}", name="Referrals", subject="referral", stages=STAGES, now=NOW
    )
    given = {
        "code": f"main-{number}",
        "name": "Main",
        "currency": "EUR",
        "status": "live",
        "is_default": True,
    }
    return Program.objects.create(pipeline=pipeline, created_at=NOW, **{**given, **values})


def make_participant(name: str = "Dana Referrer", **values: Any) -> Participant:
    """Somebody with an address of their own."""
    email = values.pop("email", f"{name.split()[0].lower()}{next(_numbers)}@example.com")
    return participants.create_participant(name=name, email=email, actor=SYSTEM, now=NOW, **values)


def make_scene(**values: Any) -> Scene:
    """A program and Dana in the tenant in force."""
    return Scene(make_program(**values), make_participant())


def refer(scene: Scene, **values: Any) -> Referral:
    """Dana refers somebody new with a booking of their own."""
    number = next(_numbers)
    given = {
        "code": scene.dana.code, "email": f"friend{number}@example.com", "name": f"Friend {number}",
        "booking_reference": f"BK{number:06}", "source": "api", "actor": SYSTEM, "now": NOW,
    }  # fmt: skip
    return actions.create_referral(**{**given, **values})
