"""Django's PostgreSQL, on connections that give up on a server that does not answer.

A server that is stopped, or behind a network that forwards nothing, never reports its own time-out. Once one
was met, a single thread of the process asks whether it is back; the others need not wait to hear that it is not.
"""

import threading
from typing import Any

import psycopg
from django.db import Error
from django.db.backends.postgresql import base
from psycopg import errors

from kith.kit import patience


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time; whether it did what was asked is not known."""


class _Silence:
    """Whether the server was found silent, and whose turn it is to ask again."""

    def __init__(self) -> None:
        self.noticed = False
        self._asking = threading.Lock()

    def connect(self, conn_params: dict[str, Any]) -> "Connection":
        """A new connection. Raises NoAnswer at once while another thread waits for a silent server."""
        alone = self._asking.acquire(blocking=False) if self.noticed else False
        if self.noticed and not alone:
            raise NoAnswer("the database has not answered yet")
        try:
            made = Connection.connect(**conn_params)
        except errors.ConnectionTimeout:
            self.noticed = True
            raise NoAnswer("the database does not take connections") from None
        except psycopg.Error:  # that was an answer
            self.noticed = False
            raise
        finally:
            if alone:
                self._asking.release()
        self.noticed = False
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
            _silence.noticed = True
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
