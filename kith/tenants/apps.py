"""Start-up of this feature."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Organizations and the people who work for them."""

    name = "kith.tenants"

    def ready(self) -> None:
        """Listen to sign-ins."""
        from kith.tenants import adapter

        adapter.connect()
