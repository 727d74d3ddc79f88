from django.db import migrations, models


class Migration(migrations.Migration):
    """When a member's second factor was taken off: the trail shows by whom."""

    dependencies = [("tenants", "0004_looks")]

    operations = [
        migrations.AddField(
            "member",
            "factor_reset_at",
            models.DateTimeField(
                editable=False, help_text="when an administrator last took the second factor off", null=True
            ),
        ),
    ]
