"""What the application's role may do, table by table, renewed after each migration.

The application role owns nothing. Tables commented `writes:append` can only be read and added to,
`writes:none` only read (their functions write). Everything else is ordinary.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from kith.kit.provision import SYSTEM_ROLE

_PRIVILEGES = {
    "all": "select, insert, update, delete",
    "append": "select, insert",
    "none": "select",
}
# What has been migrated is read by the health check and written by the owner alone.
_MIGRATED = {"django_migrations"}


def grant_privileges(connection: BaseDatabaseWrapper, app_role: str) -> None:
    """Give `app_role` and the crossing role exactly what the tables' comments say. Run as the owner."""
    with connection.cursor() as cursor:
        cursor.execute("select quote_ident(%s)", [app_role])
        roles = f"{cursor.fetchone()[0]}, {SYSTEM_ROLE}"
        cursor.execute(f"grant usage on schema public to {roles}")
        cursor.execute(
            "select quote_ident(c.relname), coalesce(obj_description(c.oid), ''), c.relispartition"
            " from pg_class c where c.relnamespace = 'public'::regnamespace"
            " and c.relkind in ('r', 'p', 'v', 'm')"
        )
        for table, comment, is_partition in cursor.fetchall():
            writes = comment.removeprefix("writes:") if comment.startswith("writes:") else "all"
            if table in _MIGRATED:
                writes = "none"
            cursor.execute(f"revoke all on {table} from {roles}")
            if is_partition:  # a partition has no fence of its own: only its parent may be asked
                continue
            cursor.execute(f"grant {_PRIVILEGES[writes]} on {table} to {roles}")
        cursor.execute(f"grant usage, select on all sequences in schema public to {roles}")
        cursor.execute("revoke execute on all functions in schema public from public")
        cursor.execute(f"grant execute on all functions in schema public to {roles}")
        _keep_triggers(cursor, roles)


def _keep_triggers(cursor: Any, roles: str) -> None:
    """Nobody but the owner attaches our trigger functions: on a temporary table they would forge the audit trail.

    A trigger that is there already fires without this right.
    """
    cursor.execute(
        "select p.oid::regprocedure::text from pg_proc p"
        " where p.pronamespace = 'public'::regnamespace and p.prorettype = 'trigger'::regtype"
    )
    for (function,) in cursor.fetchall():
        cursor.execute(f"revoke execute on function {function} from {roles}")
