from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence, RunSQLFile

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Keys for an organization's own web pages."""

    dependencies = [
        ("referrals", "0004_merged"),
        ("tenants", "0002_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.TextField()),
                ("key", models.CharField(max_length=40, unique=True)),
                (
                    "origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="scheme, host and port, as browsers send them",
                        size=None,
                    ),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
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
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        Fence("referrals_sitekey"),
        RunSQLFile(SQL / "sites.sql", backwards="drop function locate_site(text)"),
    ]
