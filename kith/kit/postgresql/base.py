"""Django's PostgreSQL, on connections that give up on a server that does not answer.

A server that is stopped, or behind a network that forwards nothing, never reports its own time-out. Once one
was met, a single thread of the process asks whether it is back; the others need not wait to hear that it is not.
"""

import threading
import time
from typing import Any

import psycopg
from django.db import Error
from django.db.backends.postgresql import base
from psycopg import errors

from kith.kit import patience

# The shortest that psycopg knows, and how long the next one waits who asks.
ASK_SECONDS, PAUSE_SECONDS = 2, 1.0


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time; whether it did what was asked is not known."""


class _Silence:
    """Whether the server was found silent, and whose turn it is to ask again."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._asking = threading.Lock()

    @property
    def noticed(self) -> bool:
        """Whether nothing has been heard since the server was found silent."""
        return self._since is not None

    def begin(self) -> None:
        """Somebody waited in vain."""
        self._since = time.monotonic()

    def connect(self, conn_params: dict[str, Any]) -> "Connection":
        """A new connection. Raises NoAnswer at once while the server is silent and it is not our turn to ask."""
        if self._since is None:
            return self._try(conn_params)
        lately = time.monotonic() < self._since + PAUSE_SECONDS
        if lately or not self._asking.acquire(blocking=False):
            raise NoAnswer("the database has not answered yet")
        try:
            return self._try(conn_params | {"connect_timeout": ASK_SECONDS})
        finally:
            self._asking.release()

    def _try(self, conn_params: dict[str, Any]) -> "Connection":
        try:
            made = Connection.connect(**conn_params)
        except errors.ConnectionTimeout:
            self.begin()
            raise NoAnswer("the database does not take connections") from None
        except psycopg.Error:  # that was an answer
            self._since = None
            raise
        self._since = None
        return made


_silence = _Silence()


class Connection(psycopg.Connection[Any]):
    """Waits as long as `patience` says, then ends: what comes later must not be taken for another answer."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run one exchange with the server. Raises NoAnswer with the connection closed."""
        limit = patience.current().answer if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except errors._WaitTimeout:
            self.pgconn.finish()
            _silence.begin()
            raise NoAnswer(f"no answer from the database within {limit} s") from None


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection of a thread."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Connect, within `connect_timeout`."""
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        return _silence.connect(conn_params)

    def is_usable(self) -> bool:
        """Whether the server answers at once; no question where it is known to be silent."""
        if _silence.noticed:
            return False
        with patience.use(patience.PROBE):
            return bool(super().is_usable())


def was_cut(error: Error) -> bool:
    """Whether the connection ended without a word about the statement: the server restarts, or closed it idle."""
    cause = error.__cause__
    if isinstance(cause, NoAnswer):
        return False
    code = getattr(cause, "sqlstate", None)
    return code is None or code.startswith("57P") or code == "25P03"
