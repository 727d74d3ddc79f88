import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence


class Migration(migrations.Migration):
    """Lists as members arranged them."""

    dependencies = [("tenants", "0002_sign_in")]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("page", models.TextField(help_text="name of the page's route, e.g. participants:list")),
                ("name", models.TextField(blank=True, default="")),
                ("query", models.TextField(blank=True, default="")),
                ("shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
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
                    models.UniqueConstraint(
                        fields=("tenant", "page", "member", "name"), name="saved_view_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), ("shared", True), _negated=True),
                        name="saved_view_shared_by_name",
                    ),
                ],
            },
        ),
        Fence("tenants_savedview", references={"member_id": "tenants_member"}),
    ]
