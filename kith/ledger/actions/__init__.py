"""The only way money moves: open accounts, post journals, reverse them, freeze accounts.

Every function needs a tenant in force and calls one function of the database, which decides under its
locks. Post last in a transaction, because the locks live until commit, and post once: several journals of
one transaction belong into `post_many`, which locks for all of them in one order. A refusal aborts the
transaction; a caller that wants to go on after one wraps the call in `transaction.atomic()`.
"""

from kith.kit.currencies import UnknownCurrency
from kith.kit.money import CurrencyMismatch
from kith.ledger.actions.accounts import (
    ParticipantAccounts,
    define_points,
    freeze,
    open_account,
    open_participant,
    set_cap,
    unfreeze,
)
from kith.ledger.actions.doors import (
    AccountFrozen,
    AccountUnknown,
    AlreadyReversed,
    CeilingReached,
    IdempotencyKeyReused,
    InsufficientFunds,
    JournalUnknown,
    ReversalMismatch,
)
from kith.ledger.actions.posting import Draft, Posting, lock_balances, post, post_many, reverse
from kith.ledger.actions.settling import Due, claw_back, mature, merge_owner

__all__ = [
    "AccountFrozen",
    "AccountUnknown",
    "AlreadyReversed",
    "CeilingReached",
    "CurrencyMismatch",
    "Draft",
    "Due",
    "IdempotencyKeyReused",
    "InsufficientFunds",
    "JournalUnknown",
    "ParticipantAccounts",
    "Posting",
    "ReversalMismatch",
    "UnknownCurrency",
    "claw_back",
    "define_points",
    "freeze",
    "lock_balances",
    "mature",
    "merge_owner",
    "open_account",
    "open_participant",
    "post",
    "post_many",
    "reverse",
    "set_cap",
    "unfreeze",
]
