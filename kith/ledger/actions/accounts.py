"""Opening accounts, and the brake and cap on them."""

from dataclasses import dataclass
from uuid import UUID

from kith.ledger import rules
from kith.ledger.actions.doors import call


@dataclass(frozen=True, slots=True)
class ParticipantAccounts:
    """Ids of one participant's accounts in one currency."""

    pending: int
    available: int
    reserved: int
    paid: int
    debt: int


def open_account(*, kind: str, owner_id: UUID | None = None, currency: str, capped: bool = True) -> int:
    """Id of the account, opened if it was not there. `capped=False` gives a new budget no floor.

    Raises ValueError for a kind that is not in the chart or not of such an owner, UnknownCurrency.
    """
    if not rules.owner_fits(kind, owner_id):
        raise ValueError(f"{kind} is not an account of {owner_id or 'the tenant'}")
    return int(call("select ledger_open(%s, %s, %s, %s, %s)", [kind, owner_id, currency, capped])[0][0])


def open_participant(*, owner_id: UUID, currency: str) -> ParticipantAccounts:
    """The participant's whole set of accounts in this currency, opened where missing, in one round trip."""
    kinds = list(rules.PARTICIPANT_KINDS)
    rows = call(
        "select kind, ledger_open(%s, kind, %s, %s) from unnest(%s::text[]) kind", [owner_id, currency, kinds]
    )
    return ParticipantAccounts(**dict(rows))


def define_points(*, code: str, name: str) -> None:
    """Give the tenant a points currency: `PTS`, or `PTS_` and a name. Raises UnknownCurrency otherwise."""
    call("select ledger_define_points(%s, %s, %s)", [code, name])


def freeze(*, account_id: int) -> None:
    """Let the account give nothing until `unfreeze`; it may still receive. Raises AccountUnknown."""
    call("select ledger_freeze(%s, %s, true)", [account_id])


def unfreeze(*, account_id: int) -> None:
    """Take the brake off again. Raises AccountUnknown."""
    call("select ledger_freeze(%s, %s, false)", [account_id])


def set_cap(*, account_id: int, capped: bool) -> None:
    """Let a budget end at zero, or not. Raises AccountUnknown, and InsufficientFunds when it is overspent."""
    call("select ledger_set_floor(%s, %s, %s)", [account_id, capped])
