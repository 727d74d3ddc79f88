from django.db import migrations


class Migration(migrations.Migration):
    """An approval that is undone in time: the reward waits again."""

    dependencies = [("rewards", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "insert into kit_state_edge values ('reward', 'approved', 'pending_approval')",
            "delete from kit_state_edge where machine = 'reward' and from_state = 'approved'"
            " and to_state = 'pending_approval'",
        )
    ]
