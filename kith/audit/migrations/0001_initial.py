from pathlib import Path

import django.db.models.functions.datetime
import kith.kit.fields
from django.db import migrations, models

from kith.kit.fences import TENANT, RunSQLFile

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    initial = True

    dependencies = [("kit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant_id', models.IntegerField(null=True)),
                ('actor', models.TextField()),
                ('request_id', models.TextField()),
                ('table_name', models.TextField()),
                ('row_id', models.TextField()),
                ('op', models.CharField(max_length=1)),
                ('diff', models.JSONField()),
                ('txid', kith.kit.fields.TransactionIdField()),
            ],
            options={
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['tenant_id', 'table_name', 'row_id', 'id'], name='audit_of_row'), models.Index(fields=['tenant_id', '-id'], name='audit_recent'), models.Index(fields=['txid', 'id'], name='audit_horizon')],
            },
        ),
        RunSQLFile(SQL / "audit.sql"),
        # Written only by the trigger; rows without a tenant are the platform's own and shown to nobody here.
        migrations.RunSQL(
            f"""
            alter table audit_auditentry enable row level security;
            alter table audit_auditentry force row level security;
            create policy tenant on audit_auditentry using (tenant_id = {TENANT}) with check (true);
            create policy crossing on audit_auditentry to kith_system using (true);
            create trigger append_only before update or delete on audit_auditentry
              for each row execute function refuse_change();
            comment on table audit_auditentry is 'writes:none';
            """,
            migrations.RunSQL.noop,
        ),
    ]
