import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import kith.kit.ids
import kith.kit.tenancy
from django.conf import settings
from django.db import migrations, models

from kith.kit.fences import Fence


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlatformSetting",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("value", models.JSONField()),
                ("set_by", models.TextField()),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("username", models.CharField(max_length=60, unique=True)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.TextField(blank=True, default="")),
                ("locale", models.CharField(blank=True, default="", max_length=10)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "is_operator",
                    models.BooleanField(
                        default=False, help_text="runs the installation; not a role in any tenant"
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("username"), name="user_username_any_case"
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"), name="user_email_any_case"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.TextField()),
                (
                    "status",
                    models.TextField(
                        choices=[("active", "Active"), ("suspended", "Suspended")], default="active"
                    ),
                ),
                (
                    "preset",
                    models.TextField(
                        default="", help_text="which preset it was set up from; no code may branch on it"
                    ),
                ),
                ("currency", models.CharField(default="EUR", max_length=3)),
                ("locale", models.CharField(default="en", max_length=10)),
                ("timezone", models.TextField(default="UTC")),
                ("brand", models.CharField(default="#1d4ed8", max_length=7)),
                (
                    "labels",
                    models.JSONField(
                        default=dict,
                        help_text='own words: {"participant": {"en": "Customer", "nl": "Klant"}}',
                    ),
                ),
                ("website", models.URLField(blank=True, default="")),
                ("is_demo", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "suspended"])), name="tenant_status"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("brand__regex", "^#[0-9a-f]{6}$")), name="tenant_brand"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.TextField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Administrator"),
                            ("manager", "Manager"),
                            ("agent", "Agent"),
                            ("viewer", "Viewer"),
                            ("auditor", "Auditor"),
                        ]
                    ),
                ),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.TextField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Administrator"),
                            ("manager", "Manager"),
                            ("agent", "Agent"),
                            ("viewer", "Viewer"),
                            ("auditor", "Auditor"),
                        ]
                    ),
                ),
                ("token_hash", models.BinaryField(unique=True)),
                ("invited_by", models.TextField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
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
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.TextField()),
                ("slot", models.SmallIntegerField()),
                ("prefix", models.CharField(max_length=12, unique=True)),
                ("secret_hash", models.BinaryField()),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("rate_limit", models.IntegerField(default=1000, help_text="requests per 15 minutes")),
                ("expires_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("created_by", models.TextField()),
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
            name="TokenFamily",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_reason", models.TextField(default="")),
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
            },
        ),
        migrations.CreateModel(
            name="RefreshToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("token_hash", models.BinaryField(unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
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
                    "family",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tokenfamily",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="SettingValue",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "scope",
                    models.TextField(
                        choices=[("tenant", "Tenant"), ("program", "Program"), ("user", "User")]
                    ),
                ),
                ("scope_id", models.UUIDField(null=True)),
                ("key", models.TextField()),
                ("version", models.IntegerField()),
                ("value", models.JSONField(null=True)),
                ("secret", models.BinaryField(null=True)),
                ("set_by", models.TextField()),
                ("set_at", models.DateTimeField()),
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
                        fields=("tenant", "scope", "scope_id", "key", "version"),
                        name="setting_version_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["tenant", "program", "user"])), name="setting_scope"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["user"], name="member_of_user"),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("tenant", "user"),
                name="member_once_per_tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "admin", "manager", "agent", "viewer", "auditor"])),
                name="member_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                name="invitation_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "admin", "manager", "agent", "viewer", "auditor"])),
                name="invitation_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("slot__in", [1, 2])), name="api_key_two_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("tenant", "name", "slot"),
                name="api_key_slot_once",
            ),
        ),
        migrations.AddIndex(
            model_name="tokenfamily",
            index=models.Index(fields=["tenant", "member"], name="token_family_of_member"),
        ),
        Fence("tenants_member"),
        Fence("tenants_invitation", pii=("email",), secret=("token_hash",)),
        Fence("tenants_apikey", secret=("secret_hash",)),
        Fence("tenants_tokenfamily", references={"member_id": "tenants_member"}),
        Fence(
            "tenants_refreshtoken",
            references={"family_id": "tenants_tokenfamily"},
            secret=("token_hash",),
            audit=False,
        ),
        Fence("tenants_settingvalue", secret=("secret",)),
        # Not tenant-owned, audited all the same.
        migrations.RunSQL(
            "create trigger audit after insert or update or delete on tenants_tenant"
            " for each row execute function audit_row('', '');"
            "create trigger audit after insert or update or delete on tenants_user"
            " for each row execute function audit_row('username,email,name', 'password')",
            migrations.RunSQL.noop,
        ),
    ]
