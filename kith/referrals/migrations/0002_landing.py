import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence


class Migration(migrations.Migration):
    """The words that referred people agreed to."""

    dependencies = [
        ("referrals", "0001_initial"),
        ("tenants", "0002_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("text", models.TextField()),
                ("language", models.CharField(max_length=10)),
                (
                    "version",
                    models.IntegerField(
                        help_text="number of the landing page's version; 0: Kith's own words"
                    ),
                ),
                ("agreed_at", models.DateTimeField()),
                (
                    "referral",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
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
                "indexes": [models.Index(fields=["tenant", "referral"], name="agreement_of_referral")],
            },
        ),
        Fence(
            "referrals_agreement", references={"referral_id": "referrals_referral"}, writes="append"
        ),
    ]
