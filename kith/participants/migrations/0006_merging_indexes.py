from django.db import migrations

_BY_NAME = "participant_by_name on participants_participant (tenant_id, name, id)"
_TOMBSTONES = "participant_tombstones on participants_participant (tenant_id, merged_into_id) where status = 'merged'"


class Migration(migrations.Migration):
    """The indexes of 0004, built while people work; where an earlier 0004 built them already, nothing happens."""

    atomic = False
    dependencies = [
        ("participants", "0005_distinction"),
    ]

    operations = [
        migrations.RunSQL(
            [f"create index concurrently if not exists {index}" for index in (_BY_NAME, _TOMBSTONES)],
            [f"drop index concurrently if exists {index.partition(' ')[0]}" for index in (_TOMBSTONES, _BY_NAME)],
        ),
    ]
