"""People who are probably enrolled twice: one telephone number, or one name in one country."""

import itertools
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Lower

from kith.participants.models import GONE, Distinction, Participant

MOST_GROUPS = 10
MOST_APART = 200

Reason = Literal["phone", "name"]


Pair = frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Group:
    """Some who look like one person, oldest first, and what they have in common."""

    reason: Reason
    people: list[Participant]
    apart: Set[Pair] = frozenset()

    @property
    def rows(self) -> list[tuple[Participant, Participant | None]]:
        """Everybody with the oldest of the others they may be; None for the first and where all are told apart."""
        return [
            (person, next((one for one in self.people[:at] if {one.id, person.id} not in self.apart), None))
            for at, person in enumerate(self.people)
        ]


def duplicates() -> list[Group]:
    """Up to 10 groups of each kind, without who was told apart; one with the same people is named once."""
    apart = _apart()
    found, seen = [], set()
    for group in (*_by_phone(apart), *_by_name(apart)):
        ids = frozenset(person.id for person in group.people)
        if ids not in seen:
            seen.add(ids)
            found.append(group)
    return found


def likely_same(person: Participant) -> list[Participant]:
    """Others who look like this one and were not told apart from them, at most five."""
    mine = Distinction.objects.filter(Q(one=person) | Q(other=person)).values_list("one_id", "other_id")
    others = _present().exclude(pk__in={person.pk, *(each for pair in mine for each in pair)})
    same_phone = others.filter(phone_index=person.phone_index) if person.phone_index else others.none()
    same_name = others.annotate(folded=Lower("name")).filter(
        folded=person.name.lower(), country=person.country
    )
    found: dict[UUID, Participant] = {row.id: row for row in (*same_phone[:5], *same_name[:5])}
    return list(found.values())[:5]


def told_apart() -> list[Distinction]:
    """The newest 200 pairs that somebody said are two people, with both."""
    rows = Distinction.objects.select_related("one", "other").order_by("-created_at", "-id")
    return list(rows.exclude(one__status__in=GONE).exclude(other__status__in=GONE)[:MOST_APART])


def _apart() -> Set[Pair]:
    return frozenset(frozenset(pair) for pair in Distinction.objects.values_list("one_id", "other_id"))


def _by_phone(apart: Set[Pair]) -> Iterator[Group]:
    rows = _present().exclude(phone_index=None)
    yield from _groups("phone", rows.annotate(key=F("phone_index")), apart)


def _by_name(apart: Set[Pair]) -> Iterator[Group]:
    # Where one of the two is not said to live anywhere, a name alone is too little.
    rows = _present().exclude(country="").annotate(folded=Lower("name"))
    yield from _groups("name", rows, apart, "folded", "country")


def _groups(reason: Reason, rows: QuerySet[Participant], apart: Set[Pair], *keys: str) -> Iterator[Group]:
    names = keys or ("key",)
    several = (
        rows.order_by()
        .values(*names)
        .annotate(n=Count("id"))
        .filter(n__gt=1)
        # Groups of which all were told apart are found as well, and must not crowd out the others.
        .order_by("-n", *names)[: MOST_GROUPS + len(apart)]
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
    groups = (Group(reason, _still_alike(people, apart), apart) for people in by_key.values())
    yield from itertools.islice((group for group in groups if group.people), MOST_GROUPS)


def _still_alike(people: list[Participant], apart: Set[Pair]) -> list[Participant]:
    """Those who may still be one of the others."""
    return [
        person for person in people
        if any(each is not person and frozenset((each.id, person.id)) not in apart for each in people)
    ]  # fmt: skip


def _plain(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Bytes out of the database's memory views, which are no keys."""
    return tuple(bytes(part) if isinstance(part, memoryview) else part for part in key)


def _present() -> QuerySet[Participant]:
    rows: QuerySet[Participant] = Participant.objects.exclude(status__in=GONE)
    return rows
