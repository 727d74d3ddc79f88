"""Pages: numbered ones for people, cursors for machines and for lists without end."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import errors

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
COUNTED = 10_000
"""Rows are counted up to here; a page beyond is refused, since reaching it means reading all before it."""

_LONGEST_CURSOR = 2000

T = TypeVar("T")
Shown = TypeVar("Shown")


class CursorInvalid(errors.Malformed):
    """The cursor is not one this list gave out."""

    code = "cursor_invalid"
    message = _("This cursor does not belong to this list. Start again without a cursor.")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list and where they stand in it.

    `page` and `total` are None for pages reached by cursor, which are not counted. `total` is exact up
    to 10,000; beyond it is 10,001 and `total_is_capped`. `next_cursor` is None on the last page.
    """

    items: list[T]
    page: int | None
    limit: int
    total: int | None
    total_is_capped: bool = False
    next_cursor: str | None = None

    @property
    def pages(self) -> int | None:
        """How many numbered pages can be opened."""
        return None if self.total is None else max(1, -(-min(self.total, COUNTED) // self.limit))

    @property
    def has_next(self) -> bool:
        """True when there are rows after these."""
        return self.next_cursor is not None or bool(self.page and self.pages and self.page < self.pages)

    def showing(self, items: "list[Shown]") -> "Page[Shown]":
        """The same place in the list, with what is shown of its rows."""
        return Page(items, self.page, self.limit, self.total, self.total_is_capped, self.next_cursor)

    def as_pagination(self) -> dict[str, Any]:
        """The API's `pagination` object."""
        return {
            "page": self.page,
            "limit": self.limit,
            "total": self.total,
            "total_is_capped": self.total_is_capped,
            "pages": self.pages,
            "next": self.next_cursor,
        }


def listed(
    queryset: QuerySet[Any, T],
    *,
    order: Sequence[str],
    page: int | str = 1,
    limit: int | str = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[T]:
    """What the list operations of the API answer: the rows after a cursor when there is one, else a numbered page.

    Raises as `keyset` and `paginate` do.
    """
    if cursor:
        return keyset(queryset, order=order, cursor=cursor, limit=limit)
    return paginate(queryset, page=page, limit=limit, order=order)


def paginate(
    queryset: QuerySet[Any, T],
    *,
    page: int | str = 1,
    limit: int | str = DEFAULT_LIMIT,
    order: Sequence[str] | None = None,
) -> Page[T]:
    """A numbered page of an ordered queryset, with the capped total.

    With `order` (see `keyset`) the rows are ordered by it and the page carries a cursor, so that a
    machine may start with page 1 and go on by cursor. A page after the last one is empty. Raises
    errors.Invalid naming `page` or `limit`.
    """
    number, size = _positive("page", page), _limit(limit)
    start = (number - 1) * size
    if start >= COUNTED:
        raise errors.Invalid(fields={"page": _("Pages end at row 10,000: narrow the list or use a cursor.")})
    if order is not None:
        queryset = queryset.order_by(*order)
    elif not queryset.ordered:
        raise ValueError("a list without an order has no pages")
    rows = list(queryset[start : start + size + 1])
    # Counted even where the rows already tell, so that every page costs the same statements.
    counted = _count(queryset)
    cursor = _cursor_after(rows[size - 1], order) if order is not None and len(rows) > size else None
    return Page(
        items=rows[:size], page=number, limit=size, total=counted, total_is_capped=counted > COUNTED,
        next_cursor=cursor,
    )  # fmt: skip


def keyset(
    queryset: QuerySet[Any, T],
    *,
    order: Sequence[str] = ("-created_at", "-id"),
    cursor: str | None = None,
    limit: int | str = DEFAULT_LIMIT,
) -> Page[T]:
    """The rows after a cursor: as fast at the end of a long list as at its start.

    `order` names fields as `order_by` does; none may be null and together they must be unique, so end with
    the id. Rows added or removed meanwhile are neither repeated nor make others be skipped. Rows may be
    models or `.values()`. Raises CursorInvalid, and errors.Invalid naming `limit`.
    """
    size = _limit(limit)
    queryset = queryset.order_by(*order)
    if cursor:
        try:
            queryset = queryset.filter(_after(order, _decode(cursor, order)))
        except (ValueError, TypeError, OverflowError, ValidationError):
            raise CursorInvalid from None
    rows = list(queryset[: size + 1])
    following = _cursor_after(rows[size - 1], order) if len(rows) > size else None
    return Page(items=rows[:size], page=None, limit=size, total=None, next_cursor=following)


def _count(queryset: QuerySet[Any, Any]) -> int:
    return queryset.order_by()[: COUNTED + 1].count()


def _limit(limit: int | str) -> int:
    size = _positive("limit", limit)
    if size > LARGEST_LIMIT:
        raise errors.Invalid(fields={"limit": _("At most 100 rows at a time.")})
    return size


def _positive(name: str, value: int | str) -> int:
    text = str(value)
    # Short enough for int(), and ASCII, since int() would read other scripts' digits as well.
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0):
        raise errors.Invalid(fields={name: _("Write a whole number from 1.")})
    return int(text)


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """(a, b) > (x, y) by columns, each in its own direction: a > x or (a = x and b > y)."""
    after, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column, beyond = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        after |= equal & Q(**{f"{column}__{beyond}": value})
        equal &= Q(**{column: value})
    # Implied by the rest, but it is the part an index can start at.
    first, beyond = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    return Q(**{f"{first}__{beyond}": values[0]}) & after


# One letter per type; bool before int and datetime before date, as each is also an instance of the other.
_TYPES: tuple[tuple[str, type, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    ("b", bool, bool, bool),
    ("i", int, int, int),
    ("t", datetime, datetime.isoformat, datetime.fromisoformat),
    ("d", date, date.isoformat, date.fromisoformat),
    ("u", UUID, str, UUID),
    ("n", Decimal, str, Decimal),
    ("s", str, str, str),
)
_WRITTEN_AS = {"b": bool, "i": int}


def _cursor_after(row: Any, order: Sequence[str]) -> str:
    values = [_encode_value(_value(row, name.lstrip("-")), name) for name in order]
    text = json.dumps([",".join(order), *values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _value(row: Any, name: str) -> Any:
    if isinstance(row, Mapping):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _encode_value(value: Any, name: str) -> list[Any]:
    for letter, kind, write, _read in _TYPES:
        if isinstance(value, kind):
            return [letter, write(value)]
    raise TypeError(f"{name} is {value!r}: a cursor needs columns that are never null and have a plain type")


def _decode(cursor: str, order: Sequence[str]) -> list[Any]:
    if len(cursor) > _LONGEST_CURSOR:
        raise CursorInvalid
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        written_order, *values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if written_order != ",".join(order) or len(values) != len(order):
            raise CursorInvalid
        return [_decode_value(*value) for value in values]
    except (binascii.Error, ValueError, TypeError, RecursionError, InvalidOperation):
        raise CursorInvalid from None


def _decode_value(letter: str, written: Any) -> Any:
    for known, _kind, _write, read in _TYPES:
        if known == letter and type(written) is _WRITTEN_AS.get(letter, str):
            value = read(written)
            naive = isinstance(value, datetime) and value.tzinfo is None
            outside = isinstance(value, int) and not -(2**63) <= value < 2**63
            # Half a surrogate pair is no text, and has no bytes: that raises as well.
            nul = isinstance(value, str) and b"\0" in value.encode()
            if naive or outside or nul or (isinstance(value, Decimal) and not value.is_finite()):
                raise ValueError
            return value
    raise ValueError
