import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Country, languages offered, logo, and what was looked at while setting up."""

    dependencies = [("tenants", "0003_saved_views")]

    operations = [
        migrations.AddField(
            "tenant",
            "country",
            models.CharField(blank=True, default="", help_text="ISO 3166 alpha-2", max_length=2),
        ),
        migrations.AddField(
            "tenant",
            "languages",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10),
                blank=True,
                default=list,
                help_text="what participants may choose from; empty means all there are",
            ),
        ),
        migrations.AddField(
            "tenant",
            "logo",
            models.TextField(
                blank=True, default="", help_text="stored name of the picture; empty shows a symbol"
            ),
        ),
        migrations.AddField(
            "tenant",
            "looked_at",
            models.JSONField(
                default=dict,
                help_text='what its staff have looked at while setting up: {"landing": "2026-…"}',
            ),
        ),
    ]
