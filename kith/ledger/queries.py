"""What the accounts hold, how they came to it, and whether the books are sound. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from kith.kit import tenancy
from kith.kit.money import Money
from kith.ledger.models import Account, Journal

MAX_ENTRIES = 100

FAULTS = {
    "running_balance": "an entry's balance does not follow from the one before",
    "sequence_gap": "an entry is missing",
    "account_tip": "the account does not agree with its last entry",
    "below_floor": "the balance is below the floor",
    "above_ceiling": "the balance is above the ceiling",
    "not_zero_sum": "the balances of the currency do not add up to zero",
    "empty_journal": "a journal has no transfer",
    "replay": "the balance does not follow from the transfers",
    "foreign_transfer": "a transfer leads out of its tenant or currency",
    "orphan_transfer": "a transfer has no journal",
    "bad_amount": "a transfer moves nothing, less than nothing, or stays where it is",
    "key_twice": "one idempotency key has two journals",
    "reversed_twice": "a journal is reversed more than once",
    "not_a_mirror": "a reversal is not the mirror of what it reverses",
}
"""What `check` looks for, in words."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One account and what it holds."""

    account_id: int
    kind: str
    owner_id: UUID | None
    money: Money
    frozen: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One account's side of one transfer; `amount` is negative when the account gave."""

    seq: int
    journal_id: int
    kind: str
    amount: Money
    balance: Money
    event_at: datetime
    ref_type: str | None
    ref_id: UUID | None
    actor: str
    other_account_id: int


@dataclass(frozen=True, slots=True)
class TrialLine:
    """All accounts of one kind and currency together."""

    kind: str
    accounts: int
    money: Money


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One account over a period: opening + the sum of movements by journal kind = closing."""

    account_id: int
    kind: str
    opening: Money
    movements: dict[str, Money]
    closing: Money


@dataclass(frozen=True, slots=True)
class Movement:
    """One journal as its owner sees it: `owed` is by how much more they are owed, `moved` what it was about."""

    journal_id: int
    kind: str
    at: datetime
    ref_type: str | None
    ref_id: UUID | None
    owed: Money
    moved: Money


@dataclass(frozen=True, slots=True)
class Offence:
    """One finding of the check: something that must never be."""

    fault: str
    tenant_id: int
    currency: str | None
    account_id: int | None
    journal_id: int | None
    detail: str

    @property
    def sentence(self) -> str:
        """The finding in words, with the place where it is."""
        named = {"account": self.account_id, "journal": self.journal_id, "currency": self.currency}
        place = ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
        return f"{FAULTS[self.fault]} ({place}): {self.detail}"


def accounts(
    *, owner_id: UUID | None = None, kind: str | None = None, currency: str | None = None
) -> QuerySet[Account]:
    """Accounts of the tenant, narrowed by what is given, in a stable order."""
    wanted = {"owner_id": owner_id, "kind": kind, "currency": currency}
    given = {name: value for name, value in wanted.items() if value is not None}
    return Account.objects.filter(**given).order_by("currency", "id")


def balances(owner_id: UUID, *, currency: str | None = None) -> list[Balance]:
    """Every account of one owner (a participant, or the program or campaign of a budget)."""
    return [_balance(account) for account in accounts(owner_id=owner_id, currency=currency)]


def balances_of(owner_ids: Sequence[UUID]) -> dict[UUID, list[Balance]]:
    """The same for many owners in one statement; owners without accounts have an empty list."""
    found: dict[UUID, list[Balance]] = {owner_id: [] for owner_id in owner_ids}
    for account in Account.objects.filter(owner_id__in=list(found)).order_by("currency", "id"):
        if account.owner_id is not None:
            found[account.owner_id].append(_balance(account))
    return found


def balance(kind: str, owner_id: UUID | None, currency: str) -> Money:
    """What one account holds; nothing when it was never opened."""
    owner = {"owner_id": owner_id} if owner_id else {"owner_id__isnull": True}
    rows = Account.objects.filter(kind=kind, currency=currency, **owner)
    return Money(rows.values_list("balance", flat=True).first() or 0, currency)


def entries(account_id: int, *, before: int | None = None, limit: int = 20) -> list[Entry]:
    """The account's newest entries, or those before entry `before` (the `seq` of the last one shown)."""
    rows = _rows(
        "select e.seq, e.journal_id, j.kind, e.amount, e.currency, e.balance, j.event_at, j.ref_type,"
        " j.ref_id, j.actor, e.other_account_id"
        " from ledger_entry e join ledger_journal j on j.id = e.journal_id"
        " where e.account_id = %s and e.seq < %s order by e.seq desc limit %s",
        [account_id, 2**63 - 1 if before is None else before, max(1, min(limit, MAX_ENTRIES))],
    )
    return [
        Entry(seq, journal, kind, Money(amount, code), Money(after, code), at, ref_type, ref_id, actor, other)
        for seq, journal, kind, amount, code, after, at, ref_type, ref_id, actor, other in rows
    ]


def journals(*, ref_id: UUID) -> QuerySet[Journal]:
    """Everything posted for one thing, e.g. a reward, oldest first."""
    return Journal.objects.filter(ref_id=ref_id).order_by("id")


def trial_balance() -> list[TrialLine]:
    """Totals by kind and currency. The amounts of each currency add up to zero."""
    rows = Account.objects.values_list("kind", "currency").annotate(Count("id"), Sum("balance"))
    return [
        TrialLine(kind, count, Money(int(total), code))
        for kind, code, count, total in rows.order_by("currency", "kind")
    ]


def statement(owner_id: UUID, *, currency: str, since: datetime, until: datetime) -> list[StatementLine]:
    """Each account of the owner over the period [since, until) by the time of the event, not of posting."""
    kinds = {account.id: account.kind for account in accounts(owner_id=owner_id, currency=currency)}
    openings: dict[int, int] = dict.fromkeys(kinds, 0)
    movements: dict[int, dict[str, int]] = {account_id: {} for account_id in kinds}
    rows = _rows(
        "select e.account_id, j.event_at < %s, j.kind, sum(e.amount)::bigint from ledger_entry e"
        " join ledger_journal j on j.id = e.journal_id"
        " where e.account_id = any(%s) and j.event_at < %s group by 1, 2, 3 order by 3",
        [since, list(kinds), until],
    )
    for account_id, earlier, kind, amount in rows:
        if earlier:
            openings[account_id] += amount
        else:
            movements[account_id][kind] = amount
    return [
        StatementLine(
            account_id,
            kind,
            Money(openings[account_id], currency),
            {name: Money(amount, currency) for name, amount in movements[account_id].items()},
            Money(openings[account_id] + sum(movements[account_id].values()), currency),
        )
        for account_id, kind in kinds.items()
    ]


def movements(owner_id: UUID, *, currency: str, since: datetime, until: datetime) -> list[Movement]:
    """What each journal of [since, until) changed of what the owner is owed, in the order of the events.

    What only changes its place, such as a reward that becomes available, changes nothing of it. The opening of
    `statement` without what was paid, and these, make its closing.
    """
    rows = _rows(
        "select j.id, j.kind, j.event_at, j.ref_type, j.ref_id,"
        " (sum(e.amount) filter (where a.kind <> 'paid'))::bigint, max(abs(e.amount))::bigint"
        " from ledger_entry e join ledger_journal j on j.id = e.journal_id"
        " join ledger_account a on a.id = e.account_id"
        " where a.owner_id = %s and a.currency = %s and j.event_at >= %s and j.event_at < %s"
        " group by j.id, j.kind, j.event_at, j.ref_type, j.ref_id order by j.event_at, j.id",
        [owner_id, currency, since, until],
    )
    return [
        Movement(journal, kind, at, ref_type, ref_id, Money(owed or 0, currency), Money(moved, currency))
        for journal, kind, at, ref_type, ref_id, owed, moved in rows
    ]


def check() -> list[Offence]:
    """Findings of the tenant in force (of all while crossing tenants); empty means the books are sound."""
    return [Offence(*row) for row in _rows("select * from ledger_check()", [])]


def _balance(account: Account) -> Balance:
    return Balance(account.id, account.kind, account.owner_id, account.money, account.frozen)


def _rows(sql: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
    tenancy.current()  # raises NoTenant, as the manager does
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
