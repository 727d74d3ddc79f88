"""A referral that was rejected by mistake is open again: what ended with it waits for approval again."""

import datetime
import logging
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from kith.kit.actors import Actor
from kith.ledger import actions as ledger
from kith.ledger import rules as ledger_rules
from kith.pipelines import queries as pipelines
from kith.programs.rules import RuleSpec
from kith.referrals.models import CLOSED, Referral
from kith.rewards.actions import steps
from kith.rewards.actions.following import is_still_earned
from kith.rewards.events import RewardGranted
from kith.rewards.models import Reward, RewardStatus

log = logging.getLogger("kith.rewards")

ENDED = (RewardStatus.REJECTED, RewardStatus.CANCELLED)


def reinstate_rewards(*, referral_id: UUID, actor: Actor, now: datetime.datetime) -> list[Reward]:
    """Let rewards that ended by the referral's rejection wait for approval again; answers them.

    Left as they are: rewards that ended before it, whose conversion was taken back, whose cap is full by
    now, or for which the budget has nothing left. A second call changes nothing.
    """
    referral = Referral.objects.select_for_update(of=("self",)).get(pk=referral_id)
    rejections = [
        passage.at
        for passage in pipelines.history("referral", referral_id)
        if passage.to_category == "rejected"
    ]
    if referral.category in CLOSED or not rejections:
        return []
    rows = Reward.objects.select_for_update(of=("self",)).select_related(
        "program", "decision", "rule_version"
    )
    ended = rows.filter(referral_id=referral_id, status__in=ENDED, closed_at__gte=max(rejections))
    return [reward for reward in ended.order_by("id") if _reinstate(reward, actor=actor, now=now)]


def _reinstate(reward: Reward, *, actor: Actor, now: datetime.datetime) -> bool:
    if not is_still_earned(reward):
        return False
    cap = RuleSpec.parse(reward.rule_version.spec).cap_per_participant
    try:
        with transaction.atomic():
            if not steps.take_place(
                program_id=reward.program_id, beneficiary_id=reward.beneficiary_id, rule_code=reward.rule_code,
                amount_minor=reward.amount_minor, cap=cap,
            ):  # fmt: skip
                return False
            _reopen(reward, actor=actor, now=now)
    except ledger.InsufficientFunds:
        log.info("no budget to reinstate a reward", extra={"reward": str(reward.id)})
        return False
    return True


def _reopen(reward: Reward, *, actor: Actor, now: datetime.datetime) -> None:
    steps.change(
        [reward], RewardStatus.PENDING_APPROVAL, event=RewardGranted, reason=gettext_noop("referral reopened"),
        actor=actor, now=now, closed_at=None, closed_reason="", approved_at=None, approved_by="", hold_reason="",
        reinstated=reward.reinstated + 1,
    )  # fmt: skip
    accounts = ledger.open_participant(owner_id=reward.beneficiary_id, currency=reward.currency)
    ledger.post(
        key=steps.posting_key(reward, "accrue"), kind="accrue", event_at=now, actor=actor, ref_type="reward",
        ref_id=reward.id,
        legs=ledger_rules.legs_accrue(steps.budget_account(reward), accounts.pending, reward.money),
    )  # fmt: skip
