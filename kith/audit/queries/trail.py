"""The trail as people read it: entries of the tenant in force, newest first, narrowed by what is given."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from kith.audit.models import AuditEntry
from kith.kit import tenancy
from kith.kit.pagination import Page, keyset

NEWEST = ("-id",)
PIECE = 2_000


def entries(
    *,
    actor: str = "",
    table: str = "",
    row: str = "",
    request: str = "",
    since: datetime.datetime | None = None,
    before: datetime.datetime | None = None,
) -> QuerySet[AuditEntry]:
    """The entries of the organization, newest first; those of one row by an index of their own."""
    wanted: dict[str, Any] = {
        "actor": actor, "table_name": table, "row_id": row, "request_id": request, "at__gte": since, "at__lt": before,
    }  # fmt: skip
    rows: QuerySet[AuditEntry] = AuditEntry.objects.filter(
        **{name: value for name, value in wanted.items() if value}
    )
    return rows.order_by(*NEWEST)


def entry_page(rows: QuerySet[AuditEntry], *, cursor: str | None = None, limit: int = 50) -> Page[AuditEntry]:
    """Some entries from a cursor on: as fast at the end of a long trail as at its start."""
    return keyset(rows, order=NEWEST, cursor=cursor, limit=limit)


def every(rows: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """All of them in pieces, for a file. Iterate inside one transaction."""
    return rows.iterator(chunk_size=PIECE)


def known(column: str) -> list[str]:
    """The values that `actor` or `table_name` has in the organization's trail.

    Jumps from value to value along the index where there is one, so that a long trail costs as little as a
    short one.
    """
    if column not in {"actor", "table_name"}:
        raise ValueError(f"{column} is not listed")
    with connection.cursor() as db:
        db.execute(
            f"with recursive seen as ((select {column} v from audit_auditentry where tenant_id = %(tenant)s"  # noqa: S608
            f" order by {column} limit 1) union all select (select {column} from audit_auditentry"
            f" where tenant_id = %(tenant)s and {column} > seen.v order by {column} limit 1) from seen"
            " where seen.v is not null) select v from seen where v is not null",
            {"tenant": tenancy.current_tenant_id()},
        )
        return [value for (value,) in db.fetchall()]
