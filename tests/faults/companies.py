"""A travel company with two programs, for lives of rewards to happen in."""

import datetime
from typing import Any

from kith.kit import codes, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.money import Money
from kith.presets import actions as presets
from kith.programs import actions as programs
from kith.programs.models import Program
from kith.tenants import actions as members
from kith.tenants import queries as tenants

START = datetime.datetime(2026, 2, 27, 22, 30, tzinfo=datetime.UTC)
PROMISES = [
    ("large", "conversion:booking", 1_000, {"field": "amount_minor", "op": "gte", "value": 50_000}, 2, 14, False),
    ("welcome", "stage.entered:completed", 700, None, 1, 0, True),
]  # fmt: skip


def company() -> tuple[Any, list[Actor]]:
    """A travel organization with a second, capped program of three rules, and two people who may do anything."""
    slug = f"life-{codes.referral_code().lower()}"
    owner = presets.Owner(slug, f"{slug}@example.com", "Olga Owner", codes.random_token(12))
    tenant = presets.load_preset(code="travel", slug=slug, name="Life", owner=owner, actor=SYSTEM, now=START)
    with tenancy.use(tenant.id):
        user = members.create_user(
            username=f"{slug}-2",
            email=f"2-{slug}@example.com",
            name="Cas",
            password=owner.password,
            now=START,
        )
        members.add_member(user=user, role="owner", now=START)
        actors = [tenants.member_actor(row) for row in tenants.members()]
        for key, value in (("name", "Life"), ("iban", "NL20INGB0001234567")):
            members.set_setting(key=f"payouts.debtor_{key}", value=value, actor=SYSTEM, now=START)
        _capped_program()
    return tenant, actors


def _capped_program() -> None:
    usual = Program.objects.get(code="friends-travel")
    more = {"actor": SYSTEM, "now": START}
    program = programs.create_program(
        code="capped", name="Capped", pipeline=usual.pipeline, currency="EUR", status="live", **more
    )
    programs.open_budget(program=program, hard_cap=Money(9_000, "EUR"), **more)
    usual_spec = {"trigger": "conversion:booking", "fixed_minor": 2_500}
    _promise(program, "booking-reward", {**usual_spec, "cap_per_participant": 3, "hold_days": 14}, more)
    for code, trigger, minor, condition, cap, days, auto in PROMISES:
        spec = {
            "trigger": trigger, "fixed_minor": minor, "conditions": condition, "cap_per_participant": cap,
            "hold_days": days, "auto_approve": auto,
        }  # fmt: skip
        _promise(program, code, spec, more)


def _promise(program: Program, code: str, spec: dict[str, Any], more: dict[str, Any]) -> None:
    made = programs.create_rule(program=program, code=code, name=code.title(), **more)
    programs.publish_version(version=programs.draft_version(rule=made, spec=spec, **more), **more)
