from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Reading the trail by person and by period. Times grow with the rows, so a few bytes per megabyte find them."""

    atomic = False
    dependencies = [("audit", "0002_block")]

    operations = [
        AddIndexConcurrently(
            "auditentry", models.Index(fields=["tenant_id", "actor", "id"], name="audit_of_actor")
        ),
        AddIndexConcurrently("auditentry", BrinIndex(fields=["at"], name="audit_at", autosummarize=True)),
    ]
