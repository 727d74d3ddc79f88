"""Is this installation well: database, migrations, scheduler, worker, outbox."""

from dataclasses import dataclass
from functools import cache

from django.db import Error, connection

from kith.kit import clock, outbox
from kith.kit.models import Heartbeat

STALE_SECONDS = 90
LATE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Health:
    """Ages in seconds; None when never seen. `ready` means requests can be served."""

    database: bool
    migrations_pending: int
    scheduler_age: float | None
    worker_age: float | None
    outbox_age: float | None

    @property
    def ready(self) -> bool:
        """Pages and calls work, whatever the background does."""
        return self.database and self.migrations_pending == 0

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
            migrations_pending=_pending(),
            scheduler_age=scheduler_age(),
            worker_age=worker_age(),
            outbox_age=outbox.lag_seconds(),
        )
    except Error:
        return Health(
            database=False, migrations_pending=0, scheduler_age=None, worker_age=None, outbox_age=None
        )


def _pending() -> int:
    applied = _applied()
    return len(_known() - applied)


@cache
def _known() -> frozenset[tuple[str, str]]:
    """The migrations of this version, read from disk once per process."""
    from django.db.migrations.loader import MigrationLoader

    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {})


def _applied() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("select app, name from django_migrations")
        return set(cursor.fetchall())


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
