"""Finding text inside text: trigram indexes, and how to let row-level security use them."""

import contextlib
from collections.abc import Iterator

from django.db import connection
from psycopg.pq import TransactionStatus

from kith.kit import tenancy

SHORTEST_TERM = 3
"""Fewer letters have no trigram and would read every row."""


def search_term(typed: str) -> str:
    """What people type, as the lower-cased `search` columns hold it."""
    return " ".join(typed.replace("\0", "").split()).lower()


@contextlib.contextmanager
def by_trigrams() -> Iterator[None]:
    """Let the reads inside use a trigram index; they must go through the tenant's manager.

    LIKE is not leak-proof to PostgreSQL, so behind a row-level policy it is only ever a filter: 60 ms
    instead of 4 ms over 100,000 rows. Inside, the role is the one whose policy hides nothing, and what
    keeps other tenants out is the manager's filter and the tenant that stays in force.
    """
    if tenancy.current().across:
        yield
        return
    tenancy.current_tenant_id()
    _take_role(tenancy.SYSTEM_ROLE)
    try:
        yield
    finally:
        # In a transaction that failed, its roll-back gives the role back.
        if connection.connection.info.transaction_status == TransactionStatus.INTRANS:
            _take_role("none")


def _take_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('role', %s, true)", [role])
