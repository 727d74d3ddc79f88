"""Ids sort by time, also under threads and a clock that stands still or goes back."""

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

from kith.kit import ids
from kith.kit.ids import uuid7


def test_version_and_variant_are_those_of_rfc_9562():
    made = uuid7()

    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_ids_of_one_thread_grow():
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_grow_while_the_clock_stands_still_or_goes_back(monkeypatch):
    start = max(time.time_ns(), (ids._last_ms + 1) * 1_000_000)
    clock = iter([start] * 500 + [start - 60_000_000_000] * 500)
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(clock))

    made = [uuid7() for _ in range(1000)]

    assert made == sorted(set(made))


def test_threads_never_make_the_same_id():
    made: list[uuid.UUID] = []

    def make() -> None:
        made.extend([uuid7() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 16_000


def test_the_time_is_inside():
    before = datetime.now(UTC)

    inside = datetime.fromtimestamp((uuid7().int >> 80) / 1000, UTC)

    assert abs(inside - before) < timedelta(seconds=5)
