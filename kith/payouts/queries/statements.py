"""What a participant was owed at the start, each thing that changed it in words, and what at the end."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from kith.kit import tables
from kith.kit.money import Money, total
from kith.ledger import queries as ledger
from kith.ledger.queries import Movement
from kith.payouts import rules
from kith.payouts.models import Withdrawal
from kith.rewards.models import Reward
from kith.tenants.queries import current_tenant


@dataclass(frozen=True, slots=True)
class Line:
    """One movement: by how much more or less is owed, and how much then; `amount` is None where only its place
    changed."""

    at: datetime.datetime
    words: str
    note: str
    amount: Money | None
    balance: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """One currency over the days `first` to `last`, both included: opening + lines = closing = the ledger's."""

    currency: str
    first: datetime.date
    last: datetime.date
    opening: Money
    lines: list[Line]
    closing: Money
    held: dict[str, Money]
    paid: Money


def statements(participant_id: UUID, *, first: datetime.date, last: datetime.date) -> list[Statement]:
    """The participant's statement in every currency they have an account in."""
    zone = ZoneInfo(current_tenant().timezone)
    since = datetime.datetime.combine(first, datetime.time(), zone)
    until = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), zone)
    currencies = sorted({line.money.currency for line in ledger.balances(participant_id)})
    return [_statement(participant_id, code, since, until, (first, last)) for code in currencies]


def _statement(
    person: UUID, currency: str, since: datetime.datetime, until: datetime.datetime,
    days: tuple[datetime.date, datetime.date],
) -> Statement:  # fmt: skip
    accounts = ledger.statement(person, currency=currency, since=since, until=until)
    owed = [line for line in accounts if line.kind != "paid"]
    opening = total((line.opening for line in owed), currency)
    found = ledger.movements(person, currency=currency, since=since, until=until)
    paid = total((line.closing - line.opening for line in accounts if line.kind == "paid"), currency)
    return Statement(
        currency, *days, opening, list(_lines(found, opening)), total((line.closing for line in owed), currency),
        {line.kind: line.closing for line in owed}, paid,
    )  # fmt: skip


def _lines(found: Iterable[Movement], balance: Money) -> Iterator[Line]:
    moves = list(found)
    rewards = _rewards(row.ref_id for row in moves if row.ref_type == "reward")
    withdrawals = _withdrawals(row.ref_id for row in moves if row.ref_type == "withdrawal")
    for row in moves:
        balance += row.owed
        words, note = _words(row, rewards, withdrawals)
        yield Line(row.at, words, note, row.owed or None, balance)


def _rewards(ids: Iterable[Any]) -> dict[UUID, Reward]:
    return Reward.objects.select_related("referral").in_bulk(list(set(ids)))


def _withdrawals(ids: Iterable[Any]) -> dict[UUID, Withdrawal]:
    return Withdrawal.objects.select_related("batch", "payout_account").in_bulk(list(set(ids)))


def _words(
    row: Movement, rewards: Mapping[Any, Reward], withdrawals: Mapping[Any, Withdrawal]
) -> tuple[str, str]:
    """What happened, and about what."""
    said = {
        "accrue": _("Reward promised"),
        "mature": _("Reward became payable"),
        "cancel": _("Reward ended before it became payable"),
        "clawback": _("Reward taken back"),
        "withdraw.request": _("Put into a payment"),
        "withdraw.release": _("Payment did not go through; payable again"),
        "withdraw.paid": _("Paid"),
        "withdraw.returned": _("Payment came back; payable again"),
        "fee": _("Fee"),
        "writeoff": _("Debt given up"),
    }
    about = ""
    if row.ref_id in rewards and (referral := rewards[row.ref_id].referral):
        about = referral.referred_name or referral.referred_email
    elif row.ref_id in withdrawals:
        about = _about_payment(withdrawals[row.ref_id])
    return said.get(row.kind, _("Correction")), about


def _about_payment(row: Withdrawal) -> str:
    account = rules.masked(row.payout_account.iban_last4) if row.payout_account else ""
    batch = _("batch %(number)d") % {"number": row.batch.number} if row.batch else ""
    return " · ".join(part for part in (account, batch) if part)


def statement_csv(found: Iterable[Statement]) -> bytes:
    """The same as a table: a line for each movement between an opening and a closing one; amounts with a point."""
    columns = (_("date"), _("what"), _("about"), _("amount"), _("balance"), _("currency"))
    rows = (dict(zip(columns, cells, strict=True)) for each in found for cells in _cells(each))
    return b"".join(tables.as_csv(columns, rows))


def _cells(found: Statement) -> Iterator[tuple[str | Decimal, ...]]:
    zone = ZoneInfo(current_tenant().timezone)
    code = found.currency
    yield found.first.isoformat(), _("Opening balance"), "", "", found.opening.decimal, code
    for line in found.lines:
        day = line.at.astimezone(zone).date().isoformat()
        amount = line.amount.decimal if line.amount else ""
        yield day, line.words, line.note, amount, line.balance.decimal, code
    yield found.last.isoformat(), _("Closing balance"), "", "", found.closing.decimal, code
