from django.db import migrations

POINTING = (
    ("payouts_withdrawal", "participant_id"),
    ("payouts_payoutaccount", "participant_id"),
)
_GUARD = (
    "create trigger refuse_merged before insert or update of {column} on {table}"
    " for each row execute function refuse_merged_participant('{column}')"
)


class Migration(migrations.Migration):
    """Nothing new is given to a participant who was merged into another."""

    dependencies = [
        ("payouts", "0001_initial"),
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
