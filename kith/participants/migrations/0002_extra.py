from django.db import migrations, models

_AUDIT = """
drop trigger audit on participants_participant;
create trigger audit after insert or update or delete on participants_participant for each row execute function
audit_row('{pii}', 'phone_enc,phone_index,email_index,visa_number_enc,visa_number_index');
"""


class Migration(migrations.Migration):
    """A column for what imported files say beside our fields; a constant default, so no row is rewritten."""

    dependencies = [
        ("participants", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="extra",
            field=models.JSONField(
                blank=True, db_default=models.Value({}, models.JSONField()), default=dict
            ),
        ),
        migrations.RunSQL(
            _AUDIT.format(pii="name,email,picture_url,search,extra"),
            _AUDIT.format(pii="name,email,picture_url,search"),
        ),
    ]
