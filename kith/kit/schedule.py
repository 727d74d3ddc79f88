"""The scheduler process: delivers events four times a second and enqueues what is due by the clock."""

import logging
import signal
import threading
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import close_old_connections, transaction

from kith.kit import clock, jobs, outbox, reaper
from kith.kit.models import Heartbeat, ScheduleRun

log = logging.getLogger("kith.schedule")

POLL_SECONDS = 0.25


def run() -> None:
    """Loop until SIGTERM or SIGINT. A lost database is waited for."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    beats = 0
    while not stop.is_set():
        try:
            handled = tick(housekeeping=beats % 20 == 0)
        except jobs.DATABASE_AWAY:
            log.warning("database away, waiting")
            close_old_connections()
            stop.wait(1)
            continue
        beats += 1
        stop.wait(0 if handled else POLL_SECONDS)


def tick(*, housekeeping: bool = True) -> int:
    """One round. Returns how many events were handled."""
    wiring = import_module(settings.KITH_SUBSCRIPTIONS)
    if housekeeping:
        beat("scheduler")
        enqueue_due(wiring.SCHEDULE)
        outbox.retry_failures(wiring.SUBSCRIPTIONS)
        reaper.reap(now=clock.now())
    return outbox.deliver(wiring.SUBSCRIPTIONS)


def enqueue_due(schedule: dict[str, timedelta]) -> list[str]:
    """Queue each job whose time has come; of several schedulers exactly one does. Returns their names."""
    now = clock.now()
    due = []
    for name, every in schedule.items():
        with transaction.atomic():
            ScheduleRun.objects.bulk_create(
                [ScheduleRun(name=name, last_at=now - every)], ignore_conflicts=True
            )
            if ScheduleRun.objects.filter(name=name, last_at__lte=now - every).update(last_at=now):
                jobs.enqueue(name, queueing_lock=name)
                due.append(name)
    return due


def beat(process: str) -> None:
    """Say that a long-running process is alive."""
    Heartbeat.objects.update_or_create(process=process, defaults={"at": clock.now()})
