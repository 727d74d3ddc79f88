"""The two events whose legs follow from balances: maturing pays debts first, claw-backs take what is there.

The balances are read under the locks that the posting then uses. A retry of the same key is a replay even
when the balances have changed since, because the request is the intent and not the legs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger import rules
from kith.ledger.actions.accounts import ParticipantAccounts, open_account
from kith.ledger.actions.posting import Draft, Posting, lock_balances, post, post_many
from kith.ledger.models import Journal
from kith.ledger.queries import accounts
from kith.ledger.rules import Leg


@dataclass(frozen=True, slots=True)
class Due:
    """One reward whose holding period is over."""

    key: str
    accounts: ParticipantAccounts
    amount: Money
    ref_type: str | None = None
    ref_id: UUID | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


def mature(*, dues: Sequence[Due], event_at: datetime, actor: Actor) -> list[Posting]:
    """Move what is due from pending to the participants' debts first and to available for the rest.

    One journal per due, all or nothing, at most 500 dues at once. Raises as `post_many` does.
    """
    held = lock_balances(account_ids=[account for due in dues for account in _touched(due)])
    earlier = Journal.objects.filter(idempotency_key__in=[due.key for due in dues])
    posted = set(earlier.values_list("idempotency_key", flat=True))
    drafts = []
    for due in dues:
        own, zero = due.accounts, Money.zero(due.amount.currency)
        debt = held.get(own.debt, zero)
        legs = rules.legs_mature(own.pending, own.debt, own.available, due.amount, debt)
        if due.key not in posted:
            held[own.debt] = min(zero, debt + due.amount)
        intent = [Leg(own.pending, own.available, due.amount)]
        drafts.append(Draft(due.key, "mature", legs, event_at, due.ref_type, due.ref_id, due.meta, intent))
    return post_many(drafts=drafts, actor=actor)


def claw_back(
    *,
    key: str,
    accounts: ParticipantAccounts,
    budget: int,
    amount: Money,
    event_at: datetime,
    actor: Actor,
    ref_type: str | None = None,
    ref_id: UUID | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Posting:
    """Take a matured amount back into the budget; what is not available becomes debt. Raises as `post`."""
    held = lock_balances(account_ids=[accounts.available, accounts.debt, budget])
    available = held.get(accounts.available, Money.zero(amount.currency))
    return post(
        key=key,
        kind="clawback",
        legs=rules.legs_clawback(accounts.available, accounts.debt, budget, amount, available),
        event_at=event_at,
        actor=actor,
        ref_type=ref_type,
        ref_id=ref_id,
        meta=meta,
        intent=[Leg(accounts.available, budget, amount)],
    )


def merge_owner(
    *, key: str, owner_id: UUID, into_id: UUID, event_at: datetime, actor: Actor
) -> Posting | None:
    """Give everything one participant holds and owes to another, account by account; None when it is nothing.

    Nothing that was posted before changes: the accounts of the one end at zero. Raises AccountFrozen.
    """
    pairs = {
        account.id: open_account(kind=account.kind, owner_id=into_id, currency=account.currency)
        for account in accounts(owner_id=owner_id)
    }
    held = lock_balances(account_ids=[*pairs, *pairs.values()])
    legs = [
        leg for source, target in pairs.items() if held[source]
        for leg in rules.legs_merge(source, target, held[source])
    ]  # fmt: skip
    if not legs:
        return None
    return post(
        key=key, kind="merge", legs=legs, event_at=event_at, actor=actor, ref_type="participant", ref_id=owner_id
    )  # fmt: skip


def _touched(due: Due) -> tuple[int, int, int]:
    return due.accounts.pending, due.accounts.debt, due.accounts.available
