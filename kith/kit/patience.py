"""How long we wait for the database: briefly while somebody waits for an answer, else long.

The database is told with each transaction (`tenancy`), and does it itself for statements outside one: the
application's role is made with the brief times (`provision`). Should it not even say that it gave up, the
connection stops waiting by itself (`postgresql`), so a database that hangs holds no request.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Whole seconds: for one statement, for a lock, and how long a transaction may do nothing.

    `answer` is when the connection stops waiting for a database that should have given up by itself; None
    leaves it to the kernel to notice a peer that is gone.
    """

    statement: int
    lock: int
    idle: int
    answer: int | None = None

    def settings(self) -> dict[str, str]:
        """PostgreSQL's own names for them, with values as SET takes them."""
        return {
            "statement_timeout": f"{self.statement}s",
            "lock_timeout": f"{self.lock}s",
            "idle_in_transaction_session_timeout": f"{self.idle}s",
        }


BRIEF = Patience(statement=5, lock=4, idle=30, answer=6)
# Jobs, imports, roll-ups, the scheduler and commands. Migrations run as the owner, who has no limit.
LONG = Patience(statement=900, lock=60, idle=900)

# A question that costs a healthy server nothing.
PROBE = Patience(statement=1, lock=1, idle=1, answer=2)
# How a connection is opened and kept: libpq's names. A peer that is gone is noticed within 12 seconds by all.
CONNECTING = {
    "connect_timeout": 4,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,
}

_current: contextvars.ContextVar[Patience] = contextvars.ContextVar("kith_patience", default=LONG)


def current() -> Patience:
    """What holds now: LONG outside a request."""
    return _current.get()


@contextlib.contextmanager
def use(patience: Patience) -> Iterator[None]:
    """Let `patience` hold inside."""
    token = _current.set(patience)
    try:
        yield
    finally:
        _current.reset(token)
