"""A pipeline with a stage of every category."""

import datetime
from typing import Any

from django.apps import apps

from kith.kit.ids import uuid7
from kith.pipelines import actions, queries
from kith.pipelines.models import Pipeline

AT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)

STAGES: list[dict[str, Any]] = [
    {"code": "invited", "category": "new", "label": {"en": "Invited", "nl": "Uitgenodigd"}},
    {"code": "registered", "category": "engaged", "label": {"en": "Registered"}},
    {"code": "booked", "category": "qualified", "label": {"en": "Booking made"}, "progress_pct": 40},
    {"code": "paid", "category": "qualified", "label": {"en": "Booking paid"}, "progress_pct": 60},
    {"code": "confirmed", "category": "converted", "label": {"en": "Booking confirmed"}},
    {"code": "travelled", "category": "completed", "label": {"en": "Travelled"}, "progress_pct": 100},
    {"code": "rejected", "category": "rejected", "label": {"en": "Rejected"}},
    {"code": "expired", "category": "expired", "label": {"en": "Expired"}},
    {"code": "cancelled", "category": "cancelled", "label": {"en": "Booking cancelled"}},
]


def make_pipeline(code: str = "friends", **values: Any) -> Pipeline:
    """A referral pipeline with default moves."""
    given = {"name": "Friends", "subject": "referral", "stages": STAGES, "now": AT, **values}
    return actions.create_pipeline(code=code, **given)


def make_row(pipeline: Pipeline, stage_code: str = "invited") -> Any:
    """A row that moves through the pipeline: a referral, looked up by name since it lives in a higher feature."""
    person = apps.get_model("participants", "Participant").objects.create(
        name="Dana", code=uuid7().hex[-12:], created_at=AT, updated_at=AT
    )
    program = apps.get_model("programs", "Program").objects.create(
        code=uuid7().hex[-12:], name="Friends", pipeline=pipeline, currency="EUR", created_at=AT
    )
    stage = queries.get_stage(pipeline.id, stage_code)
    return apps.get_model("referrals", "Referral").objects.create(
        program=program, referrer=person, referred_key=uuid7().bytes, method="code", stage=stage,
        category=stage.category, created_at=AT, updated_at=AT,
    )  # fmt: skip
