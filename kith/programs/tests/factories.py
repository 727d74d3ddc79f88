"""A live program with a published rule."""

from typing import Any

from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.pipelines.models import Pipeline
from kith.pipelines.tests.factories import AT, make_pipeline
from kith.programs import actions
from kith.programs.models import Program, RuleVersion

SPEC: dict[str, Any] = {"trigger": "conversion:booking", "fixed_minor": 2500, "hold_days": 14}


def make_program(code: str = "", **values: Any) -> Program:
    """A live program in euros on the first pipeline there is."""
    given = {
        "code": code or uuid7().hex[-12:], "name": "Friends travel", "currency": "EUR", "actor": SYSTEM, "now": AT,
        **values,
    }  # fmt: skip
    given.setdefault("pipeline", Pipeline.objects.first() or make_pipeline())
    return actions.create_program(**given)


def publish_rule(program: Program, code: str = "friends", now=AT, **spec: Any) -> RuleVersion:
    """A rule that is in force."""
    rule = actions.create_rule(program=program, code=code, name=code.title(), actor=SYSTEM, now=now)
    draft = actions.draft_version(rule=rule, spec={**SPEC, **spec}, actor=SYSTEM, now=now)
    return actions.publish_version(version=draft, actor=SYSTEM, now=now)
