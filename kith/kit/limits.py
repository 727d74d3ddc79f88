"""How often something may happen: exact windows that start at a caller's first request.

A hit counts even when the request it belongs to fails or is rolled back, so counters have a connection
of their own, or Redis. A refused hit counts as well. Keys are stored as keyed digests: no address, no
name. Should Redis be away, PostgreSQL counts meanwhile, from zero.
"""

import functools
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.crypto import salted_hmac

from kith.kit import clock, errors

logger = logging.getLogger(__name__)

_AWAY_SECONDS = 5.0
_REDIS_TIMEOUT = 0.25

# The window is the one in force when it began; `at` is the database's clock, so that all hosts agree.
_HIT = """
insert into kit_rate_window as w (key, started_at, window_s, n)
values (%(key)s, coalesce(%(at)s::timestamptz, clock_timestamp()), %(window)s, %(cost)s)
on conflict (key) do update set
  started_at = case when w.started_at + make_interval(secs => w.window_s) <= excluded.started_at
    then excluded.started_at else w.started_at end,
  window_s = case when w.started_at + make_interval(secs => w.window_s) <= excluded.started_at
    then excluded.window_s else w.window_s end,
  n = case when w.started_at + make_interval(secs => w.window_s) <= excluded.started_at
    then excluded.n else least(w.n::bigint + excluded.n, 2000000000)::int end
returning n, started_at + make_interval(secs => window_s)
"""
_PEEK = """
select n, started_at + make_interval(secs => window_s) from kit_rate_window
where key = %(key)s
  and started_at + make_interval(secs => window_s) > coalesce(%(at)s::timestamptz, clock_timestamp())
"""
_GIVE_BACK = "update kit_rate_window set n = greatest(n - 1, 0) where key = %(key)s"
_CLEAR = "delete from kit_rate_window where key = %(key)s"
_FORGET = """
delete from kit_rate_window
where started_at + make_interval(secs => window_s) <= coalesce(%(at)s::timestamptz, clock_timestamp())
"""
_LUA_HIT = """
local n = redis.call('INCRBY', KEYS[1], ARGV[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  ttl = tonumber(ARGV[2])
end
return {n, ttl}
"""

_LUA_GIVE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end"


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


def hit(key: str, limit: int, window_s: int, cost: int = 1) -> Hit:
    """Count `cost` for the key and say whether it stays within `limit` per `window_s` seconds.

    Of many at once exactly as many are allowed as the limit says. Put what is limited and whom into the
    key: "signin:203.0.113.9".
    """
    if limit < 1 or window_s < 1 or cost < 1:
        raise ValueError("limit, window and cost are whole numbers from 1")
    counted, reset_at = _counters(
        lambda client, name: _redis_hit(client, name, window_s, cost),
        lambda name: _row(_HIT, key=name, window=window_s, cost=cost),
        key,
    )
    return Hit(counted <= limit, limit, max(0, limit - counted), reset_at)


def peek(key: str, limit: int, window_s: int) -> Hit:
    """As `hit`, but counts nothing: would one more be allowed?"""
    found = _counters(_redis_peek, lambda name: _row(_PEEK, key=name), key)
    counted, reset_at = found or (0, clock.now() + timedelta(seconds=window_s))
    return Hit(counted < limit, limit, max(0, limit - counted), reset_at)


def give_back(key: str) -> None:
    """Undo one hit, for instance after a right password; what others counted meanwhile stays."""
    _counters(
        lambda client, name: client.eval(_LUA_GIVE_BACK, 1, name),
        lambda name: _run(_GIVE_BACK, key=name),
        key,
    )


def clear(key: str) -> None:
    """Forget what was counted for the key, for instance after a right password."""
    _counters(lambda client, name: client.delete(name), lambda name: _run(_CLEAR, key=name), key)


def enforce(key: str, limit: int, window_s: int, cost: int = 1) -> Hit:
    """Count and insist: raises errors.TooMany with `retry_after`, `limit` and `window` in its details."""
    found = hit(key, limit, window_s, cost)
    if not found.allowed:
        raise errors.TooMany(retry_after=found.reset_after, limit=limit, window=window_s)
    return found


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


def _counters(in_redis: Callable[[Any, str], Any], in_table: Callable[[str], Any], key: str) -> Any:
    name = salted_hmac("kith.kit.limits", key, algorithm="sha256").hexdigest()
    url = getattr(settings, "KITH_REDIS_URL", "")
    if url and not _away.lasts():
        try:
            return in_redis(_client(url), f"kith:limit:{name}")
        except redis.RedisError as error:
            logger.warning("limits.redis_away", extra={"reason": type(error).__name__})
            _away.begin()
    return in_table(name)


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


def _redis_hit(client: Any, name: str, window_s: int, cost: int) -> _Window:
    counted, ttl_ms = client.eval(_LUA_HIT, 1, name, cost, window_s * 1000)
    return int(counted), datetime.now(UTC) + timedelta(milliseconds=int(ttl_ms))


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
