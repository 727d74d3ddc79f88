"""What every step of a reward has in common: its refusals, its lock, its history and its announcement."""

import datetime
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, outbox, tenancy
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger import actions as ledger
from kith.ledger import rules as ledger_rules
from kith.pipelines.actions import Passed, ReasonMissing, record_statuses
from kith.rewards import rules
from kith.rewards.models import Counter, Reward, RewardStatus

MACHINE = "reward"


class RewardNotPending(errors.Conflict):
    """It was decided already, or is on hold; the present status is in the details."""

    code = "reward_not_pending"
    message = _("This reward is not waiting for approval.")


class RewardOver(errors.Conflict):
    """It became available, or ended: it can no longer be cancelled or held."""

    code = "reward_over"
    message = _("This reward can no longer be cancelled or held.")


class RewardNotHeld(errors.Conflict):
    """Only a reward on hold is released."""

    code = "reward_not_held"
    message = _("This reward is not on hold.")


class RewardNotAvailable(errors.Conflict):
    """Only what is available is paid out or clawed back."""

    code = "reward_not_available"
    message = _("This reward is not available.")


class RewardNotSettled(errors.Conflict):
    """Only what was paid comes back."""

    code = "reward_not_settled"
    message = _("This reward has not been paid out.")


class ReferralNotPending(errors.Conflict):
    """The referral is completed and nothing of it waits for approval."""

    code = "referral_not_pending"
    message = _("Nothing of this referral is waiting for approval.")


class ReleaseChanged(errors.Conflict):
    """Other amounts wait than those that were shown."""

    code = "release_changed"
    message = _("The amounts have changed since you looked. Nothing was approved; look again.")


class ClawBackInvalid(errors.Invalid):
    """More than is left of the reward, or nothing."""

    code = "claw_back_invalid"
    message = _("Take back more than nothing and at most what is left of the reward.")


class TooManyRewards(errors.Invalid):
    """Too many rows in one call."""

    code = "too_many_rows"
    message = _("At most 1,000 at a time.")


def require_few(ids: Collection[UUID]) -> None:
    """Raise TooManyRewards for more than 1,000."""
    if len(ids) > rules.LARGEST_BULK:
        raise TooManyRewards(fields={"ids": TooManyRewards.message})


def require_reason(reason: str) -> str:
    """The reason without blanks around it. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing(fields={"reason": ReasonMissing.message})
    return reason.strip()


def locked(ids: Collection[UUID]) -> list[Reward]:
    """The rewards of these ids, locked in the order of their ids."""
    rows = Reward.objects.select_for_update(of=("self",)).select_related("program")
    return list(rows.filter(pk__in=set(ids)).order_by("id"))


def locked_one(reward: Reward) -> Reward:
    """The reward as it is now, locked."""
    found: Reward = Reward.objects.select_for_update(of=("self",)).select_related("program").get(pk=reward.pk)
    return found


def change(
    rewards: Sequence[Reward],
    status: str,
    *,
    event: type,
    reason: str = "",
    actor: Actor,
    now: datetime.datetime,
    **values: Any,
) -> None:
    """Give locked rewards a status and further values, write their history and announce it."""
    if not rewards:
        return
    Reward.objects.filter(pk__in=[reward.pk for reward in rewards]).update(status=status, **values)
    passed = [Passed(reward.id, reward.status, status, reason=reason) for reward in rewards]
    record_statuses(machine=MACHINE, passed=passed, actor=actor, now=now)
    for reward in rewards:
        for name, value in {"status": status, **values}.items():
            setattr(reward, name, value)
    announce([(reward, event) for reward in rewards], now=now)


def announce(
    told: Sequence[tuple[Reward, type]], *, amount: Money | None = None, now: datetime.datetime
) -> None:
    """Publish an event of each kind about the reward beside it; `amount` where it is not the whole of it."""
    events = [
        (
            reward.id,
            kind(
                reward_id=reward.id, program_id=reward.program_id, referral_id=reward.referral_id,
                beneficiary_id=reward.beneficiary_id, amount_minor=(amount or reward.money).amount_minor,
                currency=reward.currency,
            ),
        )
        for reward, kind in told
    ]  # fmt: skip
    outbox.publish_many(events, subject_type="reward", now=now)


def close(
    rewards: Sequence[Reward], status: str, *, event: type, reason: str, actor: Actor, now: datetime.datetime
) -> None:
    """End rewards whose money is still pending: it goes back to the budget, and the cap has room again."""
    if not rewards:
        return
    change(
        rewards, status, event=event, reason=reason, actor=actor, now=now, closed_at=now, closed_reason=reason
    )
    release_counters(rewards)
    programs = {reward.program_id: reward for reward in rewards}
    budgets = {program_id: budget_account(reward) for program_id, reward in programs.items()}
    accounts = accounts_of(rewards)
    drafts = [
        ledger.Draft(
            key=posting_key(reward, "cancel"), kind="cancel", event_at=now, ref_type="reward", ref_id=reward.id,
            legs=ledger_rules.legs_cancel(
                accounts[reward.beneficiary_id, reward.currency].pending, budgets[reward.program_id], reward.money
            ),
        )
        for reward in rewards
    ]  # fmt: skip
    for at in range(0, len(drafts), ledger_rules.MAX_LEGS):
        ledger.post_many(drafts=drafts[at : at + ledger_rules.MAX_LEGS], actor=actor)


def accounts_of(rewards: Iterable[Reward]) -> dict[tuple[UUID, str], ledger.ParticipantAccounts]:
    """The accounts of everybody concerned, by participant and currency; each is asked for once."""
    owners = sorted({(reward.beneficiary_id, reward.currency) for reward in rewards})
    return {
        (owner, currency): ledger.open_participant(owner_id=owner, currency=currency)
        for owner, currency in owners
    }


def posting_key(reward: Reward, what: str) -> str:
    """The ledger's key of something that happens once in each life of a reward."""
    return f"reward:{reward.id}:{what}" + (f":{reward.reinstated}" if reward.reinstated else "")


def budget_account(reward: Reward) -> int:
    """Id of the account the reward came from."""
    return ledger.open_account(
        kind="budget", owner_id=reward.program_id, currency=reward.currency, capped=False
    )


def take_place(
    *, program_id: UUID, beneficiary_id: UUID, rule_code: str, amount_minor: int, cap: int
) -> bool:
    """Count one more reward of a rule to a participant; False when the cap (0: none) is reached."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update rewards_counter set n = n + 1, amount_minor = amount_minor + %s"
            " where tenant_id = %s and program_id = %s and scope = 'participant' and scope_id = %s"
            " and rule_code = %s and period = 'all' and (%s = 0 or n < %s)",
            [amount_minor, tenancy.current_tenant_id(), program_id, beneficiary_id, rule_code, cap, cap],
        )
        return bool(cursor.rowcount == 1)


def release_counters(rewards: Iterable[Reward]) -> None:
    """Give back the places these rewards took under their caps."""
    by_program: dict[UUID, list[Reward]] = {}
    for reward in rewards:
        by_program.setdefault(reward.program_id, []).append(reward)
    for program_id in sorted(by_program):
        mine = by_program[program_id]
        counted = rules.by_beneficiary([(reward.beneficiary_id, reward.rule_code) for reward in mine])
        for (code, beneficiary_id), count in counted.items():
            amount = sum(
                reward.amount_minor for reward in mine
                if (reward.rule_code, reward.beneficiary_id) == (code, beneficiary_id)
            )  # fmt: skip
            Counter.objects.filter(
                program_id=program_id,
                scope="participant",
                scope_id=beneficiary_id,
                rule_code=code,
                period="all",
            ).update(n=F("n") - count, amount_minor=F("amount_minor") - amount)


PENDING = (RewardStatus.GRANTED, RewardStatus.PENDING_APPROVAL)
