import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence


class Migration(migrations.Migration):
    """Until when each member has seen what happened."""

    dependencies = [("analytics", "0001_initial"), ("tenants", "0003_saved_views")]

    operations = [
        migrations.CreateModel(
            name="NewsSeen",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("upto", models.DateTimeField()),
                (
                    "member",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.member",
                    ),
                ),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "member"), name="news_seen_once")
                ],
            },
        ),
        Fence("analytics_newsseen", references={"member_id": "tenants_member"}, audit=False),
    ]
