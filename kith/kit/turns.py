"""Taking turns: of all who want to do the same thing at the same time, in whichever process, one does it."""

from django.db import connection


def is_mine(number: int) -> bool:
    """Whether it is our turn, until the transaction in force ends; nobody waits. `number` (64 bits) names the thing."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
