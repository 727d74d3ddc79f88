"""Identifiers that sort by the time they were made (RFC 9562, version 7).

An id tells when it was made, so it is never a secret: codes, links and tokens come from `kith.kit.codes`.
Python 3.14 and PostgreSQL 18 bring their own; until those are the minimum, this is ours.
"""

import secrets
import threading
import time
import uuid

_RANDOM_BITS = 74
_lock = threading.Lock()
_last_ms = 0
_last_random = 0


def uuid7() -> uuid.UUID:
    """A new version 7 id, greater than every id this process made before it."""
    global _last_ms, _last_random
    with _lock:
        ms = time.time_ns() // 1_000_000
        if ms > _last_ms:
            # The top bit stays clear, so that counting up within one millisecond cannot overflow.
            _last_ms, _last_random = ms, secrets.randbits(_RANDOM_BITS - 1)
        else:
            # Same millisecond, or the clock was set back: count on, by a step nobody can guess.
            _last_random += 1 + secrets.randbits(32)
        ms, random = _last_ms, _last_random
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=(ms << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)
