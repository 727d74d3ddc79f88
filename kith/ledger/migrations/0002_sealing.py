"""The order in which journals become visible, for the sealer."""

from django.db import migrations


class Migration(migrations.Migration):

    # Postings go on while the index is built.
    atomic = False
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [
                # What an interrupted attempt left behind would look like an index and be none.
                "drop index concurrently if exists ledger_journal_horizon",
                "create index concurrently ledger_journal_horizon on ledger_journal (txid, id)",
            ],
            ["drop index concurrently if exists ledger_journal_horizon"],
        ),
    ]
