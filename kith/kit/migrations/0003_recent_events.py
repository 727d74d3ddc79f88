from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What happened lately in one organization, without reading everybody's events."""

    atomic = False
    dependencies = [("kit", "0002_drafts")]

    operations = [
        AddIndexConcurrently(
            "outboxevent", models.Index(fields=["tenant_id", "-occurred_at"], name="kit_event_recent")
        ),
    ]
