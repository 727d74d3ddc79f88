"""Start-up of the kit: privileges are renewed after each migration."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate


def _grant(using: str, **_: Any) -> None:
    from kith.kit.database import grant_privileges

    app_role = unquote(urlsplit(settings.APP_DATABASE_URL).username or "kith_app")
    grant_privileges(connections[using], app_role)


class KitConfig(AppConfig):
    """The lowest folder."""

    name = "kith.kit"

    def ready(self) -> None:
        """Tables of every feature exist when the signal for this app is sent."""
        post_migrate.connect(_grant, sender=self)
