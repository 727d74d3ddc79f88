"""The sealed chain: blocks are added, never changed; of all tenants, since the chain is one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Block",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("source", models.TextField()),
                ("sealed_at", models.DateTimeField()),
                ("upto_txid", models.BigIntegerField()),
                ("upto_id", models.BigIntegerField()),
                ("floor_id", models.BigIntegerField()),
                ("highest_id", models.BigIntegerField()),
                ("next_txid", models.BigIntegerField()),
                ("leaves", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["source", "-number"], name="audit_block_source")],
            },
        ),
        migrations.RunSQL(
            """
            comment on table audit_block is 'writes:append';
            -- Digests do not compress; trying would cost more than everything else.
            alter table audit_block alter column leaves set storage external;
            create trigger append_only before update or delete on audit_block
              for each row execute function refuse_change();
            create trigger whole before truncate on audit_block
              for each statement execute function refuse_change();
            """,
            migrations.RunSQL.noop,
        ),
    ]
