"""People who are probably enrolled twice: one telephone number, or one name in one country."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Lower

from kith.participants.models import GONE, Participant

MOST_GROUPS = 50

Reason = Literal["phone", "name"]


@dataclass(frozen=True, slots=True)
class Group:
    """Some who look like one person, oldest first, and what they have in common."""

    reason: Reason
    people: list[Participant]


def duplicates() -> list[Group]:
    """Up to 50 groups of each kind; one that has the same people for two reasons is named once."""
    found, seen = [], set()
    for group in (*_by_phone(), *_by_name()):
        ids = frozenset(person.id for person in group.people)
        if ids not in seen:
            seen.add(ids)
            found.append(group)
    return found


def likely_same(person: Participant) -> list[Participant]:
    """Others who look like this one, at most five."""
    others = _present().exclude(pk=person.pk)
    same_phone = others.filter(phone_index=person.phone_index) if person.phone_index else others.none()
    same_name = others.annotate(folded=Lower("name")).filter(
        folded=person.name.lower(), country=person.country
    )
    found: dict[UUID, Participant] = {row.id: row for row in (*same_phone[:5], *same_name[:5])}
    return list(found.values())[:5]


def _by_phone() -> Iterator[Group]:
    rows = _present().exclude(phone_index=None)
    yield from _groups("phone", rows.annotate(key=F("phone_index")))


def _by_name() -> Iterator[Group]:
    # Where one of the two is not said to live anywhere, a name alone is too little.
    rows = _present().exclude(country="").annotate(folded=Lower("name"))
    yield from _groups("name", rows, "folded", "country")


def _groups(reason: Reason, rows: QuerySet[Participant], *keys: str) -> Iterator[Group]:
    names = keys or ("key",)
    several = (
        rows.order_by()
        .values(*names)
        .annotate(n=Count("id"))
        .filter(n__gt=1)
        .order_by("-n", *names)[:MOST_GROUPS]
    )
    wanted = [tuple(row[name] for name in names) for row in several]
    if not wanted:
        return
    first = {f"{names[0]}__in": [key[0] for key in wanted]}
    by_key: dict[tuple[Any, ...], list[Participant]] = {_plain(key): [] for key in wanted}
    for person in rows.filter(**first).order_by("created_at", "id"):
        held = by_key.get(_plain(tuple(getattr(person, name) for name in names)))
        if held is not None:
            held.append(person)
    for people in by_key.values():
        yield Group(reason, people)


def _plain(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Bytes out of the database's memory views, which are no keys."""
    return tuple(bytes(part) if isinstance(part, memoryview) else part for part in key)


def _present() -> QuerySet[Participant]:
    rows: QuerySet[Participant] = Participant.objects.exclude(status__in=GONE)
    return rows
