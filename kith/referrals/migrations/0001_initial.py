from pathlib import Path

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import kith.kit.fields
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence, RunSQLFile, Searchable

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("participants", "0001_initial"),
        ("pipelines", "0001_initial"),
        ("programs", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("utm_source", models.TextField(blank=True, default="")),
                ("utm_medium", models.TextField(blank=True, default="")),
                ("utm_campaign", models.TextField(blank=True, default="")),
                ("utm_term", models.TextField(blank=True, default="")),
                ("utm_content", models.TextField(blank=True, default="")),
                ("slug", models.CharField(max_length=40, unique=True)),
                ("destination_url", models.URLField(blank=True, default="", max_length=500)),
                ("active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                (
                    "campaign",
                    kith.kit.tenancy.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.campaign",
                    ),
                ),
                (
                    "participant",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.participant",
                    ),
                ),
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
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[RunSQLFile(SQL / "clicks.sql")],
            state_operations=[
                migrations.CreateModel(
                    name="Click",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("occurred_at", models.DateTimeField()),
                        ("visitor", models.BinaryField(null=True)),
                        ("channel", models.TextField(default="")),
                        ("is_bot", models.BooleanField(default=False)),
                        ("counted", models.BooleanField(default=True)),
                        (
                            "is_new_visitor",
                            models.BooleanField(
                                default=False, help_text="first counted click of this visitor today"
                            ),
                        ),
                        ("txid", kith.kit.fields.TransactionIdField()),
                        (
                            "campaign",
                            kith.kit.tenancy.TenantForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="programs.campaign",
                            ),
                        ),
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
                            "referrer",
                            kith.kit.tenancy.TenantForeignKey(
                                db_constraint=False,
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
                        (
                            "link",
                            kith.kit.tenancy.TenantForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="referrals.link",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "objects",
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("utm_source", models.TextField(blank=True, default="")),
                ("utm_medium", models.TextField(blank=True, default="")),
                ("utm_campaign", models.TextField(blank=True, default="")),
                ("utm_term", models.TextField(blank=True, default="")),
                ("utm_content", models.TextField(blank=True, default="")),
                ("referred_name", models.TextField(blank=True, default="")),
                ("referred_email", models.TextField(blank=True, default="")),
                ("referred_key", models.BinaryField()),
                ("referred_phone_enc", models.BinaryField(null=True)),
                ("referred_country", models.CharField(blank=True, default="", max_length=2)),
                ("visa_type", models.TextField(blank=True, default="")),
                ("booking_reference", models.TextField(blank=True, default="")),
                ("code", models.CharField(default="", max_length=40)),
                ("click_id", models.UUIDField(blank=True, null=True)),
                (
                    "method",
                    models.TextField(
                        choices=[
                            ("manual", "Manual"),
                            ("code", "Code"),
                            ("click", "Click"),
                            ("import", "Import"),
                        ]
                    ),
                ),
                ("source", models.TextField(default="")),
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
                ("converted_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Lower(
                            django.db.models.functions.text.Concat(
                                "referred_name",
                                models.Value(" "),
                                "referred_email",
                                models.Value(" "),
                                "booking_reference",
                                models.Value(" "),
                                "code",
                                output_field=models.TextField(),
                            )
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "campaign",
                    kith.kit.tenancy.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.campaign",
                    ),
                ),
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
                    "referred_participant",
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
                    "referrer",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.participant",
                    ),
                ),
                (
                    "stage",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipelines.stage",
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
            name="Note",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "visibility",
                    models.TextField(
                        choices=[("internal", "Internal"), ("public", "Public")], default="internal"
                    ),
                ),
                ("body_enc", models.BinaryField()),
                ("author", models.TextField()),
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
                (
                    "referral",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Conversion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event", models.TextField()),
                ("external_id", models.TextField()),
                ("gross_minor", models.BigIntegerField()),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                (
                    "is_estimated",
                    models.BooleanField(
                        default=False, help_text="no amount was reported: the tenant's average"
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("confirmed", "Confirmed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="recorded",
                    ),
                ),
                ("source", models.TextField(default="")),
                ("occurred_at", models.DateTimeField()),
                (
                    "effective_on",
                    models.DateField(
                        help_text="e.g. the travel date; holds count from it when later", null=True
                    ),
                ),
                ("received_at", models.DateTimeField()),
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
                (
                    "referral",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="DailySalt",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("salt", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField(choices=[("refund", "Refund"), ("cancel", "Cancel")])),
                ("external_id", models.TextField()),
                ("amount_minor", models.BigIntegerField()),
                ("reason", models.TextField(blank=True, default="")),
                ("actor", models.TextField()),
                ("occurred_at", models.DateTimeField()),
                (
                    "conversion",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.conversion",
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
                "indexes": [models.Index(fields=["tenant", "conversion"], name="adjustment_of_conversion")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "external_id"), name="adjustment_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="adjustment_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["refund", "cancel"])), name="adjustment_kind"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(fields=["tenant", "participant"], name="link_of_participant"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="referral_newest"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                fields=["tenant", "category", "-created_at", "-id"], name="referral_by_category"
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["tenant", "referrer", "-created_at"], name="referral_of_referrer"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=django.contrib.postgres.indexes.GinIndex(
                models.F("tenant"),
                django.contrib.postgres.indexes.OpClass("search", name="gin_trgm_ops"),
                name="referral_search",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.UniqueConstraint(
                condition=models.Q(("category__in", ("rejected", "expired", "cancelled")), _negated=True),
                fields=("tenant", "program", "referred_key"),
                name="referral_one_live_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
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
                name="referral_category",
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["tenant", "referral", "created_at"], name="note_of_referral"),
        ),
        migrations.AddIndex(
            model_name="conversion",
            index=models.Index(fields=["tenant", "referral"], name="conversion_of_referral"),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.UniqueConstraint(
                fields=("tenant", "event", "external_id"), name="conversion_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded_minor__gte", 0), ("refunded_minor__lte", models.F("gross_minor"))
                ),
                name="conversion_refund_within_gross",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["recorded", "confirmed", "cancelled"])),
                name="conversion_status",
            ),
        ),
        Fence(
            "referrals_link",
            references={
                "participant_id": "participants_participant",
                "program_id": "programs_program",
                "campaign_id": "programs_campaign",
            },
        ),
        Fence(
            "referrals_click",
            references={
                "program_id": "programs_program",
                "campaign_id": "programs_campaign",
                "link_id": "referrals_link",
                "referrer_id": "participants_participant",
            },
            audit=False,
            writes="append",
            unique_id=False,
        ),
        Fence(
            "referrals_referral",
            references={
                "program_id": "programs_program",
                "campaign_id": "programs_campaign",
                "referrer_id": "participants_participant",
                "referred_participant_id": "participants_participant",
                "stage_id": "pipelines_stage",
            },
            pii=(
                "referred_name",
                "referred_email",
                "search",
            ),
            secret=(
                "referred_key",
                "referred_phone_enc",
            ),
        ),
        Fence(
            "referrals_conversion",
            references={"program_id": "programs_program", "referral_id": "referrals_referral"},
        ),
        Fence("referrals_note", references={"referral_id": "referrals_referral"}, secret=("body_enc",)),
        Fence("referrals_adjustment", references={"conversion_id": "referrals_conversion"}, writes="append"),
        RunSQLFile(SQL / "codes.sql"),
        Searchable("referrals_referral"),
    ]
