"""Is this installation well: database, migrations, disk, scheduler, worker, outbox."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

from kith.kit import clock, outbox
from kith.kit.embedded import Cluster
from kith.kit.models import Heartbeat
from kith.kit.starting import no_room

STALE_SECONDS = 90
LATE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Health:
    """Ages in seconds; None when never seen. `ready` means requests can be served."""

    database: bool
    disk_full: bool
    migrations_pending: int
    scheduler_age: float | None
    worker_age: float | None
    outbox_age: float | None

    @property
    def ready(self) -> bool:
        """Pages and calls work, whatever the background does."""
        return self.database and not self.disk_full and self.migrations_pending == 0

    @property
    def well(self) -> bool:
        """Ready, and the background keeps up."""
        ages = (self.scheduler_age, self.worker_age)
        return (
            self.ready
            and all(age is not None and age < STALE_SECONDS for age in ages)
            and (self.outbox_age or 0) < LATE_SECONDS
        )


def examine() -> Health:
    """Look now; never raises when the database is away."""
    try:
        return Health(
            database=True,
            disk_full=disk_full(),
            migrations_pending=_pending(),
            scheduler_age=scheduler_age(),
            worker_age=worker_age(),
            outbox_age=outbox.lag_seconds(),
        )
    except Error:
        return Health(
            database=False,
            disk_full=disk_full(),
            migrations_pending=0,
            scheduler_age=None,
            worker_age=None,
            outbox_age=None,
        )


def disk_full() -> bool:
    """Whether files, or the embedded server's data, have no room left."""
    return any(no_room(folder) for folder in _folders())


@cache
def _folders() -> tuple[Path, ...]:
    """Where this installation writes on this machine; the embedded server's home may be elsewhere."""
    homes = {settings.DATA_DIR, Cluster(settings.DATA_DIR).home}
    return tuple(home for home in homes if home.is_dir())


def _pending() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations")
        return len(_known() - set(cursor.fetchall()))


@cache
def _known() -> frozenset[tuple[str, str]]:
    """The migrations of this version, read from disk once per process."""
    from django.db.migrations.loader import MigrationLoader

    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {})


def scheduler_age() -> float | None:
    """Seconds since a scheduler said that it is alive; None when none ever did."""
    last = Heartbeat.objects.filter(process="scheduler").values_list("at", flat=True).first()
    return (clock.now() - last).total_seconds() if last else None


def worker_age() -> float | None:
    """The same of a worker, whose heartbeat the job queue keeps itself."""
    with connection.cursor() as cursor:
        cursor.execute("select extract(epoch from now() - max(last_heartbeat)) from procrastinate_workers")
        (age,) = cursor.fetchone()
    return None if age is None else float(age)
