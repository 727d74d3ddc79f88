from django.db import migrations

POINTING = (("rewards_reward", "beneficiary_id"),)
_GUARD = (
    "create trigger refuse_merged before insert or update of {column} on {table}"
    " for each row execute function refuse_merged_participant('{column}')"
)


class Migration(migrations.Migration):
    """Nothing new is given to a participant who was merged into another."""

    dependencies = [
        ("rewards", "0002_undo"),
        ("participants", "0004_merging"),
    ]

    operations = [
        *(
            migrations.RunSQL(
                _GUARD.format(table=table, column=column), f"drop trigger refuse_merged on {table}"
            )
            for table, column in POINTING
        ),
    ]
