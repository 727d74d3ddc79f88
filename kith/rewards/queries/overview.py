"""The rewards of an organization: which there are, what they sum to, and whether the ledger says the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from kith.kit.money import Money
from kith.kit.pagination import Page, listed
from kith.kit.search import matching
from kith.ledger import queries as ledger
from kith.participants.models import Participant
from kith.rewards import rules
from kith.rewards.models import Reward
from kith.rewards.queries.rewards import NEWEST, reward_list

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "waiting": ("granted", "pending_approval"),
    "held": ("approved", "on_hold"),
    "available": ("available",),
    "paid": ("settled",),
    "taken": ("clawed_back",),
    "refused": ("rejected", "cancelled"),
}
"""What people ask for -> the statuses behind it; every status is in exactly one group."""

TAKEN = Q(clawed_back_minor__gt=0)
WORDS = {
    "waiting": _("To approve"),
    "held": _("Approved, in their waiting time"),
    "available": _("Available"),
    "paid": _("Paid"),
    "taken": _("Taken back"),
    "refused": _("Rejected or cancelled"),
}


def found_rewards(
    *, group: str = "", status: str = "", currency: str = "", program_id: UUID | None = None, search: str = ""
) -> QuerySet[Reward]:
    """Rewards with what a list shows, newest first. `search` finds parts of the beneficiary's name and e-mail.

    "taken" finds all of which something was taken back, also where some is left.
    """
    rows = reward_list(status=status, program_id=program_id)
    if group == "taken":
        rows = rows.filter(clawed_back_minor__gt=0)
    elif group in GROUPS:
        rows = rows.filter(status__in=GROUPS[group])
    if currency:
        rows = rows.filter(currency=currency)
    if search.strip():
        people = matching(Participant.objects.all(), search)
        rows = rows.filter(beneficiary_id__in=people.values("id"))
    return rows.order_by(*NEWEST)


def rewards_page(*, page: int | str = 1, cursor: str | None = None, **wanted: Any) -> Page[Reward]:
    """A page of `found_rewards`, beyond row 10,000 by cursor. Raises as `listed` does."""
    keys = found_rewards(**wanted).select_related(None).values("id", "created_at")
    found = listed(keys, order=NEWEST, page=page, limit=25, cursor=cursor)
    rows = reward_list().in_bulk([row["id"] for row in found.items])
    return found.showing([rows[row["id"]] for row in found.items])


@dataclass(frozen=True, slots=True)
class Total:
    """All rewards of one group and currency; of "taken" the amount is what was taken back."""

    group: str
    words: Any
    count: int
    money: Money


@dataclass(frozen=True, slots=True)
class Book:
    """One currency: totals by group, and what the ledger says it owes and has paid."""

    currency: str
    totals: list[Total]
    promised: Money
    kept: Money
    ledger_promised: Money
    ledger_kept: Money

    @property
    def agrees(self) -> bool:
        """True when rewards and ledger say the same: what is pending, and what people have or were paid."""
        return (self.promised, self.kept) == (self.ledger_promised, self.ledger_kept)


def overview() -> list[Book]:
    """Totals of every currency in which anything was earned. Two statements."""
    rows = list(
        Reward.objects.order_by("currency", "status").values_list("currency", "status").annotate(
            Count("id"), Sum("amount_minor"), Sum("clawed_back_minor"), taken=Count("id", filter=TAKEN),
        )
    )  # fmt: skip
    held: dict[tuple[str, str], int] = {
        (line.money.currency, line.kind): line.money.amount_minor for line in ledger.trial_balance()
    }
    return [
        _book(currency, [row[1:] for row in rows if row[0] == currency], held)
        for currency in sorted({row[0] for row in rows})
    ]


def _book(currency: str, rows: list[Any], held: Mapping[tuple[str, str], int]) -> Book:
    def money(minor: int) -> Money:
        return Money(int(minor), currency)

    def left(statuses: tuple[str, ...]) -> int:
        return sum(amount - taken for status, _n, amount, taken, _m in rows if status in statuses)

    totals = [
        Total("taken", WORDS["taken"], sum(row[4] for row in rows), money(sum(row[3] for row in rows)))
        if group == "taken"
        else Total(
            group, WORDS[group], sum(row[1] for row in rows if row[0] in statuses), money(left(statuses))
        )
        for group, statuses in GROUPS.items()
    ]
    kept = sum(held.get((currency, kind), 0) for kind in ("available", "reserved", "paid", "debt"))
    return Book(
        currency, totals, money(left(rules.HELD)), money(left(rules.MATURED)),
        money(held.get((currency, "pending"), 0)), money(kept),
    )  # fmt: skip
