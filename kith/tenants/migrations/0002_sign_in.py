import django.db.models.deletion
from django.db import migrations, models

import kith.kit.tenancy


class Migration(migrations.Migration):
    """When a person's sessions ended, and which key made a key."""

    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            "user",
            "sessions_ended_at",
            models.DateTimeField(
                editable=False, help_text="sessions that began before are over", null=True
            ),
        ),
        migrations.AddField(
            "apikey",
            "made_with",
            kith.kit.tenancy.TenantForeignKey(
                db_constraint=False,
                help_text="the key that made this one, and ends it when it ends",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.apikey",
            ),
        ),
        # The column is new and empty, so there is nothing to check while the table is locked. It goes with its column.
        migrations.RunSQL(
            "alter table tenants_apikey add constraint tenants_apikey_made_with_id_tenant_fk"
            " foreign key (tenant_id, made_with_id) references tenants_apikey (tenant_id, id)",
            migrations.RunSQL.noop,
        ),
    ]
