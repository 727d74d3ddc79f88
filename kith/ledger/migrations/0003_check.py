"""The check names more kinds of faults."""

from pathlib import Path

from django.db import migrations

from kith.kit.fences import RunSQLFile

SQL = Path(__file__).parent.parent / "sql"
BEFORE = (SQL / "004_check.sql").read_text().replace("create function", "create or replace function")


class Migration(migrations.Migration):

    dependencies = [("ledger", "0002_sealing")]

    operations = [RunSQLFile(SQL / "006_check.sql", backwards=BEFORE)]
