import django.db.models.deletion
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pipelines", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Program",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                ("name", models.TextField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("draft", "Draft"),
                            ("live", "Live"),
                            ("paused", "Paused"),
                            ("ended", "Ended"),
                        ],
                        default="draft",
                    ),
                ),
                (
                    "is_default",
                    models.BooleanField(
                        default=False, help_text="the program of a personal code without a link"
                    ),
                ),
                (
                    "destination_url",
                    models.URLField(blank=True, default="", help_text="empty: Kith's own landing page"),
                ),
                (
                    "landing",
                    models.JSONField(
                        default=dict,
                        help_text='texts per language: {"title": {"en": …}, "text": {…}, "steps": {"en": [...]}}',
                    ),
                ),
                ("click_window_days", models.IntegerField(default=90)),
                ("conversion_window_days", models.IntegerField(default=365)),
                ("report_window_days", models.IntegerField(default=30)),
                ("created_at", models.DateTimeField()),
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
            name="Rule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                ("name", models.TextField()),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
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
            },
        ),
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.IntegerField()),
                (
                    "status",
                    models.TextField(
                        choices=[("draft", "Draft"), ("published", "Published"), ("retired", "Retired")],
                        default="draft",
                    ),
                ),
                ("spec", models.JSONField()),
                ("spec_hash", models.BinaryField()),
                ("valid_from", models.DateTimeField(null=True)),
                ("valid_to", models.DateTimeField(null=True)),
                ("published_by", models.TextField(default="")),
                ("published_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "rule",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.rule",
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
            name="Sponsor",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                ("name", models.TextField()),
                ("kind", models.TextField(default="brand")),
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
        migrations.AddField(
            model_name="program",
            name="sponsor",
            field=kith.kit.tenancy.TenantForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="programs.sponsor",
            ),
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                ("name", models.TextField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("draft", "Draft"),
                            ("live", "Live"),
                            ("paused", "Paused"),
                            ("ended", "Ended"),
                        ],
                        default="live",
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("multiplier_bps", models.IntegerField(default=10000)),
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
                    "program",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.program",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "program", "code"), name="campaign_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "live", "paused", "ended"])),
                        name="campaign_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"
                        ),
                        name="campaign_dates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("multiplier_bps__gte", 0)), name="campaign_multiplier"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.UniqueConstraint(fields=("tenant", "program", "code"), name="rule_code_once"),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.UniqueConstraint(
                fields=("tenant", "rule", "version"), name="rule_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "published")),
                fields=("tenant", "rule"),
                name="rule_published_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "published", "retired"])),
                name="rule_version_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="sponsor",
            constraint=models.UniqueConstraint(fields=("tenant", "code"), name="sponsor_code_once"),
        ),
        migrations.AddConstraint(
            model_name="program",
            constraint=models.UniqueConstraint(fields=("tenant", "code"), name="program_code_once"),
        ),
        migrations.AddConstraint(
            model_name="program",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("tenant",), name="program_default_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="program",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "live", "paused", "ended"])),
                name="program_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="program",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("click_window_days__gt", 0),
                    ("conversion_window_days__gt", 0),
                    ("report_window_days__gte", 0),
                ),
                name="program_windows",
            ),
        ),
        Fence("programs_sponsor"),
        Fence(
            "programs_program",
            references={"sponsor_id": "programs_sponsor", "pipeline_id": "pipelines_pipeline"},
        ),
        Fence("programs_campaign", references={"program_id": "programs_program"}),
        Fence("programs_rule", references={"program_id": "programs_program"}),
        Fence("programs_ruleversion", references={"rule_id": "programs_rule"}),
        # A published version is a promise: only its end may still be written.
        migrations.RunSQL(
            """
            create function refuse_changed_promise() returns trigger language plpgsql as $$
            begin
              if old.status = 'draft' and new.rule_id = old.rule_id and new.version = old.version then return new; end if;
              if old.status = 'published' and new.status in ('published', 'retired')
                 and row(new.rule_id, new.version, new.spec, new.spec_hash, new.valid_from, new.published_by, new.published_at)
                   = row(old.rule_id, old.version, old.spec, old.spec_hash, old.valid_from, old.published_by, old.published_at)
              then return new; end if;
              raise exception 'a published rule version never changes' using errcode = 'restrict_violation';
            end $$;
            create trigger immutable before update on programs_ruleversion
              for each row execute function refuse_changed_promise();
            """,
            "drop function refuse_changed_promise() cascade",
        ),
    ]
