"""Foreign keys point downwards, and never out of a tenant; so a feature can be removed, and migrations replayed."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.test.utils import isolate_apps

from kith.kit.models import TenantScoped
from kith.kit.tenancy import NoTenant, TenantForeignKey, TenantOwned
from tests.guards.source import none

Model = type[models.Model]


def ours() -> list[Model]:
    """Every concrete model of Kith."""
    return [model for model in apps.get_models() if model.__module__.startswith("kith.")]


def keys(model: Model) -> list[Any]:
    """Its foreign keys, one-to-ones and many-to-manys."""
    fields = [*model._meta.local_fields, *model._meta.local_many_to_many]
    return [field for field in fields if field.is_relation and isinstance(field.related_model, type)]


def upward(found: Iterable[Model], order: Sequence[str]) -> list[str]:
    """Keys to a model of a feature that stands later in the order."""
    place = {feature: number for number, feature in enumerate(order)}
    return [
        f"{model._meta.label}.{field.name} points up to {field.related_model._meta.label}"
        for model in found
        for field in keys(model)
        if place.get(field.related_model._meta.app_label, -1) > place[model._meta.app_label]
    ]


def escaping(found: Iterable[Model]) -> list[str]:
    """Keys between tenant-owned rows that the database would let point into another tenant."""
    wrong = []
    for model in found:
        owned = issubclass(model, (TenantOwned, TenantScoped))
        for field in keys(model):
            target_owned = issubclass(field.related_model, (TenantOwned, TenantScoped))
            if target_owned and owned and not isinstance(field, TenantForeignKey):
                wrong.append(f"{model._meta.label}.{field.name} must be a TenantForeignKey")
            elif target_owned and not owned:
                wrong.append(f"{model._meta.label}.{field.name} points from no tenant into one")
    return wrong


def unguarded(found: Iterable[Model]) -> list[str]:
    """Tenant-owned models that can be asked without a tenant in force, through either manager."""
    wrong = []
    for model in found:
        if not issubclass(model, (TenantOwned, TenantScoped)):
            continue
        for manager in (model._default_manager, model._base_manager, model.objects):  # type: ignore[attr-defined]
            try:
                manager.all()
            except NoTenant:
                continue
            wrong.append(f"{model._meta.label}.{manager.name} answers without a tenant in force")
    return wrong


def without_tenant_first(found: Iterable[Model]) -> list[str]:
    """Unique keys of tenant-owned tables that do not begin with the tenant and are not said to be wider."""
    wrong = []
    for model in found:
        if not issubclass(model, (TenantOwned, TenantScoped)):
            continue
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.name not in WIDER:
                first = (constraint.fields or [getattr(constraint.expressions[0], "name", "")])[0]
                if first not in {"tenant", "tenant_id"}:
                    wrong.append(f"{model._meta.label}: {constraint.name} does not begin with the tenant")
    return wrong


# Unique on the whole installation, on purpose.
WIDER = {
    "participant_code_once": "a link with a code leads to its organization",
    "kit_failure_once": "a position of the outbox is one event of one tenant",
}


def test_foreign_keys_point_downwards() -> None:
    none(upward(ours(), settings.FEATURES))


def test_no_key_leaves_its_tenant() -> None:
    none(escaping(ours()))


def test_a_query_without_a_tenant_raises() -> None:
    none(unguarded(ours()))


def test_unique_keys_begin_with_the_tenant() -> None:
    none(without_tenant_first(ours()))
    names = {constraint.name for model in ours() for constraint in model._meta.constraints}
    assert not set(WIDER) - names


@isolate_apps("kith.ledger", "kith.rewards")
def test_the_guards_see_offending_models() -> None:
    class Low(TenantOwned):
        class Meta(TenantOwned.Meta):
            app_label = "ledger"
            constraints = [models.UniqueConstraint(fields=["id"], name="planted_once")]

    class High(TenantOwned):
        low = TenantForeignKey(Low, related_name="+")
        objects = models.Manager()

        class Meta(TenantOwned.Meta):
            app_label = "rewards"

    class Slip(TenantOwned):
        high = models.ForeignKey(High, models.PROTECT, related_name="+")
        open = models.Manager()

        class Meta:
            app_label = "ledger"
            base_manager_name = "open"

    class Nobody(models.Model):
        low = models.ForeignKey(Low, models.PROTECT, related_name="+")

        class Meta:
            app_label = "rewards"

    found: list[Model] = [Low, High, Slip, Nobody]
    assert upward(found, ["ledger", "rewards"]) == ["ledger.Slip.high points up to rewards.High"]
    assert escaping(found) == [
        "ledger.Slip.high must be a TenantForeignKey",
        "rewards.Nobody.low points from no tenant into one",
    ]
    said = unguarded(found)
    assert "rewards.High.objects answers without a tenant in force" in said
    assert "ledger.Slip.open answers without a tenant in force" in said
    assert not [sentence for sentence in said if sentence.startswith("ledger.Low")]
    assert without_tenant_first(found) == ["ledger.Low: planted_once does not begin with the tenant"]
