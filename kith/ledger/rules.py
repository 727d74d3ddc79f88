"""The chart of accounts, and which accounts each business event debits and credits.

Everything here is arithmetic on plain values. A leg takes its amount from `debit` and gives it to `credit`;
accounts are named by their ids.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from kith.kit.money import LARGEST, Money

OwnedBy = Literal["tenant", "budget", "participant"]
MAX_LEGS = 1_000
"""Most legs one posting or one batch may have."""


@dataclass(frozen=True, slots=True)
class AccountKind:
    """One line of the chart. `floor` and `ceiling` are minor units, None for none; a budget's is optional."""

    name: str
    owned_by: OwnedBy
    meaning: str
    floor: int | None = None
    ceiling: int | None = None

    @property
    def is_system(self) -> bool:
        """True for accounts many postings share; these are locked last."""
        return self.owned_by != "participant"


CHART: dict[str, AccountKind] = {
    kind.name: kind
    for kind in (
        AccountKind("funding", "tenant", "outside world that funds budgets"),
        AccountKind("budget", "budget", "what a program or campaign may still spend", floor=0),
        AccountKind("pending", "participant", "earned, in its holding period", floor=0),
        AccountKind("available", "participant", "may be withdrawn or redeemed", floor=0),
        AccountKind("reserved", "participant", "in a withdrawal", floor=0),
        AccountKind("paid", "participant", "paid out", floor=0),
        AccountKind("debt", "participant", "clawed back but not covered", ceiling=0),
        AccountKind("fees", "tenant", "fees of payouts"),
        AccountKind("fx", "tenant", "open position of currency conversion"),
        AccountKind("writeoff", "tenant", "debts given up"),
        AccountKind("expired", "tenant", "points that expired"),
    )
}
PARTICIPANT_KINDS = tuple(kind.name for kind in CHART.values() if kind.owned_by == "participant")

JOURNAL_KINDS = frozenset(
    [
        *("fund", "unfund", "accrue", "mature", "cancel", "clawback"),
        *("withdraw.request", "withdraw.release", "withdraw.paid", "withdraw.returned", "fee"),
        *("fx", "redeem", "expire", "writeoff", "reversal", "merge"),
    ]
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement. Raises ValueError for an amount that is not positive or an account that pays itself."""

    debit: int
    credit: int
    amount: Money

    def __post_init__(self) -> None:
        if not 0 < self.amount.amount_minor <= LARGEST:
            raise ValueError(f"a leg moves a positive amount, not {self.amount.amount_minor}")
        if self.debit == self.credit:
            raise ValueError("a leg needs two accounts")


def owner_fits(kind: str, owner_id: UUID | None) -> bool:
    """Whether an account of this kind may belong to this owner: tenant accounts have none, all others one."""
    return kind in CHART and (owner_id is None) == (CHART[kind].owned_by == "tenant")


def legs_fund(funding: int, budget: int, amount: Money) -> list[Leg]:
    """A budget is funded or raised."""
    return [Leg(funding, budget, amount)]


def legs_unfund(budget: int, funding: int, amount: Money) -> list[Leg]:
    """A budget is lowered."""
    return [Leg(budget, funding, amount)]


def legs_accrue(budget: int, pending: int, amount: Money) -> list[Leg]:
    """A reward is granted: reserved from the budget before anybody approves."""
    return [Leg(budget, pending, amount)]


def legs_mature(pending: int, debt: int, available: int, amount: Money, debt_balance: Money) -> list[Leg]:
    """The holding period is over: the debt (zero or less) is paid first, the rest becomes available."""
    to_debt = min(amount, -debt_balance)
    return _legs((pending, debt, to_debt), (pending, available, amount - to_debt))


def legs_cancel(pending: int, budget: int, amount: Money) -> list[Leg]:
    """A reward is cancelled while held."""
    return [Leg(pending, budget, amount)]


def legs_clawback(
    available: int, debt: int, budget: int, amount: Money, available_balance: Money
) -> list[Leg]:
    """A matured reward is taken back: from what is available, and as debt for what is not covered."""
    covered = min(amount, available_balance)
    return _legs((available, budget, covered), (debt, budget, amount - covered))


def legs_withdraw_request(available: int, reserved: int, amount: Money) -> list[Leg]:
    """A withdrawal is requested."""
    return [Leg(available, reserved, amount)]


def legs_withdraw_release(reserved: int, available: int, amount: Money) -> list[Leg]:
    """A withdrawal is cancelled, rejected or has failed."""
    return [Leg(reserved, available, amount)]


def legs_withdraw_paid(
    reserved: int, paid: int, amount: Money, *, fees: int | None = None, fee: Money | None = None
) -> list[Leg]:
    """A withdrawal was paid. With `fee` the participant bears it: paid receives the amount less the fee."""
    if not fee:
        return [Leg(reserved, paid, amount)]
    if fees is None:
        raise ValueError("a fee needs its account")
    return _legs((reserved, paid, amount - fee), (reserved, fees, fee))


def legs_withdraw_returned(paid: int, available: int, amount: Money) -> list[Leg]:
    """The bank returned a withdrawal after it was paid."""
    return [Leg(paid, available, amount)]


def legs_fee(funding: int, fees: int, fee: Money) -> list[Leg]:
    """A fee the tenant bears."""
    return [Leg(funding, fees, fee)]


def legs_fx(source: int, fx_sold: int, fx_bought: int, target: int, sold: Money, bought: Money) -> list[Leg]:
    """A conversion: two transfers through the position accounts of the two currencies."""
    if sold.currency == bought.currency:
        raise ValueError("a conversion needs two currencies")
    return [Leg(source, fx_sold, sold), Leg(fx_bought, target, bought)]


def legs_redeem(available: int, budget: int, amount: Money) -> list[Leg]:
    """Points are redeemed."""
    return [Leg(available, budget, amount)]


def legs_expire(available: int, expired: int, amount: Money) -> list[Leg]:
    """Points expire."""
    return [Leg(available, expired, amount)]


def legs_writeoff(writeoff: int, debt: int, amount: Money) -> list[Leg]:
    """A debt is given up."""
    return [Leg(writeoff, debt, amount)]


def legs_merge(source: int, target: int, balance: Money) -> list[Leg]:
    """Two owners were one person: what one account of the other holds, or owes, is the same account's here."""
    return [Leg(source, target, balance)] if balance.amount_minor > 0 else [Leg(target, source, -balance)]


def legs_reversed(legs: Sequence[Leg]) -> list[Leg]:
    """The mirror of a journal, last leg first, so that every state in between was a valid one before."""
    return [Leg(leg.credit, leg.debit, leg.amount) for leg in reversed(legs)]


def request_hash(
    kind: str, legs: Iterable[Leg], *, ref_type: str | None, ref_id: UUID | None, reverses: int | None = None
) -> bytes:
    """32 bytes that are equal exactly for equal requests; the order of legs counts."""
    request = [
        kind,
        [[leg.debit, leg.credit, leg.amount.amount_minor, leg.amount.currency] for leg in legs],
        ref_type,
        str(ref_id) if ref_id else None,
        reverses,
    ]
    return hashlib.sha256(json.dumps(request, separators=(",", ":")).encode()).digest()


def _legs(*movements: tuple[int, int, Money]) -> list[Leg]:
    """Legs of the movements that move something. Raises ValueError when one is negative or none does."""
    legs = [Leg(debit, credit, amount) for debit, credit, amount in movements if amount]
    if not legs:
        raise ValueError("nothing to move")
    return legs
