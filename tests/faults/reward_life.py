"""What must hold in an organization's books at every moment, read from rows and recomputed in plain Python.

Letters and numbers are those of the design: L the ledger, B attribution, C the rules, F state and history.
Each function reads the tenant in force and raises AssertionError naming what does not hold.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from kith.ledger import queries as books
from kith.ledger.models import Account, Journal, Transfer
from kith.payouts import rules as payout_rules
from kith.payouts.models import PayoutBatch, Withdrawal, WithdrawalLine
from kith.pipelines.models import Move, StatusEntry
from kith.referrals.models import CLOSED, Adjustment, Conversion, Referral
from kith.rewards import rules as reward_rules
from kith.rewards.actions.undoing import REASON as UNDONE
from kith.rewards.models import Counter, Decision, Reward

DECIDED = ("completed", "rejected")
OUT_OF_BUDGET = {*reward_rules.HELD, *reward_rules.MATURED, "clawed_back"}


def ledger_replays() -> None:
    """L1 zero sum, L2 entries without gaps, L3 floors and ceilings, L10 balances follow from the transfers."""
    assert books.check() == []
    balance: dict[int, int] = defaultdict(int)
    seq: dict[int, int] = defaultdict(int)
    for row in Transfer.objects.order_by("id"):
        for account, amount, number, after in (
            (row.debit_account_id, -row.amount, row.debit_seq, row.debit_balance),
            (row.credit_account_id, row.amount, row.credit_seq, row.credit_balance),
        ):
            balance[account] += amount
            seq[account] += 1
            assert (seq[account], balance[account]) == (number, after), f"account {account}"
    total: dict[str, int] = defaultdict(int)
    for account in Account.objects.all():
        assert account.balance == balance[account.id], f"account {account.id} ({account.kind})"
        assert account.floor is None or account.balance >= account.floor
        assert account.ceiling is None or account.balance <= account.ceiling
        total[account.currency] += account.balance
    assert not any(total.values()), dict(total)


def rewards_are_where_they_say() -> None:
    """L8 for each reward, C4 for each budget: what its postings moved is what its status says."""
    kinds = {account.id: account.kind for account in Account.objects.all()}
    refs = dict(Journal.objects.filter(ref_type="reward").values_list("id", "ref_id"))
    moved: dict[Any, Tally[str]] = defaultdict(Tally)
    for row in Transfer.objects.filter(journal_id__in=list(refs)):
        moved[refs[row.journal_id]][kinds[row.debit_account_id]] -= row.amount
        moved[refs[row.journal_id]][kinds[row.credit_account_id]] += row.amount
    for reward in Reward.objects.all():
        held = reward.amount_minor if reward.status in reward_rules.HELD else 0
        kept = reward.left.amount_minor if reward.status in reward_rules.MATURED else 0
        found = moved[reward.id]
        assert found["pending"] == held, (reward.status, found)
        assert found["available"] + found["debt"] == kept, (reward.status, found)
        assert found["budget"] == -held - kept, (reward.status, found)
        assert (reward.status == "clawed_back") == (reward.clawed_back_minor == reward.amount_minor)


def people_hold_what_they_earned() -> None:
    """L8 for each person: what matured and was kept is available, on its way, paid, or covers a debt."""
    kept: Tally[Any] = Tally()
    for reward in Reward.objects.filter(status__in=reward_rules.MATURED):
        kept[reward.beneficiary_id, reward.currency] += reward.left.amount_minor
    held: Tally[Any] = Tally()
    for account in Account.objects.filter(kind__in=["available", "reserved", "paid", "debt"]):
        held[account.owner_id, account.currency] += account.balance
    assert +kept == +held
    assert not -held


def withdrawals_are_where_they_say() -> None:
    """L9: a withdrawal is reserved once and then released or paid, and only what was paid comes back."""
    expected = {
        "requested": ["request"], "approved": ["request"], "processing": ["request"],
        "paid": ["paid", "request"], "returned": ["paid", "request", "returned"],
        "failed": ["release", "request"], "cancelled": ["release", "request"], "rejected": ["release", "request"],
    }  # fmt: skip
    posted = defaultdict(list)
    for key in Journal.objects.filter(idempotency_key__startswith="withdrawal:").values_list(
        "idempotency_key", flat=True
    ):
        _word, withdrawal_id, step = key.split(":")
        posted[withdrawal_id].append(step)
    on_the_way: Tally[str] = Tally()
    for row in Withdrawal.objects.all():
        assert sorted(posted[str(row.pk)]) == expected[row.status], row.status
        if row.status in ("requested", "approved", "processing"):
            on_the_way["reserved"] += row.amount_minor
        elif row.status == "paid":
            on_the_way["paid"] += row.amount_minor
        lines = WithdrawalLine.objects.filter(withdrawal=row)
        live = row.status in ("requested", "approved", "processing", "paid")
        assert all((line.released_at is None) == live for line in lines), row.status
    for kind in ("reserved", "paid"):
        assert sum(account.balance for account in Account.objects.filter(kind=kind)) == on_the_way[kind]


def attribution_is_unique() -> None:
    """B1 one live referral per program and person; B3 refunds within the amount, and equal to their parts."""
    live = Tally(
        (row.program_id, bytes(row.referred_key)) for row in Referral.objects.exclude(category__in=CLOSED)
    )
    assert all(count == 1 for count in live.values())
    refunded: Tally[Any] = Tally()
    for part in Adjustment.objects.all():
        refunded[part.conversion_id] += part.amount_minor
    for row in Conversion.objects.all():
        assert row.refunded_minor == refunded[row.id] <= row.gross_minor
        assert row.status != "cancelled" or row.refunded_minor == row.gross_minor


def rules_are_kept() -> None:
    """C3 caps, C5 one decision for each cause and ruleset, one reward for each grant in a decision."""
    taken = Tally(
        (row.program_id, row.beneficiary_id, row.rule_code) for row in Reward.objects.filter(status__in=OUT_OF_BUDGET)
        if row.status != "clawed_back"
    )  # fmt: skip
    counted = {
        (row.program_id, row.scope_id, row.rule_code): row.n for row in Counter.objects.filter(n__gt=0)
    }
    assert dict(taken) == counted
    for reward in Reward.objects.select_related("rule_version"):
        cap = reward.rule_version.spec["cap_per_participant"]
        assert not cap or taken[reward.program_id, reward.beneficiary_id, reward.rule_code] <= cap
    granted = Tally({decision.id: _grants(decision) for decision in Decision.objects.all()})
    assert +Tally(Reward.objects.values_list("decision_id", flat=True)) == +granted


def _grants(decision: Decision) -> int:
    return sum(line["result"] == "granted" for line in decision.trace)


def history_is_the_state() -> None:
    """F1 each status is the last step of its history; F2 each step is declared, and follows the one before.

    What was undone is the exception: it is back at exactly the stage from which it was decided.
    """
    latest: dict[Any, str] = {}
    decided_at: dict[Any, str] = {}
    edges: dict[str, Any] = {
        "reward": reward_rules.EDGES,
        "withdrawal": payout_rules.WITHDRAWAL_EDGES,
        "payout_batch": payout_rules.BATCH_EDGES,
    }
    moves = set(Move.objects.values_list("from_stage__code", "to_stage__code"))
    for entry in StatusEntry.objects.order_by("at", "id"):
        key, before, after = (entry.machine, entry.subject_id), entry.from_state, entry.to_state
        assert latest.get(key, "") == before, (entry.machine, before, after)
        latest[key] = after
        if before in ("", after):
            continue
        if entry.machine != "referral":
            declared = after in edges[entry.machine][before]
        elif entry.reason == UNDONE:
            declared = after == decided_at.pop(key, None)
        else:
            declared = (before, after) in moves
        if entry.to_category in DECIDED and entry.from_category != entry.to_category:
            decided_at[key] = before
        assert declared, (entry.machine, before, after)
    for machine, model in (("reward", Reward), ("withdrawal", Withdrawal), ("payout_batch", PayoutBatch)):
        for row_id, status in model.objects.values_list("id", "status"):
            assert latest[machine, row_id] == status, machine
    for row_id, code in Referral.objects.values_list("id", "stage__code"):
        assert latest["referral", row_id] == code


EVERYTHING: tuple[Callable[[], None], ...] = (
    ledger_replays, rewards_are_where_they_say, people_hold_what_they_earned, withdrawals_are_where_they_say,
    attribution_is_unique, rules_are_kept, history_is_the_state,
)  # fmt: skip
