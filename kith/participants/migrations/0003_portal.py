import django.db.models.deletion
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence


class Migration(migrations.Migration):
    """The portal: who signs in for a company, codes by e-mail, sessions, and what people agreed to."""

    dependencies = [
        ("participants", "0002_extra"),
        ("tenants", "0002_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="CompanyPerson",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.TextField()),
                ("email", models.TextField()),
                ("email_index", models.BinaryField()),
                (
                    "role",
                    models.TextField(choices=[("admin", "Admin"), ("member", "Member")], default="member"),
                ),
                ("added_by", models.TextField()),
                ("removed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "company",
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField()),
                ("version", models.TextField(help_text="which wording was shown, e.g. 2026-11")),
                ("given", models.BooleanField(help_text="false: withdrawn")),
                ("source", models.TextField(help_text="where it was said: portal, landing, import, console")),
                ("actor", models.TextField()),
                ("at", models.DateTimeField()),
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
            name="PortalSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("read_only", models.BooleanField(default=False)),
                ("token_hash", models.BinaryField(unique=True)),
                ("device", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_reason", models.TextField(default="")),
                (
                    "member",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.member",
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
                    "person",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.companyperson",
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
            name="SignInCode",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code_hash", models.BinaryField()),
                ("token_hash", models.BinaryField(unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
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
                    "person",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.companyperson",
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
        migrations.AddIndex(
            model_name="companyperson",
            index=models.Index(fields=["tenant", "company"], name="person_of_company"),
        ),
        migrations.AddConstraint(
            model_name="companyperson",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("tenant", "email_index"),
                name="company_person_email_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="companyperson",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["admin", "member"])), name="company_person_role"
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["tenant", "participant", "kind", "-at"], name="consent_of"),
        ),
        migrations.AddIndex(
            model_name="portalsession",
            index=models.Index(fields=["tenant", "participant"], name="portal_session_of"),
        ),
        migrations.AddConstraint(
            model_name="portalsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("member", None), ("read_only", True), _connector="OR"),
                name="portal_staff_only_read",
            ),
        ),
        migrations.AddIndex(
            model_name="signincode",
            index=models.Index(fields=["tenant", "participant", "-created_at"], name="code_of_participant"),
        ),
        Fence(
            "participants_companyperson",
            references={"company_id": "participants_participant"},
            pii=("name", "email"),
            secret=("email_index",),
        ),
        Fence(
            "participants_signincode",
            references={
                "participant_id": "participants_participant",
                "person_id": "participants_companyperson",
            },
            secret=("code_hash", "token_hash"),
            audit=False,
        ),
        Fence(
            "participants_portalsession",
            references={
                "participant_id": "participants_participant",
                "person_id": "participants_companyperson",
                "member_id": "tenants_member",
            },
            secret=("token_hash",),
        ),
        Fence(
            "participants_consent",
            references={"participant_id": "participants_participant"},
            writes="append",
        ),
    ]
