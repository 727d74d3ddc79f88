from django.db import migrations, models


class Migration(migrations.Migration):
    """Since when a referral waits for its referrer's answer."""

    dependencies = [("referrals", "0002_landing")]

    operations = [
        migrations.AddField(
            model_name="referral",
            name="asked_at",
            field=models.DateTimeField(
                blank=True, help_text="since when the referrer's answer to a question is awaited", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("asked_at__isnull", False)),
                fields=["tenant", "-created_at", "-id"],
                name="referral_asked",
            ),
        ),
    ]
