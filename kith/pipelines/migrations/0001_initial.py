import django.db.models.deletion
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pipeline",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=40)),
                ("name", models.TextField()),
                ("subject", models.TextField(choices=[("referral", "Referral"), ("journey", "Journey")])),
                ("created_at", models.DateTimeField()),
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
            },
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=40)),
                (
                    "category",
                    models.TextField(
                        choices=[
                            ("new", "New"),
                            ("engaged", "Engaged"),
                            ("qualified", "Qualified"),
                            ("converted", "Converted"),
                            ("completed", "Completed"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ]
                    ),
                ),
                ("position", models.IntegerField()),
                ("label", models.JSONField()),
                ("progress_pct", models.IntegerField(default=0)),
                (
                    "pipeline",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipelines.pipeline",
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
            },
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("needs_reason", models.BooleanField(default=False)),
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
                (
                    "pipeline",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipelines.pipeline",
                    ),
                ),
                (
                    "from_stage",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipelines.stage",
                    ),
                ),
                (
                    "to_stage",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipelines.stage",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="StatusEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("machine", models.TextField()),
                ("subject_id", models.UUIDField()),
                ("from_state", models.TextField(default="")),
                ("to_state", models.TextField()),
                ("from_category", models.TextField(default="")),
                ("to_category", models.TextField(default="")),
                ("actor", models.TextField()),
                ("reason", models.TextField(default="")),
                ("request_id", models.TextField(default="")),
                ("at", models.DateTimeField()),
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
            },
        ),
        migrations.AddConstraint(
            model_name="pipeline",
            constraint=models.UniqueConstraint(fields=("tenant", "code"), name="pipeline_code_once"),
        ),
        migrations.AddConstraint(
            model_name="pipeline",
            constraint=models.CheckConstraint(
                condition=models.Q(("subject__in", ["referral", "journey"])), name="pipeline_subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.UniqueConstraint(fields=("tenant", "pipeline", "code"), name="stage_code_once"),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.UniqueConstraint(
                fields=("tenant", "pipeline", "position"), name="stage_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "category__in",
                        [
                            "new",
                            "engaged",
                            "qualified",
                            "converted",
                            "completed",
                            "rejected",
                            "expired",
                            "cancelled",
                        ],
                    )
                ),
                name="stage_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.UniqueConstraint(fields=("tenant", "from_stage", "to_stage"), name="move_once"),
        ),
        migrations.AddIndex(
            model_name="statusentry",
            index=models.Index(fields=["tenant", "machine", "subject_id", "at", "id"], name="status_history"),
        ),
        Fence("pipelines_pipeline"),
        Fence("pipelines_stage", references={"pipeline_id": "pipelines_pipeline"}),
        Fence(
            "pipelines_move",
            references={
                "pipeline_id": "pipelines_pipeline",
                "from_stage_id": "pipelines_stage",
                "to_stage_id": "pipelines_stage",
            },
        ),
        Fence("pipelines_statusentry", audit=False, writes="append"),
    ]
