"""One search over everything: people, referrals, programs and payout batches, as far as the member may see them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.kit.search import can_search
from kith.kit.templatetags.kit import money
from kith.participants.queries import participant_list
from kith.payouts.queries import batch_list
from kith.pipelines.queries import stage_label
from kith.programs.queries import programs
from kith.referrals.queries import referral_list

SHORTEST_NAME = 2
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Found:
    """One record: what it is called, what tells it apart, and where it is (`target` of the group, `id`)."""

    id: UUID
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `more` when there is more than is shown."""

    words: Any
    target: str
    icon: str
    items: list[Found]
    more: bool = False


def find(actor: Actor, typed: str, *, limit: int = 5) -> list[Group]:
    """What matches, by kind, kinds without a match left out. At most one or two statements each.

    People and referrals are looked for from three letters on, below that only by a whole customer number.
    """
    typed = typed[:LONGEST].strip()
    if not typed:
        return []
    found = [
        _group(words, target, icon, look(typed, limit + 1), limit)
        for words, target, icon, permission, look in KINDS
        if actor.may(permission)
    ]
    return [group for group in found if group.items]


def _group(words: Any, target: str, icon: str, items: list[Found], limit: int) -> Group:
    return Group(words, target, icon, items[:limit], len(items) > limit)


def _people(typed: str, limit: int) -> list[Found]:
    rows = participant_list(search=typed, limit=limit).items
    return [Found(row.id, row.name, " · ".join(filter(None, (row.email, row.code)))) for row in rows]


def _referrals(typed: str, limit: int) -> list[Found]:
    if not can_search(typed):
        return []
    locale = get_language() or "en"
    return [
        Found(
            row.id,
            row.referred_name or row.referred_email or row.booking_reference or row.code,
            f"{stage_label(row.stage, locale)} · {row.referrer.name}",
        )
        for row in referral_list(search=typed)[:limit]
    ]


def _programs(typed: str, limit: int) -> list[Found]:
    if len(typed) < SHORTEST_NAME:
        return []
    return [Found(row.id, row.name, row.code) for row in programs(search=typed)[:limit]]


def _batches(typed: str, limit: int) -> list[Found]:
    number = typed.lstrip("#")
    if not (number.isascii() and number.isdecimal() and len(number) <= len("2147483647") - 1):
        return []
    return [
        Found(
            row.id,
            f"#{row.number}",
            f"{row.get_status_display()} · {money(Money(row.total_minor, row.currency))}",
        )
        for row in batch_list().filter(number=int(number))[:limit]
    ]


Look = Callable[[str, int], list[Found]]
# Words, where it leads, icon, permission, how it is looked for.
KINDS: tuple[tuple[Any, str, str, str, Look], ...] = (
    (_("People"), "participant", "user-round", "participants.view", _people),
    (_("Referrals"), "referral", "inbox", "referrals.view", _referrals),
    (_("Programs"), "program", "flag", "programs.view", _programs),
    (_("Payout batches"), "batch", "landmark", "payouts.view", _batches),
)
