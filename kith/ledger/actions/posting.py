"""Journals: posted once per key, in batches, reversed at most once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger import rules
from kith.ledger.actions.doors import JournalUnknown, call
from kith.ledger.models import Transfer
from kith.ledger.rules import Leg


@dataclass(frozen=True, slots=True)
class Posting:
    """What came of a request: the journal, and whether an earlier call had made it."""

    journal_id: int
    replay: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """One journal still to be posted. Raises ValueError for a kind that is not in the table of events.

    `intent` stands for the legs in the request's hash where the legs follow from balances.
    """

    key: str
    kind: str
    legs: Sequence[Leg]
    event_at: datetime
    ref_type: str | None = None
    ref_id: UUID | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    intent: Sequence[Leg] | None = None

    def __post_init__(self) -> None:
        if self.kind not in rules.JOURNAL_KINDS:
            raise ValueError(f"{self.kind} is not a kind of journal")

    def hash(self, reverses: int | None = None) -> bytes:
        """What the idempotency key stands for."""
        legs = self.legs if self.intent is None else self.intent
        return rules.request_hash(
            self.kind, legs, ref_type=self.ref_type, ref_id=self.ref_id, reverses=reverses
        )


def post(
    *,
    key: str,
    kind: str,
    legs: Sequence[Leg],
    event_at: datetime,
    actor: Actor,
    ref_type: str | None = None,
    ref_id: UUID | None = None,
    reverses: int | None = None,
    meta: Mapping[str, Any] | None = None,
    intent: Sequence[Leg] | None = None,
) -> Posting:
    """Post one business event: all its legs or none, once per key.

    The same request with the same key again answers the first journal. `event_at` and `meta` do not count
    as part of the request, so a later retry is a retry. Raises InsufficientFunds, CeilingReached,
    AccountFrozen, AccountUnknown, CurrencyMismatch, IdempotencyKeyReused, AlreadyReversed, ReversalMismatch.
    """
    _require_size(legs)
    draft = Draft(key, kind, legs, event_at, ref_type, ref_id, meta or {}, intent)
    rows = call(
        "select journal_id, replay from ledger_post(%s, %s, %s, %s, %s, %s::bigint[], %s::bigint[],"
        " %s::bigint[], %s::text[], %s, %s, %s, %s::jsonb, %s)",
        [
            key,
            draft.hash(reverses),
            kind,
            event_at,
            [leg.debit for leg in legs],
            [leg.credit for leg in legs],
            [leg.amount.amount_minor for leg in legs],
            [leg.amount.currency for leg in legs],
            reverses,
            ref_type,
            ref_id,
            json.dumps(dict(draft.meta)),
            actor.ref,
        ],
    )
    return Posting(*rows[0])


def post_many(*, drafts: Sequence[Draft], actor: Actor) -> list[Posting]:
    """Post several journals, at most 1,000 legs together, all or nothing; answers in the order asked.

    Raises as `post` does. Drafts already posted with the same request are replays and change nothing.
    """
    if not drafts:
        return []
    _require_size([leg for draft in drafts for leg in draft.legs])
    batch = [
        {
            "key": draft.key,
            "hash": draft.hash().hex(),
            "kind": draft.kind,
            "event": draft.event_at.isoformat(),
            "ref_type": draft.ref_type,
            "ref_id": str(draft.ref_id) if draft.ref_id else None,
            "meta": dict(draft.meta),
            "actor": actor.ref,
            "legs": [
                [leg.debit, leg.credit, leg.amount.amount_minor, leg.amount.currency] for leg in draft.legs
            ],
        }
        for draft in drafts
    ]
    rows = call(
        "select journal_id, replay from ledger_post_many(%s, %s::jsonb) order by ordinal", [json.dumps(batch)]
    )
    return [Posting(*row) for row in rows]


def reverse(
    *, journal_id: int, key: str, event_at: datetime, actor: Actor, meta: Mapping[str, Any] | None = None
) -> Posting:
    """Undo a journal by its mirror, at most once. Raises JournalUnknown, and as `post` does."""
    transfers = list(Transfer.objects.filter(journal_id=journal_id).select_related("journal").order_by("id"))
    if not transfers:
        raise JournalUnknown(journal_id=journal_id)
    original = transfers[0].journal
    legs = [Leg(row.debit_account_id, row.credit_account_id, row.money) for row in transfers]
    return post(
        key=key,
        kind="reversal",
        legs=rules.legs_reversed(legs),
        event_at=event_at,
        actor=actor,
        ref_type=original.ref_type,
        ref_id=original.ref_id,
        reverses=journal_id,
        meta=meta,
    )


def lock_balances(*, account_ids: Iterable[int]) -> dict[int, Money]:
    """What the accounts hold, locked until commit: for legs that depend on balances."""
    rows = call(
        "select account_id, balance, currency from ledger_lock(%s, %s::bigint[])", [sorted(set(account_ids))]
    )
    return {account: Money(balance, currency) for account, balance, currency in rows}


def _require_size(legs: Sequence[Leg]) -> None:
    if not 1 <= len(legs) <= rules.MAX_LEGS:
        raise ValueError(f"1 to {rules.MAX_LEGS} legs at once, not {len(legs)}")
