"""Accounts, journals and transfers, and the functions that are their only doors."""

from pathlib import Path

from django.db import migrations, models

from kith.kit.fences import Fence, RunSQLFile

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("audit", "0001_initial"), ("tenants", "0001_initial")]
    operations = [
        *(
            RunSQLFile(SQL / name)
            for name in (
                "001_tables.sql",
                "002_guards.sql",
                "003_functions.sql",
                "004_check.sql",
                "005_currencies.sql",
            )
        ),
        Fence("ledger_account", audit=False, writes="none", unique_id=False),
        Fence("ledger_journal", audit=False, writes="none", unique_id=False),
        Fence("ledger_transfer", audit=False, writes="none", unique_id=False),
        # Balances are their own trail; the brake and the cap are not.
        migrations.RunSQL(
            "create trigger audit_brake after update of frozen, floor on ledger_account"
            " for each row execute function audit_row('', '')",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                ("currency", models.TextField()),
                ("currency_id", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("owner_id", models.UUIDField(null=True)),
                ("balance", models.BigIntegerField()),
                ("floor", models.BigIntegerField(null=True)),
                ("ceiling", models.BigIntegerField(null=True)),
                ("seq", models.BigIntegerField()),
                ("is_system", models.BooleanField()),
                ("frozen", models.BooleanField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ledger_account",
                "abstract": False,
                "managed": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                ("idempotency_key", models.TextField()),
                ("request_hash", models.BinaryField()),
                ("kind", models.TextField()),
                ("ref_type", models.TextField(null=True)),
                ("ref_id", models.UUIDField(null=True)),
                ("event_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("request_id", models.TextField()),
                ("meta", models.JSONField()),
            ],
            options={
                "db_table": "ledger_journal",
                "abstract": False,
                "managed": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("debit_seq", models.BigIntegerField()),
                ("debit_balance", models.BigIntegerField()),
                ("credit_seq", models.BigIntegerField()),
                ("credit_balance", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_transfer",
                "abstract": False,
                "managed": False,
                "base_manager_name": "objects",
            },
        ),
    ]
