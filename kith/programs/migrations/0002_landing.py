import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence


class Migration(migrations.Migration):
    """Versions and pictures of landing pages, and messages to share."""

    dependencies = [
        ("programs", "0001_initial"),
        ("tenants", "0002_sign_in"),
    ]

    operations = [
        # A constant default, so no row is rewritten.
        migrations.AddField(
            model_name="program",
            name="share_texts",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text='messages to share: {"whatsapp": {"en": …}, "email_subject": {…}, …}',
            ),
        ),
        migrations.CreateModel(
            name="LandingPicture",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("file", models.TextField()),
                ("content_type", models.TextField()),
                ("width", models.IntegerField()),
                ("height", models.IntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "program",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.program",
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
                "indexes": [models.Index(fields=["tenant", "program"], name="picture_of_program")],
            },
        ),
        migrations.CreateModel(
            name="LandingVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "status",
                    models.TextField(
                        choices=[("draft", "Draft"), ("published", "Published"), ("retired", "Retired")],
                        default="draft",
                    ),
                ),
                ("content", models.JSONField(default=dict, help_text="as `Program.landing`")),
                ("changed_by", models.TextField()),
                ("changed_at", models.DateTimeField()),
                ("published_by", models.TextField(default="")),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "program",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.program",
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
                        fields=("tenant", "program", "number"), name="landing_version_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "draft")),
                        fields=("tenant", "program"),
                        name="landing_draft_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "published")),
                        fields=("tenant", "program"),
                        name="landing_published_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "published", "retired"])),
                        name="landing_version_status",
                    ),
                ],
            },
        ),
        Fence("programs_landingpicture", references={"program_id": "programs_program"}),
        Fence("programs_landingversion", references={"program_id": "programs_program"}),
    ]
