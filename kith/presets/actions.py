"""Setting up an organization from a preset: only calls of the features' own actions."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from kith.kit import errors, tenancy
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.pipelines import actions as pipelines
from kith.pipelines.models import Pipeline
from kith.presets import queries, rules
from kith.programs import actions as programs
from kith.programs import queries as schemes
from kith.programs.models import Program
from kith.tenants import actions as tenants
from kith.tenants.models import Role, Tenant


@dataclass(frozen=True, slots=True)
class Owner:
    """The first member: who may do everything in the new organization."""

    username: str
    email: str
    name: str
    password: str


@transaction.atomic
def load_preset(
    *, code: str, slug: str, name: str, owner: Owner, actor: Actor, now: datetime.datetime, **values: Any
) -> Tenant:
    """A new organization with words, settings, pipelines, programs, rules and one owner; all of it or nothing.

    `values` replace what the preset says of the tenant: currency, locale, timezone, brand, and is_demo.
    Raises PresetUnknown, PresetInvalid naming the key, BadSlug, SlugTaken, Invalid naming the owner's field.
    """
    preset = queries.get_preset(code)
    tenant = tenants.create_tenant(
        slug=slug, name=name, preset=code, labels=preset.labels, now=now, **{**preset.tenant, **values}
    )
    with tenancy.use(tenant.id, actor=actor):
        _create_owner(owner, now)
        furnish(
            preset, code=code, currency=tenant.currency, actor=replace(actor, tenant_id=tenant.id), now=now
        )
    return tenant


def _create_owner(owner: Owner, now: datetime.datetime) -> None:
    user = tenants.create_user(
        username=owner.username, email=owner.email, name=owner.name, password=owner.password, now=now
    )
    tenants.add_member(user=user, role=Role.OWNER, now=now)


def furnish(preset: rules.Preset, *, code: str, currency: str, actor: Actor, now: datetime.datetime) -> None:
    """Give the organization in force what a preset says. Raises PresetInvalid naming the key."""
    with _at(code, "settings"):
        for key, value in preset.settings.items():
            tenants.set_setting(key=key, value=value, actor=actor, now=now)
    made: dict[str, Pipeline] = {}
    for index, planned in enumerate(preset.pipelines):
        with _at(code, f"pipelines[{index}]"):
            made[planned.code] = pipelines.create_pipeline(
                code=planned.code, name=planned.name, subject=planned.subject, stages=planned.stages,
                moves="default" if planned.moves is None else planned.moves, now=now,
            )  # fmt: skip
    for index, scheme in enumerate(preset.programs):
        path = f"programs[{index}]"
        with _at(code, path):
            program = programs.create_program(
                code=scheme.code, name=scheme.name, pipeline=made[scheme.pipeline], currency=currency,
                is_default=scheme.is_default, actor=actor, now=now, **scheme.values,
            )  # fmt: skip
        with _at(code, f"{path}.budget"):
            _fill_budget(program, scheme, actor=actor, now=now)
        for number, rule in enumerate(scheme.rules):
            with _at(code, f"{path}.rules[{number}]"):
                _promise(program, rule, actor=actor, now=now)


def _fill_budget(program: Program, scheme: rules.Program, *, actor: Actor, now: datetime.datetime) -> None:
    if scheme.hard_cap:
        cap = Money.parse(scheme.hard_cap, program.currency, field="hard_cap")
        programs.open_budget(program=program, hard_cap=cap, actor=actor, now=now)
    if scheme.fund:
        amount = Money.parse(scheme.fund, program.currency, field="fund")
        programs.fund_budget(program=program, amount=amount, key="preset", actor=actor, now=now)


def _promise(program: Program, rule: rules.Rule, *, actor: Actor, now: datetime.datetime) -> None:
    made = programs.create_rule(program=program, code=rule.code, name=rule.name, actor=actor, now=now)
    spec: Any = schemes.default_spec(program, event=rule.event) if rule.event else _spec(program, rule)
    draft = programs.draft_version(rule=made, spec=spec, actor=actor, now=now)
    programs.publish_version(version=draft, actor=actor, now=now)


def _spec(program: Program, rule: rules.Rule) -> dict[str, Any]:
    return {**rule.spec, "fixed_minor": Money.parse(rule.amount, program.currency).amount_minor}


@contextmanager
def _at(code: str, path: str) -> Iterator[None]:
    """Say where in the preset's file a refused value stands."""
    try:
        yield
    except errors.Invalid as refusal:
        fields = {f"{path}.{field}": remedy for field, remedy in refusal.fields.items()}
        where, remedy = next(iter(fields.items()), (path, refusal.text))
        raise queries.PresetInvalid(preset=code, path=where, remedy=str(remedy), fields=fields) from refusal


# ---- the demonstration's past


_CLICK_COLUMNS = {
    "id": "uuid", "occurred_at": "timestamptz", "referrer_id": "uuid", "channel": "text", "is_bot": "boolean",
    "counted": "boolean", "is_new_visitor": "boolean", "visitor": "bytea",
}  # fmt: skip


def write_past_clicks(*, program: Program, rows: Sequence[Sequence[Any]]) -> None:
    """Store clicks that a demonstration says have happened, in one statement, for the tenant in force.

    A row is (id, occurred_at, referrer_id, channel, is_bot, counted, is_new_visitor, visitor). A real click
    comes in through `referrals.actions.record_click`, which decides the last four itself.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into referrals_click (tenant_id, program_id, {', '.join(_CLICK_COLUMNS)})"  # noqa: S608
            f" select %s, %s, * from unnest({', '.join(f'%s::{kind}[]' for kind in _CLICK_COLUMNS.values())})",
            [program.tenant_id, program.id, *map(list, zip(*rows, strict=True))],
        )
