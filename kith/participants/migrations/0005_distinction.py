import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence


def _participant() -> kith.kit.tenancy.TenantForeignKey:
    return kith.kit.tenancy.TenantForeignKey(
        db_constraint=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="participants.participant",
    )


class Migration(migrations.Migration):
    """Two who look like one person and are not."""

    dependencies = [
        ("participants", "0004_merging"),
        ("tenants", "0006_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Distinction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("said_by", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("one", _participant()),
                ("other", _participant()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=kith.kit.tenancy.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "other"], name="distinction_of_other")],
                "constraints": [
                    models.UniqueConstraint(fields=["tenant", "one", "other"], name="distinction_once"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lte", models.F("other"))), name="distinction_in_order"
                    ),
                ],
            },
        ),
        Fence(
            "participants_distinction",
            references={
                "one_id": "participants_participant",
                "other_id": "participants_participant",
            },
        ),
    ]
