"""The same windows counted in Redis or Valkey; the set-up installs one of the two."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
import uuid

import pytest
import redis

from kith.kit import limits

SERVER = shutil.which("valkey-server") or shutil.which("redis-server")


@pytest.fixture(scope="module")
def server_url():
    assert SERVER, "neither valkey-server nor redis-server is installed; run scripts/setup test"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_for(redis.Redis.from_url(url))
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def key(server_url, settings, monkeypatch):
    settings.KITH_REDIS_URL = server_url
    monkeypatch.setattr(limits, "_away", limits._Away())
    return f"signin:203.0.113.9:{uuid.uuid4()}"


def wait_for(client):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(redis.RedisError):
            client.ping()
            return
    raise TimeoutError


def test_the_limit_is_allowed_and_the_next_is_not(key):
    hits = [limits.hit(key, 3, 900) for _ in range(5)]

    assert [found.allowed for found in hits] == [True, True, True, False, False]
    assert [found.remaining for found in hits] == [2, 1, 0, 0, 0]
    assert 895 <= hits[-1].reset_after <= 900


def test_a_refused_hit_counts_nothing(key):
    assert [limits.hit(key, 1, 60).allowed for _ in range(9)] == [True] + [False] * 8
    assert [limits.hit(key, 3, 60).allowed for _ in range(3)] == [True, True, False]


def test_the_window_ends_and_is_not_prolonged_by_refused_hits(key):
    assert limits.hit(key, 1, 1).allowed
    time.sleep(0.6)
    assert not limits.hit(key, 1, 1).allowed
    time.sleep(0.6)
    assert limits.hit(key, 1, 1).allowed


def test_peeking_counts_nothing_and_clearing_forgets(key):
    assert limits.peek(key, 1, 60).allowed
    limits.hit(key, 1, 60)
    assert not limits.peek(key, 1, 60).allowed
    limits.clear(key)
    assert limits.peek(key, 1, 60).allowed


def test_neither_address_nor_key_is_stored(key, server_url):
    limits.hit(key, 1, 60)

    stored = redis.Redis.from_url(server_url).keys("*")
    assert stored
    assert not [name for name in stored if b"203.0" in name or b"signin" in name]


def test_of_twenty_at_once_exactly_ten_are_allowed(key):
    answers, started = [], threading.Barrier(20)

    def run() -> None:
        started.wait()
        answers.append(limits.hit(key, 10, 60).allowed)

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(answers), sum(answers)) == (20, 10)
