"""Finding text inside text with trigram indexes, without leaving the tenant's fence.

LIKE is not leak-proof to PostgreSQL, so behind a row-level policy a trigram index is never used: 60 ms
instead of 4 ms over 100,000 rows. Each searchable table therefore has a function, made by the migration's
`Searchable`, that looks for the tenant in force and for nothing else, and answers with ids.
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

SHORTEST_TERM = 3
"""Fewer letters have no trigram and would read every row."""

MOST_WORDS = 5

Row = TypeVar("Row", bound=Model)


def words_of(typed: str) -> list[str]:
    """What people type, as the lower-cased `search` columns hold it; at most five words."""
    return typed.replace("\0", "").lower().split()[:MOST_WORDS]


def can_search(typed: str) -> bool:
    """True when some word is long enough for an index."""
    return any(len(word) >= SHORTEST_TERM for word in words_of(typed))


def matching(rows: QuerySet[Row, Any], typed: str) -> QuerySet[Row, Any]:
    """The rows whose `search` column contains every word; all rows when nothing was typed.

    Words too short for an index alone are a plain filter.
    """
    words = words_of(typed)
    if not words:
        return rows
    if not can_search(typed):
        for word in words:
            rows = rows.filter(search__contains=word)
        return rows
    table = rows.model._meta.db_table
    return rows.filter(id__in=RawSQL(f"select {table}_matching(%s)", [words]))  # noqa: S611 - a table of ours
