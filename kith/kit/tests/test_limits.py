"""Windows are exact, survive roll-backs and store no address."""

import itertools
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction

from kith.kit import clock, errors, limits

START = datetime(2026, 1, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture
def key():
    return f"signin:203.0.113.9:{uuid.uuid4()}"


def test_the_limit_is_allowed_and_the_next_is_not(key):
    hits = [limits.hit(key, 3, 900) for _ in range(5)]

    assert [found.allowed for found in hits] == [True, True, True, False, False]
    assert [found.remaining for found in hits] == [2, 1, 0, 0, 0]


def test_the_window_starts_at_the_first_request_and_is_exact(key):
    with clock.frozen(START) as stopped:
        first = limits.hit(key, 2, 900)
        stopped.advance(timedelta(seconds=899))
        second, third = limits.hit(key, 2, 900), limits.hit(key, 2, 900)
        stopped.advance(timedelta(seconds=1))
        fourth = limits.hit(key, 2, 900)

    assert first.reset_at == second.reset_at == third.reset_at == START + timedelta(seconds=900)
    assert [second.allowed, third.allowed, fourth.allowed] == [True, False, True]
    assert (fourth.remaining, fourth.reset_at) == (1, START + timedelta(seconds=1800))


def test_other_keys_are_not_touched(key):
    limits.hit(key, 1, 60)

    assert limits.hit(key + "0", 1, 60).allowed
    assert not limits.hit(key, 1, 60).allowed


def test_a_refused_hit_counts_nothing(key):
    assert [limits.hit(key, 1, 60).allowed for _ in range(9)] == [True] + [False] * 8
    assert [limits.hit(key, 3, 60).allowed for _ in range(3)] == [True, True, False]


def test_peeking_counts_nothing_and_clearing_forgets(key):
    assert limits.peek(key, 1, 60).allowed
    assert limits.peek(key, 1, 60).remaining == 1
    limits.hit(key, 1, 60)
    assert not limits.peek(key, 1, 60).allowed
    limits.clear(key)
    assert limits.peek(key, 1, 60).allowed
    assert limits.hit(key, 1, 60).allowed


def test_insisting_tells_when_to_come_back(key):
    with clock.frozen(START) as stopped:
        limits.enforce(key, 1, 900)
        stopped.advance(timedelta(seconds=100))
        with pytest.raises(errors.TooMany) as refused:
            limits.enforce(key, 1, 900)

    assert refused.value.as_details() == {"retry_after": 800, "limit": 1, "window": 900}


def test_headers_say_the_same(key):
    with clock.frozen(START):
        fine, refused = limits.hit(key, 1, 60), limits.hit(key, 1, 60)

        assert limits.headers(fine) == {
            "RateLimit-Limit": "1", "RateLimit-Remaining": "0", "RateLimit-Reset": "60",
        }  # fmt: skip
        assert limits.headers(refused) == limits.headers(fine) | {"Retry-After": "60"}


def test_a_rolled_back_request_still_counts(key):
    with transaction.atomic():
        limits.hit(key, 1, 60)
        transaction.set_rollback(True)

    assert not limits.peek(key, 1, 60).allowed


def test_neither_address_nor_key_is_stored(key):
    limits.hit(key, 1, 60)

    with connections["counters"].cursor() as cursor:
        cursor.execute("select key from kit_rate_window")
        assert all(len(stored) == 64 and stored[:3] != "203" for (stored,) in cursor.fetchall())


def test_ended_windows_are_swept(key):
    with clock.frozen(START) as stopped:
        limits.hit(key, 1, 60)
        stopped.advance(timedelta(seconds=59))
        limits.forget_expired()
        assert not limits.peek(key, 1, 60).allowed
        stopped.advance(timedelta(seconds=1))
        assert limits.forget_expired() >= 1


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"window_s": 0}])
def test_limits_that_limit_nothing_are_a_bug(key, wrong):
    with pytest.raises(ValueError):
        limits.hit(key, **{"limit": 1, "window_s": 60} | wrong)


def test_of_twenty_at_once_exactly_ten_are_allowed(key):
    assert sum(at_once(20, lambda: limits.hit(key, 10, 60).allowed)) == 10


def test_a_hit_at_the_moment_a_full_window_ends_counts_in_the_next(key, monkeypatch):
    with clock.frozen(START) as stopped:
        limits.hit(key, 1, 60)
        answers = [None, None]  # full when hit, ended when looked at
        real = limits._row
        monkeypatch.setattr(limits, "_row", lambda *a, **k: answers.pop() if answers else real(*a, **k))
        stopped.advance(timedelta(seconds=60))

        assert limits.hit(key, 1, 60).allowed


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
def test_what_is_looked_at_alone_stays_so_until_it_is_counted(key):
    """Sixteen look, wait for one another, and count only what is still free: three, however they come."""

    def look_then_count() -> bool:
        with limits.alone(key, f"{key}:other"):
            free = limits.peek(key, 3, 60).allowed
            return free and limits.hit(key, 3, 60).allowed

    assert sum(at_once(16, look_then_count)) == 3


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
def test_keys_in_any_order_wait_for_no_circle(key):
    turns = itertools.count()

    def both() -> bool:
        pair = (key, f"{key}:other")
        with limits.alone(*(pair if next(turns) % 2 else reversed(pair))):
            return limits.hit(key, 100, 60).allowed

    assert all(at_once(8, both))


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
def test_a_queue_that_is_too_long_is_refused(key, monkeypatch):
    monkeypatch.setattr(limits, "_QUEUE_TIMEOUT", "50ms")
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with limits.alone(key):
            inside.set()
            done.wait(20)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(20)
    with pytest.raises(errors.TooMany) as refused, limits.alone(key):
        pass
    done.set()
    holder.join()

    assert refused.value.as_details() == {"retry_after": 1}


def test_while_redis_is_away_the_table_counts(key, settings, monkeypatch):
    settings.KITH_REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(limits, "_away", limits._Away())

    assert [limits.hit(key, 2, 60).allowed for _ in range(3)] == [True, True, False]
    assert limits._away.lasts()


def at_once(count, work):
    """What `count` threads answer that start together, each with its own connections."""
    answers, started = [], threading.Barrier(count)

    def run() -> None:
        try:
            started.wait()
            answers.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers
