from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether single letters do something for a person."""

    dependencies = [("tenants", "0005_second_factor")]

    operations = [
        # The database's own default: the former release goes on writing people without knowing of it.
        migrations.AddField(
            "user",
            "keys_on",
            models.BooleanField(
                db_default=True, default=True, help_text="single letters do something in the console"
            ),
        ),
    ]
