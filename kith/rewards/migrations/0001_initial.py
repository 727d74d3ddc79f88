import django.db.models.deletion
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence, StateMachine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("participants", "0001_initial"),
        ("programs", "0001_initial"),
        ("referrals", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cause_kind", models.TextField()),
                ("cause_id", models.UUIDField()),
                ("ruleset_hash", models.BinaryField()),
                ("facts", models.JSONField()),
                ("trace", models.JSONField()),
                ("decided_at", models.DateTimeField()),
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
            name="Reward",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule_code", models.TextField()),
                ("cause_kind", models.TextField()),
                ("cause_id", models.UUIDField()),
                ("instalment", models.IntegerField(default=1)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("clawed_back_minor", models.BigIntegerField(default=0)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("granted", "Granted"),
                            ("pending_approval", "Pending Approval"),
                            ("approved", "Approved"),
                            ("on_hold", "On Hold"),
                            ("available", "Available"),
                            ("settled", "Settled"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                            ("clawed_back", "Clawed Back"),
                        ],
                        default="granted",
                    ),
                ),
                ("hold_until", models.DateTimeField(null=True)),
                ("hold_reason", models.TextField(default="")),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.TextField(default="")),
                ("available_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_reason", models.TextField(default="")),
                (
                    "reinstated",
                    models.IntegerField(
                        default=0, help_text="how often it waited again after its referral was reopened"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "beneficiary",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.participant",
                    ),
                ),
                (
                    "decision",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rewards.decision",
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
                    "referral",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
                (
                    "rule_version",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.ruleversion",
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
            name="Counter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
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
                ("scope", models.TextField()),
                ("scope_id", models.UUIDField()),
                ("rule_code", models.TextField()),
                ("period", models.TextField()),
                ("n", models.IntegerField(default=0)),
                ("amount_minor", models.BigIntegerField(default=0)),
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
                        fields=("tenant", "program", "scope", "scope_id", "rule_code", "period"),
                        name="counter_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0), ("n__gte", 0)),
                        name="counter_not_negative",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                fields=("tenant", "cause_kind", "cause_id", "ruleset_hash"), name="decision_once_per_ruleset"
            ),
        ),
        migrations.AddIndex(
            model_name="reward",
            index=models.Index(fields=["tenant", "beneficiary", "-created_at"], name="reward_of_beneficiary"),
        ),
        migrations.AddIndex(
            model_name="reward",
            index=models.Index(fields=["tenant", "status", "-created_at", "-id"], name="reward_by_status"),
        ),
        migrations.AddIndex(
            model_name="reward",
            index=models.Index(fields=["tenant", "referral"], name="reward_of_referral"),
        ),
        migrations.AddIndex(
            model_name="reward",
            index=models.Index(
                condition=models.Q(("status", "approved")), fields=["hold_until"], name="reward_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.UniqueConstraint(
                fields=("tenant", "cause_kind", "cause_id", "rule_code", "beneficiary", "instalment"),
                name="reward_once_per_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="reward_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("clawed_back_minor__gte", 0), ("clawed_back_minor__lte", models.F("amount_minor"))
                ),
                name="reward_clawback_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "granted",
                            "pending_approval",
                            "approved",
                            "on_hold",
                            "available",
                            "settled",
                            "rejected",
                            "cancelled",
                            "clawed_back",
                        ],
                    )
                ),
                name="reward_status",
            ),
        ),
        Fence(
            "rewards_decision", references={"program_id": "programs_program"}, audit=False, writes="append"
        ),
        Fence(
            "rewards_reward",
            references={
                "decision_id": "rewards_decision",
                "program_id": "programs_program",
                "referral_id": "referrals_referral",
                "rule_version_id": "programs_ruleversion",
                "beneficiary_id": "participants_participant",
            },
        ),
        Fence("rewards_counter", references={"program_id": "programs_program"}, audit=False),
        StateMachine(
            "rewards_reward",
            "reward",
            {
                "granted": ["pending_approval", "approved", "cancelled"],
                "pending_approval": ["approved", "rejected", "cancelled", "on_hold"],
                "approved": ["available", "on_hold", "cancelled"],
                "on_hold": ["pending_approval", "approved", "cancelled", "rejected"],
                "available": ["settled", "clawed_back"],
                "settled": ["available", "clawed_back"],
                "rejected": ["pending_approval"],
                "cancelled": ["pending_approval"],
            },
        ),
    ]
