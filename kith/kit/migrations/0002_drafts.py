from django.db import migrations, models

STATES = ["draft", "queued", "running", "succeeded", "failed"]


def _hold(states: list[str]) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(("state__in", states)), name="kit_job_state")


class Migration(migrations.Migration):
    """A job may be prepared before it is queued. The table holds a row per import or export: it is checked at once."""

    dependencies = [("kit", "0001_initial")]

    operations = [
        migrations.AlterField(
            "job",
            "state",
            models.TextField(choices=[(state, state.title()) for state in STATES], default="queued"),
        ),
        migrations.RemoveConstraint("job", "kit_job_state"),
        migrations.AddConstraint("job", _hold(STATES)),
        # The way back finds no drafts.
        migrations.RunSQL(migrations.RunSQL.noop, "delete from kit_job where state = 'draft'"),
    ]
