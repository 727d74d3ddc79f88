"""How often something may happen: exact windows that start at a caller's first request.

A hit counts even when the request it belongs to fails or is rolled back, so counters have a connection
of their own, or Redis. A refused hit counts nothing. Keys are stored as keyed digests: no address, no
name. Should Redis be away, PostgreSQL counts meanwhile, from zero.
"""

import contextlib
import functools
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.utils.crypto import salted_hmac

from kith.kit import clock, errors

logger = logging.getLogger(__name__)

_AWAY_SECONDS = 4.0
_REDIS_TIMEOUT = 0.25
_QUEUE_TIMEOUT = "3s"

# The window is the one in force when it began; `at` is the database's clock, so that all hosts agree.
_HIT = """
insert into kit_rate_window as w (key, started_at, window_s, n)
values (%(key)s, coalesce(%(at)s::timestamptz, clock_timestamp()), %(window)s, 1)
on conflict (key) do update set
  started_at = case when <ended> then excluded.started_at else w.started_at end,
  window_s = case when <ended> then excluded.window_s else w.window_s end,
  n = case when <ended> then 1 else w.n + 1 end
where <ended> or w.n < %(limit)s
returning n, started_at + make_interval(secs => window_s)
""".replace("<ended>", "w.started_at + make_interval(secs => w.window_s) <= excluded.started_at")
_PEEK = """
select n, started_at + make_interval(secs => window_s) from kit_rate_window
where key = %(key)s
  and started_at + make_interval(secs => window_s) > coalesce(%(at)s::timestamptz, clock_timestamp())
"""
_CLEAR = "delete from kit_rate_window where key = %(key)s"
_FORGET = """
delete from kit_rate_window
where started_at + make_interval(secs => window_s) <= coalesce(%(at)s::timestamptz, clock_timestamp())
"""
_LUA_HIT = """
local n = tonumber(redis.call('GET', KEYS[1]) or 0)
local allowed = n < tonumber(ARGV[1])
if allowed then n = redis.call('INCR', KEYS[1]) end
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {allowed and 1 or 0, n, redis.call('PTTL', KEYS[1])}
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """What one request found: allowed or not, what remains, and when the window ends."""

    allowed: bool
    limit: int
    remaining: int
    reset_at: datetime

    @property
    def reset_after(self) -> int:
        """Whole seconds until the window ends, at least 1."""
        return max(1, math.ceil((self.reset_at - clock.now()).total_seconds()))


def hit(key: str, limit: int, window_s: int) -> Hit:
    """Count one for the key and say whether it stays within `limit` per `window_s` seconds.

    Of many at once exactly as many are allowed as the limit says. Put what is limited and whom into the
    key: "signin:203.0.113.9".
    """
    if limit < 1 or window_s < 1:
        raise ValueError("limit and window are whole numbers from 1")
    allowed, counted, reset_at = _counters(
        lambda client, name: _redis_hit(client, name, limit, window_s),
        lambda name: _table_hit(name, limit, window_s),
        key,
    )
    return Hit(allowed, limit, max(0, limit - counted), reset_at)


def peek(key: str, limit: int, window_s: int) -> Hit:
    """As `hit`, but counts nothing: would one more be allowed?"""
    found = _counters(_redis_peek, lambda name: _row(_PEEK, key=name), key)
    counted, reset_at = found or (0, clock.now() + timedelta(seconds=window_s))
    return Hit(counted < limit, limit, max(0, limit - counted), reset_at)


def clear(key: str) -> None:
    """Forget what was counted for the key, for instance after a right password."""
    _counters(lambda client, name: client.delete(name), lambda name: _run(_CLEAR, key=name), key)


def enforce(key: str, limit: int, window_s: int) -> Hit:
    """Count and insist: raises errors.TooMany with `retry_after`, `limit` and `window` in its details."""
    found = hit(key, limit, window_s)
    if not found.allowed:
        raise errors.TooMany(retry_after=found.reset_after, limit=limit, window=window_s)
    return found


@contextlib.contextmanager
def alone(*keys: str) -> Iterator[None]:
    """Whoever else, in any process, names one of these keys waits until the block ends.

    For what must be looked at before it can be counted. What is counted inside is kept when the block
    ends, and lost when it raises. Raises errors.TooMany when the queue is longer than a few seconds.
    """
    with contextlib.ExitStack() as block:
        try:
            block.enter_context(transaction.atomic(using=_alias()))
            _queue(keys)
        except OperationalError as error:
            if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise errors.TooMany(retry_after=1) from None
            raise
        yield


def _queue(keys: tuple[str, ...]) -> None:
    with connections[_alias()].cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", [_QUEUE_TIMEOUT])
        # Always in one order, so that no two wait for each other. People choose what is in a key, but not its lock.
        for name in sorted(map(_named, keys)):
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def headers(found: Hit) -> dict[str, str]:
    """RateLimit headers of an answer; Retry-After too when the hit was refused."""
    answer = {
        "RateLimit-Limit": str(found.limit),
        "RateLimit-Remaining": str(found.remaining),
        "RateLimit-Reset": str(found.reset_after),
    }
    return answer if found.allowed else answer | {"Retry-After": str(found.reset_after)}


def forget_expired() -> int:
    """Delete windows that have ended; how many. For the hourly housekeeping."""
    return _run(_FORGET)


_Window = tuple[int, datetime]
_Counted = tuple[bool, int, datetime]


def _counters(in_redis: Callable[[Any, str], Any], in_table: Callable[[str], Any], key: str) -> Any:
    name = _named(key)
    url = getattr(settings, "KITH_REDIS_URL", "")
    if url and not _away.lasts():
        try:
            return in_redis(_client(url), f"kith:limit:{name}")
        except redis.RedisError as error:
            logger.warning("limits.redis_away", extra={"reason": type(error).__name__})
            _away.begin()
    return in_table(name)


def _named(key: str) -> str:
    return salted_hmac("kith.kit.limits", key, algorithm="sha256").hexdigest()


class _Away:
    """Spares requests the time-out of a Redis that was just found to be away."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + _AWAY_SECONDS

    def lasts(self) -> bool:
        return time.monotonic() < self._until


_away = _Away()


@functools.lru_cache(maxsize=4)
def _client(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=_REDIS_TIMEOUT, socket_connect_timeout=_REDIS_TIMEOUT)


def _redis_hit(client: Any, name: str, limit: int, window_s: int) -> _Counted:
    allowed, counted, ttl_ms = client.eval(_LUA_HIT, 1, name, limit, window_s * 1000)
    return bool(allowed), int(counted), datetime.now(UTC) + timedelta(milliseconds=int(ttl_ms))


def _table_hit(name: str, limit: int, window_s: int) -> _Counted:
    while True:
        if counted := _row(_HIT, key=name, limit=limit, window=window_s):
            return True, *counted
        # Full. Should the window end between the two statements, the next round counts in a new one.
        if full := _row(_PEEK, key=name):
            return False, *full


def _redis_peek(client: Any, name: str) -> _Window | None:
    with client.pipeline() as pipe:
        pipe.get(name)
        pipe.pttl(name)
        counted, ttl_ms = pipe.execute()
    return (
        None
        if counted is None
        else (int(counted), datetime.now(UTC) + timedelta(milliseconds=max(0, ttl_ms)))
    )


def _alias() -> str:
    return "counters" if "counters" in settings.DATABASES else DEFAULT_DB_ALIAS


def _row(sql: str, **values: Any) -> _Window | None:
    with connections[_alias()].cursor() as cursor:
        cursor.execute(sql, values | {"at": clock.frozen_at()})
        found = cursor.fetchone()
    return (found[0], found[1]) if found else None


def _run(sql: str, **values: Any) -> int:
    with connections[_alias()].cursor() as cursor:
        cursor.execute(sql, values | {"at": clock.frozen_at()})
        return int(cursor.rowcount)
