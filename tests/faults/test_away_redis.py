"""Redis is gone for a minute: PostgreSQL counts meanwhile, and nobody notices."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import redis

from tests.faults.funding import a_program, account_for, writing
from tests.faults.installation import Installation, installation
from tests.machine import free_port, until

pytestmark = [pytest.mark.faults, pytest.mark.outage]

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")
AWAY_SECONDS = 60
BACK_SECONDS = 5


@contextmanager
def running(port: int, folder: Path) -> Iterator[None]:
    """A real Redis; what it holds ends with it."""
    assert SERVER, "redis-server is missing; scripts/setup faults installs it"
    options = ["--port", str(port), "--save", "", "--dir", str(folder), "--bind", "127.0.0.1"]
    process = subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            until(lambda: alive(client), 10, "Redis answers")
        yield
    finally:
        process.kill()
        process.wait(10)


def alive(client: "redis.Redis") -> bool:
    """Whether it answers."""
    with suppress(redis.RedisError):
        return bool(client.ping())
    return False


def counted(port: int) -> int:
    """How many counters this Redis holds."""
    with redis.Redis(port=port) as client:
        return int(client.dbsize())


def public_calls(house: Installation, number: int) -> Counter[int]:
    """The answers to calls of somebody who is not signed in."""
    with httpx.Client(base_url=house.url, timeout=20) as client:
        return Counter(client.get("/api/v1/no-such-thing").status_code for _ in range(number))


def test_money_moves_and_limits_hold_without_redis(tmp_path: Path) -> None:
    """60 s without Redis: 0 answers of 5xx to money calls, exactly 100 public calls, Redis counts again in 5 s."""
    port = free_port()
    with installation(tmp_path, KITH_REDIS_URL=f"redis://127.0.0.1:{port}") as house:
        with running(port, tmp_path):
            team = house.organization()
            program = a_program(house.url, team)
            assert counted(port) > 0, "Redis does not count"
        with writing(house.url, team, program, count=4) as writers:
            gone = time.monotonic()
            public = public_calls(house, 105)
            until(lambda: time.monotonic() > gone + AWAY_SECONDS, AWAY_SECONDS + 20, "a minute has passed")
            with running(port, tmp_path):
                back = time.monotonic()
                until(lambda: counted(port) > 0, BACK_SECONDS, "Redis counts again")
                took = time.monotonic() - back
        statuses = Counter(answer.status for answer in writers.answers)
        slowest = max(answer.seconds for answer in writers.answers)
        print(
            f"Redis gone for {AWAY_SECONDS} s: {len(writers.answers)} money calls, all {dict(statuses)}, slowest"
            f" {slowest:.1f} s; of 105 public calls {public[429]} refused; Redis counts again after {took:.1f} s;",
            account_for(house, writers),
        )
        assert set(statuses) == {200}
        assert public == {404: 100, 429: 5}
