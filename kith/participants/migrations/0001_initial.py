import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence, Searchable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.TextField(
                        choices=[("person", "Person"), ("company", "Company")], default="person"
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("erased", "Erased")],
                        default="active",
                    ),
                ),
                ("external_id", models.TextField(blank=True, default="")),
                ("name", models.TextField()),
                ("email", models.TextField(blank=True, default="")),
                ("email_index", models.BinaryField(null=True)),
                ("email_verified_at", models.DateTimeField(blank=True, null=True)),
                ("phone_enc", models.BinaryField(null=True)),
                ("phone_index", models.BinaryField(null=True)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("language", models.CharField(blank=True, default="", max_length=10)),
                ("timezone", models.TextField(blank=True, default="")),
                ("picture_url", models.URLField(blank=True, default="", max_length=500)),
                ("visa_number_enc", models.BinaryField(null=True)),
                ("visa_number_index", models.BinaryField(null=True)),
                ("visa_stage", models.TextField(blank=True, default="")),
                ("visa_type", models.TextField(blank=True, default="")),
                ("application_on", models.DateField(blank=True, null=True)),
                ("code", models.CharField(max_length=24)),
                ("source", models.TextField(default="")),
                ("last_login_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Lower(
                            django.db.models.functions.text.Concat(
                                "name",
                                models.Value(" "),
                                "email",
                                models.Value(" "),
                                "external_id",
                                models.Value(" "),
                                "code",
                                output_field=models.TextField(),
                            )
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "referred_by",
                    kith.kit.tenancy.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.participant",
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
                "indexes": [
                    models.Index(
                        fields=["tenant", "-created_at", "-id"],
                        include=("status", "kind"),
                        name="participant_newest",
                    ),
                    models.Index(fields=["tenant", "phone_index"], name="participant_phone"),
                    django.contrib.postgres.indexes.GinIndex(
                        models.F("tenant"),
                        django.contrib.postgres.indexes.OpClass("search", name="gin_trgm_ops"),
                        name="participant_search",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "erased"), _negated=True),
                        fields=("tenant", "email_index"),
                        name="participant_email_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("tenant", "external_id"),
                        name="participant_external_id_once",
                    ),
                    models.UniqueConstraint(fields=("code",), name="participant_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "suspended", "erased"])),
                        name="participant_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["person", "company"])), name="participant_kind"
                    ),
                ],
            },
        ),
        Fence(
            "participants_participant",
            references={"referred_by_id": "participants_participant"},
            pii=(
                "name",
                "email",
                "picture_url",
                "search",
            ),
            secret=(
                "phone_enc",
                "phone_index",
                "email_index",
                "visa_number_enc",
                "visa_number_index",
            ),
        ),
        Searchable("participants_participant"),
    ]
