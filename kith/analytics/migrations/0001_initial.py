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
            name="DayRollUp",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("program_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("clicks", models.IntegerField(default=0)),
                ("bot_clicks", models.IntegerField(default=0)),
                ("visitors", models.IntegerField(default=0)),
                ("referrals", models.IntegerField(default=0)),
                ("conversions", models.IntegerField(default=0)),
                ("completed", models.IntegerField(default=0)),
                ("rejected", models.IntegerField(default=0)),
                ("revenue_minor", models.BigIntegerField(default=0)),
                (
                    "estimated_minor",
                    models.BigIntegerField(
                        default=0, help_text="the part of revenue that is an average, not reported"
                    ),
                ),
                ("refund_minor", models.BigIntegerField(default=0)),
                ("rewards", models.IntegerField(default=0)),
                ("reward_minor", models.BigIntegerField(default=0)),
                ("reversed_minor", models.BigIntegerField(default=0)),
                ("paid_minor", models.BigIntegerField(default=0)),
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
                        fields=("tenant", "day", "program_id", "currency"), name="roll_day_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ParticipantMonthRollUp",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("participant_id", models.UUIDField()),
                ("month", models.DateField()),
                ("category", models.TextField()),
                ("n", models.IntegerField(default=0)),
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
                        fields=("tenant", "participant_id", "month", "category"), name="roll_person_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ParticipantRollUp",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("participant_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("clicks", models.IntegerField(default=0)),
                ("referrals", models.IntegerField(default=0)),
                ("completed", models.IntegerField(default=0)),
                ("earned_minor", models.BigIntegerField(default=0)),
                ("paid_minor", models.BigIntegerField(default=0)),
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
                    models.Index(fields=["tenant", "-completed", "-referrals"], name="roll_person_top")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "participant_id", "currency"), name="roll_person_once"
                    )
                ],
            },
        ),
        Fence("analytics_dayrollup", audit=False),
        Fence("analytics_participantmonthrollup", audit=False),
        Fence("analytics_participantrollup", audit=False),
    ]
