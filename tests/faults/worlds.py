"""Two organizations for trying to cross from one into the other.

Rival owns one row of every tenant-owned table, made from the models alone, so a new model takes part
without being named here. All of Rival's rows have the same id, whatever the table: one id then fits every
path, and every text they hold contains MARK, which must never reach Acme.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction

from kith.kit import clock, crypto, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.models import SubjectKey, TenantScoped
from kith.kit.money import Money
from kith.kit.tenancy import TenantOwned
from kith.ledger import actions as ledger
from kith.ledger import rules as ledger_rules
from kith.tenants import actions, queries
from kith.tenants.models import Role, User

NOW = datetime.datetime(2026, 6, 15, 10, 0, tzinfo=datetime.UTC)
THE_ID = UUID("01977777-7777-7777-8777-777777777777")
MARK = "zqrival"
CODE = "ZQRV2345"

# Values the database insists on.
NAMED: dict[str, Any] = {
    "currency": "EUR",
    "country": "NL",
    "referred_country": "NL",
    "language": "nl",
    "locale": "nl",
    "timezone": "Europe/Amsterdam",
    "code": CODE,
    "slug": CODE.lower(),
    "email": f"{MARK}@example.com",
    "key": "rewards.hold_days",
    "event": "booking",
    "external_id": "ZQRV-1",
    "booking_reference": "ZQRV-2",
}
OVERRIDES: dict[str, dict[str, Any]] = {
    "participants.PortalSession": {"read_only": True},
    "tenants.SettingValue": {"value": 14},
    "programs.RuleVersion": {"spec": {"trigger": "conversion:booking", "fixed_minor": 2500}},
}


@dataclass
class World:
    """Acme with one member of each role, and Rival with its rows."""

    acme: Any
    rival: Any
    members: dict[str, Actor]
    users: dict[str, User]
    charlie: Actor


def owned() -> list[type[models.Model]]:
    """Every tenant-owned model, those pointed at first."""
    return [model for model in apps.get_models() if issubclass(model, (TenantOwned, TenantScoped))]


def build() -> World:
    """Make both organizations in the current transaction."""
    acme, rival = (
        actions.create_tenant(
            slug=slug, name=name, currency="EUR", locale="en", timezone="Europe/Amsterdam", now=NOW
        )
        for slug, name in (("acme-fault", "Acme"), (f"{MARK}-fault", f"{MARK} and sons"))
    )
    users = {role: _user(f"acme-{role}") for role in Role.values}
    members = {role: _seat(acme, users[role], role) for role in Role.values}
    world = World(acme, rival, members, users, _seat(rival, _user(f"{MARK}-charlie"), "owner"))
    with tenancy.use(rival.id):
        stranger = _user(f"{MARK}-stranger")
        for model in owned():
            if model is SubjectKey:  # a real one, or nothing of THE_ID could be encrypted
                crypto.encrypt(MARK, subject_id=THE_ID, context="world")
            elif model._meta.managed and model.Fence.writes != "none":  # type: ignore[attr-defined]
                row = model(**_values(model, rival, stranger))
                row.save(force_insert=True)
        _money()
    return world


def _money() -> None:
    """Rival's ledger, whose tables nobody writes directly: a funded budget and a participant with a reward."""
    purse = ledger.open_participant(owner_id=THE_ID, currency="EUR")
    funding = ledger.open_account(kind="funding", currency="EUR")
    budget = ledger.open_account(kind="budget", owner_id=THE_ID, currency="EUR")
    for key, legs in (
        ("fund", ledger_rules.legs_fund(funding, budget, Money(90_000, "EUR"))),
        ("accrue", ledger_rules.legs_accrue(budget, purse.pending, Money(2_500, "EUR"))),
    ):
        ledger.post(key=f"{MARK} {key}", kind=key, legs=legs, event_at=NOW, actor=SYSTEM)


def _user(name: str) -> User:
    return actions.create_user(
        username=name, email=f"{name}@example.com", name=name, password="correct horse battery", now=NOW
    )


def _seat(tenant: Any, user: User, role: str) -> Actor:
    with tenancy.use(tenant.id):
        return queries.member_actor(actions.add_member(user=user, role=role, now=NOW))


def _values(model: type[models.Model], tenant: Any, user: User) -> dict[str, Any]:
    values = {"tenant_id": tenant.id}
    for each in model._meta.local_fields:
        generated = isinstance(each, (models.GeneratedField, models.AutoField)) or each.has_db_default()
        if each.name in {"tenant", "tenant_id"} or generated:
            continue
        values[each.attname] = _value(each, user)
    return {**values, **OVERRIDES.get(model._meta.label, {})}


def _value(each: Any, user: User) -> Any:
    if isinstance(each, models.ForeignKey):
        if each.related_model is User:
            return user.pk
        return None if each.related_model is each.model else THE_ID
    if each.primary_key or isinstance(each, models.UUIDField):
        return THE_ID
    if each.choices:
        return each.get_default() if each.has_default() and each.get_default() else each.choices[0][0]
    if isinstance(each, (models.CharField, models.TextField)) and not isinstance(each, models.URLField):
        return NAMED.get(each.name, f"{MARK} {each.name}")[: each.max_length]
    if each.null or each.has_default():
        return each.get_default()
    return _plain(each)


def _plain(each: Any) -> Any:
    if isinstance(each, models.DateTimeField):
        return clock.now() + datetime.timedelta(days=7) if each.name.startswith("expires") else NOW
    if isinstance(each, models.DateField):
        return NOW.date()
    if isinstance(each, models.BinaryField) and each.name.endswith("_enc"):
        place = f"{each.model._meta.db_table}.{each.name}:{THE_ID}"
        return crypto.encrypt(f"{MARK} {each.name}", subject_id=THE_ID, context=place)
    if isinstance(each, models.BinaryField):
        return f"{MARK} {each.name}".encode()
    if isinstance(each, models.BooleanField):
        return False
    if isinstance(each, ArrayField):
        return []
    return {} if isinstance(each, models.JSONField) else 1


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever happens inside is undone, so that one attempt leaves nothing for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows_of(tenant: Any) -> dict[str, tuple]:
    """Table -> number of the tenant's rows and a digest of their content and of who wrote them last."""
    parts = [
        f"select '{table}', count(*), md5(coalesce(string_agg(r::text || r.xmin::text, '|' order by r::text), ''))"
        f" from {table} r where r.tenant_id = {int(tenant.id)}"
        for table in (model._meta.db_table for model in owned())
    ]
    with tenancy.across_tenants("compares one tenant before and after"), connection.cursor() as cursor:
        cursor.execute(" union all ".join(parts))
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}
