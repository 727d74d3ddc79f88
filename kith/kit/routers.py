"""Which connection does what: the owner migrates, the application does everything else."""

from typing import Any


class OwnerMigrates:
    """Migrations run on `owner` only; `counters` is the application's second connection."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Reads follow the default."""
        return None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Writes follow the default."""
        return None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """True on the owner's connection."""
        return db == "owner"
