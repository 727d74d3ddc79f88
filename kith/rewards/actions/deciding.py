"""Asking the rules about a cause, once, and making what it earned."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from kith.kit import errors, tenancy
from kith.kit.actors import Actor
from kith.kit.ids import uuid7
from kith.ledger import actions as ledger
from kith.ledger import rules as ledger_rules
from kith.pipelines.actions import Passed, record_statuses
from kith.programs import queries as programs
from kith.programs.actions import open_budget
from kith.programs.models import Program
from kith.referrals.models import CLOSED, Conversion, ConversionStatus, Referral
from kith.rewards import queries, rules
from kith.rewards.actions import steps
from kith.rewards.events import RewardApproved, RewardGranted
from kith.rewards.models import Counter, Decision, Reward, RewardStatus


@dataclass(frozen=True, slots=True)
class Cause:
    """What may earn something, with what the rules may know of it."""

    kind: str
    id: UUID
    program: Program
    referral_id: UUID
    facts: queries.Facts
    ruleset: rules.Ruleset


def decide_conversion(*, conversion_id: UUID, actor: Actor, now: datetime.datetime) -> list[Reward]:
    """What the conversion earned under the rules of the day it happened; decided once, then always the same.

    Nothing is decided yet for a conversion without a referral, one that was cancelled, or one whose
    referral is closed. Raises NotFound.
    """
    referral = _locked_referral_of(conversion_id)
    if referral is None or referral.category in CLOSED:
        return []
    conversion: Conversion = Conversion.objects.select_for_update().get(pk=conversion_id)
    gone = conversion.gross_minor > 0 and conversion.refunded_minor >= conversion.gross_minor
    if conversion.status == ConversionStatus.CANCELLED or gone:
        return []
    program = conversion.program
    return _decide(
        Cause(
            queries.CONVERSION, conversion.id, program, referral.id,
            queries.facts_of_conversion(conversion, referral, program),
            queries.ruleset(program, conversion.occurred_at, conversion.received_at),
        ),
        actor=actor, now=now,
    )  # fmt: skip


def decide_stage(
    *, referral_id: UUID, category: str, entered_at: datetime.datetime, actor: Actor, now: datetime.datetime
) -> list[Reward]:
    """What a referral earned by entering a category, the first time it did. Raises NotFound."""
    referral = _locked_referral(referral_id)
    ruleset = queries.ruleset(referral.program, entered_at)
    facts = queries.facts_of_stage(referral, category, entered_at)
    if referral.category in CLOSED or not rules.triggered(ruleset, facts):
        return []
    cause = Cause(f"stage:{category}", referral.id, referral.program, referral.id, facts, ruleset)
    return _decide(cause, actor=actor, now=now)


def _locked_referral_of(conversion_id: UUID) -> Referral | None:
    found = Conversion.objects.filter(pk=conversion_id).values_list("referral_id", flat=True)
    if not found:
        raise errors.NotFound
    return _locked_referral(found[0]) if found[0] else None


def _locked_referral(referral_id: UUID) -> Referral:
    rows = Referral.objects.select_for_update(of=("self",)).select_related("program", "referrer", "campaign")
    found: Referral | None = rows.filter(pk=referral_id).first()
    if found is None:
        raise errors.NotFound
    return found


def _decide(cause: Cause, *, actor: Actor, now: datetime.datetime) -> list[Reward]:
    """The cause is locked: whoever comes second finds the first decision."""
    earlier = queries.decisions_of(cause.kind, [cause.id]).first()
    if earlier is not None:
        return list(Reward.objects.filter(decision=earlier).order_by("id"))
    granted = _locked_counters(cause)
    room = programs.room(cause.program)
    if room is None:
        account = open_budget(program=cause.program, hard_cap=None, actor=actor, now=now)
        room = programs.Room(account, None)
    try:
        # The budget is read without a lock, since it is the account everybody shares; if others took the
        # rest of it meanwhile, the ledger refuses and the rules are asked again under its lock.
        return _apply(cause, granted, room, actor=actor, now=now)
    except ledger.InsufficientFunds:
        return _apply(cause, granted, _locked_room(cause, room), actor=actor, now=now)


def _locked_counters(cause: Cause) -> dict[tuple[str, UUID], int]:
    """Rewards so far under each rule that may apply, locked until commit so that a cap is exact."""
    keys = sorted(
        {
            (rule.rule_code, beneficiary)
            for rule in rules.triggered(cause.ruleset, cause.facts)
            if (beneficiary := rules.beneficiary_of(rule, cause.facts))
        }
    )
    if not keys:
        return {}
    codes, owners = [code for code, _owner in keys], [owner for _code, owner in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into rewards_counter"
            " (id, tenant_id, program_id, scope, scope_id, rule_code, period, n, amount_minor)"
            " select u.id, %s, %s, 'participant', u.owner, u.code, 'all', 0, 0"
            " from unnest(%s::uuid[], %s::uuid[], %s::text[]) as u (id, owner, code)"
            " on conflict (tenant_id, program_id, scope, scope_id, rule_code, period) do nothing",
            [tenancy.current_tenant_id(), cause.program.id, [uuid7() for _key in keys], owners, codes],
        )
    rows = Counter.objects.select_for_update().filter(
        program=cause.program, scope="participant", scope_id__in=owners, rule_code__in=codes, period="all"
    )
    ordered = rows.order_by("rule_code", "scope_id").values_list("rule_code", "scope_id", "n")
    return {(code, owner): n for code, owner, n in ordered}


def _locked_room(cause: Cause, room: programs.Room) -> programs.Room:
    outcome = rules.decide(cause.ruleset, cause.facts, rules.Counters())
    pending = [
        ledger.open_participant(owner_id=grant.beneficiary_id, currency=grant.amount.currency).pending
        for grant in outcome.grants
    ]
    held = ledger.lock_balances(account_ids=[*pending, room.account_id])
    return programs.Room(room.account_id, held[room.account_id].amount_minor)


def _apply(
    cause: Cause,
    granted: dict[tuple[str, UUID], int],
    room: programs.Room,
    *,
    actor: Actor,
    now: datetime.datetime,
) -> list[Reward]:
    """Decide and write it down, all or nothing."""
    outcome = rules.decide(cause.ruleset, cause.facts, rules.Counters(granted, room.left_minor))
    with transaction.atomic():
        decision = Decision.objects.create(
            program=cause.program, cause_kind=cause.kind, cause_id=cause.id, ruleset_hash=cause.ruleset.hash,
            facts=cause.facts, trace=list(outcome.trace), decided_at=now,
        )  # fmt: skip
        rewards = Reward.objects.bulk_create(
            _reward(cause, decision, grant, actor=actor, now=now) for grant in outcome.grants
        )
        _count(cause, outcome.grants)
        _tell(rewards, actor=actor, now=now)
        _accrue(rewards, room, actor=actor, now=now)
    return rewards


def _reward(
    cause: Cause, decision: Decision, grant: rules.Grant, *, actor: Actor, now: datetime.datetime
) -> Reward:
    approved = {"approved_at": now, "approved_by": actor.ref} if grant.auto_approve else {}
    return Reward(
        decision=decision, program=cause.program, referral_id=cause.referral_id, rule_version_id=grant.version_id,
        rule_code=grant.rule_code, beneficiary_id=grant.beneficiary_id, cause_kind=cause.kind, cause_id=cause.id,
        amount_minor=grant.amount.amount_minor, currency=grant.amount.currency, hold_until=grant.hold_until,
        status=RewardStatus.APPROVED if grant.auto_approve else RewardStatus.PENDING_APPROVAL, created_at=now,
        **approved,
    )  # fmt: skip


def _count(cause: Cause, grants: Sequence[rules.Grant]) -> None:
    """Take a place under the cap; the rows are locked, and a full one would still not be overrun."""
    caps = {rule.rule_code: rule.spec.cap_per_participant for rule in cause.ruleset.rules}
    for grant in grants:
        taken = steps.take_place(
            program_id=cause.program.id, beneficiary_id=grant.beneficiary_id, rule_code=grant.rule_code,
            amount_minor=grant.amount.amount_minor, cap=caps[grant.rule_code],
        )  # fmt: skip
        if not taken:
            raise RuntimeError("a cap was overrun under its lock")


def _tell(rewards: Sequence[Reward], *, actor: Actor, now: datetime.datetime) -> None:
    passed: list[Passed] = []
    told: list[tuple[Reward, type]] = []
    for reward in rewards:
        passed.append(Passed(reward.id, "", RewardStatus.GRANTED))
        passed.append(Passed(reward.id, RewardStatus.GRANTED, reward.status))
        told.append((reward, RewardGranted))
        if reward.status == RewardStatus.APPROVED:
            told.append((reward, RewardApproved))
    steps.announce(told, now=now)
    record_statuses(machine=steps.MACHINE, passed=passed, actor=actor, now=now)


def _accrue(rewards: Sequence[Reward], room: programs.Room, *, actor: Actor, now: datetime.datetime) -> None:
    """Reserve the money: from here on the budget cannot promise it to anybody else."""
    accounts = steps.accounts_of(rewards)
    drafts = [
        ledger.Draft(
            key=steps.posting_key(reward, "accrue"), kind="accrue", event_at=now, ref_type="reward", ref_id=reward.id,
            legs=ledger_rules.legs_accrue(
                room.account_id, accounts[reward.beneficiary_id, reward.currency].pending, reward.money
            ),
        )
        for reward in rewards
    ]  # fmt: skip
    ledger.post_many(drafts=drafts, actor=actor)
