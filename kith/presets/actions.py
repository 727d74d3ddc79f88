"""Setting up an organization from a preset: only calls of the features' own actions."""

import datetime
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.core import signing
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import emails, errors, jobs, limits, tenancy
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.pipelines import actions as pipelines
from kith.pipelines.models import Pipeline, Stage
from kith.presets import queries, rules
from kith.programs import actions as programs
from kith.programs import queries as schemes
from kith.programs.models import Program
from kith.tenants import actions as tenants
from kith.tenants.models import Role, Tenant, User
from kith.tenants.queries import get_seat, member_actor, seat_actor
from kith.tenants.rules import SETTINGS

_START = "kith.presets.start"


class StartGone(errors.NotFound):
    """Not a link of ours, or older than a week."""

    code, message = "start_gone", _("This link is not valid any more. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class Owner:
    """The first member: who may do everything in the new organization."""

    username: str
    email: str
    name: str
    password: str


@transaction.atomic
def load_preset(
    *,
    code: str,
    slug: str,
    name: str,
    owner: Owner | User,
    actor: Actor,
    now: datetime.datetime,
    reward: rules.Reward | None = None,
    **values: Any,
) -> Tenant:
    """A new organization with words, settings, pipelines, programs, rules and one owner; all of it or nothing.

    `values` replace what the preset says of the tenant: currency, locale, timezone, brand, country, and is_demo;
    `reward` what it promises. The owner is a new person or one who can sign in already. Raises PresetUnknown,
    PresetInvalid naming the key, BadSlug, SlugTaken, Invalid naming the owner's field.
    """
    preset = queries.get_preset(code)
    if reward is not None:
        preset = rules.promising(preset, reward)
    tenant = tenants.create_tenant(
        slug=slug, name=name, preset=code, labels=preset.labels, now=now, **{**preset.tenant, **values}
    )
    with tenancy.use(tenant.id, actor=actor):
        user = owner if isinstance(owner, User) else _create_user(owner, now)
        member = tenants.add_member(user=user, role=Role.OWNER, now=now)
        # Whoever could sign in already sets it up; the history names them.
        by = member_actor(member) if isinstance(owner, User) else replace(actor, tenant_id=tenant.id)
    with tenancy.use(tenant.id, actor=by):
        furnish(preset, code=code, currency=tenant.currency, locale=tenant.locale, actor=by, now=now)
    return tenant


def _create_user(owner: Owner, now: datetime.datetime) -> User:
    return tenants.create_user(
        username=owner.username, email=owner.email, name=owner.name, password=owner.password, now=now
    )


def furnish(
    preset: rules.Preset, *, code: str, currency: str, locale: str, actor: Actor, now: datetime.datetime
) -> None:
    """Give the organization in force what a preset says, names in its language. Raises PresetInvalid naming the key."""
    with _at(code, "settings"):
        for key, value in preset.settings.items():
            written = rules.in_currency(value, currency) if SETTINGS[key].type == "money" else value
            tenants.set_setting(key=key, value=written, actor=actor, now=now)
    made: dict[str, Pipeline] = {}
    for index, planned in enumerate(preset.pipelines):
        with _at(code, f"pipelines[{index}]"):
            made[planned.code] = pipelines.create_pipeline(
                code=planned.code, name=planned.name[locale], subject=planned.subject, stages=planned.stages,
                moves="default" if planned.moves is None else planned.moves, now=now,
            )  # fmt: skip
    for index, scheme in enumerate(preset.programs):
        path = f"programs[{index}]"
        with _at(code, path):
            program = programs.create_program(
                code=scheme.code, name=scheme.name[locale], pipeline=made[scheme.pipeline], currency=currency,
                is_default=scheme.is_default, actor=actor, now=now, **scheme.values,
            )  # fmt: skip
        with _at(code, f"{path}.share"):
            _share(program, scheme, actor=actor, now=now)
        with _at(code, f"{path}.budget"):
            _fill_budget(program, scheme, actor=actor, now=now)
        for number, rule in enumerate(scheme.rules):
            with _at(code, f"{path}.rules[{number}]"):
                _promise(program, rule, rule.name[locale], actor=actor, now=now)


def _share(program: Program, scheme: rules.Program, *, actor: Actor, now: datetime.datetime) -> None:
    """The messages of each language; the channel at fault is the key."""
    for language in sorted({code for texts in scheme.share.values() for code in texts}):
        texts = {channel: by_language[language] for channel, by_language in scheme.share.items()}
        programs.set_share_texts(program=program, language=language, texts=texts, actor=actor, now=now)


def _fill_budget(program: Program, scheme: rules.Program, *, actor: Actor, now: datetime.datetime) -> None:
    if scheme.hard_cap:
        cap = Money.parse(
            rules.in_currency(scheme.hard_cap, program.currency), program.currency, field="hard_cap"
        )
        programs.open_budget(program=program, hard_cap=cap, actor=actor, now=now)
    if scheme.fund:
        amount = Money.parse(rules.in_currency(scheme.fund, program.currency), program.currency, field="fund")
        programs.fund_budget(program=program, amount=amount, key="preset", actor=actor, now=now)


def _promise(program: Program, rule: rules.Rule, name: str, *, actor: Actor, now: datetime.datetime) -> None:
    made = programs.create_rule(program=program, code=rule.code, name=name, actor=actor, now=now)
    spec: Any = schemes.default_spec(program, event=rule.event) if rule.event else _spec(program, rule)
    draft = programs.draft_version(rule=made, spec=spec, actor=actor, now=now)
    programs.publish_version(version=draft, actor=actor, now=now)


def _spec(program: Program, rule: rules.Rule) -> dict[str, Any]:
    return {
        **rule.spec,
        "fixed_minor": Money.parse(
            rules.in_currency(rule.amount, program.currency), program.currency
        ).amount_minor,
    }


@contextmanager
def _at(code: str, path: str) -> Iterator[None]:
    """Say where in the preset's file a refused value stands."""
    try:
        yield
    except errors.Invalid as refusal:
        fields = {f"{path}.{field}": remedy for field, remedy in refusal.fields.items()}
        where, remedy = next(iter(fields.items()), (path, refusal.text))
        raise queries.PresetInvalid(preset=code, path=where, remedy=str(remedy), fields=fields) from refusal


# ---- setting up on one's own


@transaction.atomic
def start_organization(
    *, user: User, code: str, slug: str, name: str, logo: bytes, reward: rules.Reward, actor: Actor,
    now: datetime.datetime, invitation: str = "", **values: Any,
) -> Tenant:  # fmt: skip
    """An organization of the user's own, as they described it page by page; an `invitation` is good for one.

    Raises as `load_preset`, TooMany, and StartGone.
    """
    limits.enforce(f"start|{user.pk}", rules.STARTS_A_DAY, 24 * 60 * 60)
    tenant = load_preset(
        code=code, slug=slug, name=name, owner=user, reward=reward, actor=actor, now=now, **values
    )
    seat = get_seat(user, slug)
    if logo and seat is not None:
        by = seat_actor(seat, user)
        with tenancy.use(tenant.id, actor=by):
            tenants.set_logo(tenant=tenant, picture=io.BytesIO(logo), actor=by, now=now)
    # Last, so that what was refused above can be mended and sent again.
    if invitation and not limits.hit(_used(invitation), 1, rules.START_LIFETIME).allowed:
        raise StartGone
    return tenant


def ask_to_start(*, email: str, language: str, address: str) -> None:
    """Mail the link with which an organization can be set up; nobody learns whether the address is known.

    Raises Invalid naming the address, and TooMany when it was asked for too often.
    """
    typed = emails.address(email)
    if typed is None:
        raise errors.Invalid(fields={"email": _("Enter an e-mail address.")})
    limits.enforce(f"start-letters|{address}", rules.LETTERS_OF_ADDRESS, rules.LETTERS_WINDOW_S)
    limits.enforce(f"start-letter|{typed}", rules.LETTERS_A_DAY, 24 * 60 * 60)
    jobs.enqueue("presets.send_start", email=typed, language=language)


def start_token(email: str) -> str:
    """The secret of that link: signed, good for a week and one organization, and worth nothing but the address."""
    return signing.dumps(email, salt=_START)


def started_by(token: str) -> str:
    """The address the link was sent to. Raises StartGone, also when an organization was set up by it."""
    try:
        email = str(signing.loads(token, salt=_START, max_age=rules.START_LIFETIME))
    except signing.BadSignature:
        raise StartGone from None
    if not limits.peek(_used(token), 1, rules.START_LIFETIME).allowed:
        raise StartGone
    return email


def _used(token: str) -> str:
    return f"start-link|{token}"


def join(*, token: str, username: str, name: str, password: str, now: datetime.datetime) -> User:
    """A new person for the address of the link. Raises StartGone, or Invalid naming the field."""
    return tenants.create_user(
        username=username, email=started_by(token), name=name, password=password, now=now
    )


@transaction.atomic
def reset_words(*, tenant: Tenant, actor: Actor, now: datetime.datetime) -> None:
    """Say again what the organization's preset says, for people, things and stages. Raises PresetUnknown."""
    preset = queries.get_preset(tenant.preset)
    tenants.update_tenant(tenant=tenant, changes={"labels": dict(preset.labels)}, actor=actor)
    for planned in preset.pipelines:
        said = {stage["code"]: stage["label"] for stage in planned.stages}
        for stage in queries.stages_of(planned.code):
            if stage.code in said:
                pipelines.rename_stage(stage=stage, label=said[stage.code], actor=actor, now=now)


@transaction.atomic
def set_words(
    *, tenant: Tenant, labels: Mapping[str, Mapping[str, str]], stages: Sequence[tuple[Stage, Mapping[str, str]]],
    actor: Actor, now: datetime.datetime,
) -> None:  # fmt: skip
    """Say these words for people, things and stages; a term without a word is the product's own again.

    Raises Invalid naming the language of a stage.
    """
    tenants.update_tenant(tenant=tenant, changes={"labels": dict(labels)}, actor=actor)
    for stage, label in stages:
        pipelines.rename_stage(stage=stage, label=label, actor=actor, now=now)


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
