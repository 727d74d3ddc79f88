import django.db.models.deletion
import kith.kit.ids
import kith.kit.tenancy
from django.db import migrations, models

from kith.kit.fences import Fence, StateMachine


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("participants", "0001_initial"),
        ("rewards", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("holder", models.TextField()),
                ("iban_enc", models.BinaryField()),
                ("iban_last4", models.CharField(max_length=4)),
                ("bic", models.CharField(blank=True, default="", max_length=11)),
                ("country", models.CharField(max_length=2)),
                ("fingerprint", models.BinaryField()),
                ("archived_at", models.DateTimeField(null=True)),
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
            name="PayoutBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("format", models.TextField(choices=[("sepa", "Sepa"), ("csv", "Csv")])),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("sent", "Sent"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                    ),
                ),
                ("total_minor", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("execution_on", models.DateField()),
                ("made_by", models.TextField()),
                ("made_by_label", models.TextField(default="")),
                ("approved_by", models.TextField(default="")),
                ("approved_by_label", models.TextField(default="")),
                ("needs_second_person", models.BooleanField(default=False)),
                ("approved_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("file_name", models.TextField(default="")),
                ("file_sha256", models.TextField(default="")),
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
            name="Withdrawal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("processing", "Processing"),
                            ("paid", "Paid"),
                            ("returned", "Returned"),
                            ("failed", "Failed"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="requested",
                    ),
                ),
                ("reference", models.CharField(max_length=35)),
                ("failure_code", models.TextField(default="")),
                ("failure_note", models.TextField(default="")),
                ("requested_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "batch",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payoutbatch",
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
                    "payout_account",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.payoutaccount",
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
            name="WithdrawalLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "reward",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rewards.reward",
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
                    "withdrawal",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payouts.withdrawal",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="payoutaccount",
            index=models.Index(fields=["tenant", "fingerprint"], name="payout_account_shared"),
        ),
        migrations.AddConstraint(
            model_name="payoutaccount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at", None)),
                fields=("tenant", "participant"),
                name="payout_account_one_live",
            ),
        ),
        migrations.AddIndex(
            model_name="payoutbatch",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="batch_newest"),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.UniqueConstraint(fields=("tenant", "number"), name="batch_number_once"),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "approved", "sent", "done", "cancelled"])),
                name="batch_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("format__in", ["sepa", "csv"])), name="batch_format"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gt", 0), ("total_minor__gt", 0)), name="batch_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "cancelled"]),
                    models.Q(("approved_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="batch_approved_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("needs_second_person", False),
                    ("approved_by", ""),
                    models.Q(("approved_by", models.F("made_by")), _negated=True),
                    _connector="OR",
                ),
                name="batch_checker_is_not_maker",
            ),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(
                fields=["tenant", "participant", "-requested_at"], name="withdrawal_of_participant"
            ),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(fields=["tenant", "batch"], name="withdrawal_of_batch"),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.UniqueConstraint(
                fields=("tenant", "reference"), name="withdrawal_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="withdrawal_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "requested",
                            "approved",
                            "processing",
                            "paid",
                            "returned",
                            "failed",
                            "rejected",
                            "cancelled",
                        ],
                    )
                ),
                name="withdrawal_status",
            ),
        ),
        migrations.AddIndex(
            model_name="withdrawalline",
            index=models.Index(fields=["tenant", "withdrawal"], name="line_of_withdrawal"),
        ),
        migrations.AddConstraint(
            model_name="withdrawalline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None)),
                fields=("tenant", "reward"),
                name="reward_in_one_live_withdrawal",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawalline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gte", 0)), name="line_amount_not_negative"
            ),
        ),
        Fence(
            "payouts_payoutaccount",
            references={"participant_id": "participants_participant"},
            pii=("holder",),
            secret=(
                "iban_enc",
                "fingerprint",
            ),
        ),
        Fence("payouts_payoutbatch"),
        Fence(
            "payouts_withdrawal",
            references={
                "participant_id": "participants_participant",
                "payout_account_id": "payouts_payoutaccount",
                "batch_id": "payouts_payoutbatch",
            },
        ),
        Fence(
            "payouts_withdrawalline",
            references={"withdrawal_id": "payouts_withdrawal", "reward_id": "rewards_reward"},
        ),
        StateMachine(
            "payouts_withdrawal",
            "withdrawal",
            {
                "requested": ["approved", "rejected", "cancelled"],
                "approved": ["processing", "cancelled"],
                "processing": ["paid", "failed"],
                "paid": ["returned"],
            },
        ),
        StateMachine(
            "payouts_payoutbatch",
            "payout_batch",
            {"draft": ["approved", "cancelled"], "approved": ["sent", "cancelled"], "sent": ["done"]},
        ),
    ]
