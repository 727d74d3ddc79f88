"""Make two participants one: the rows, what hangs on them, and the money. Here, since everything below is concerned.

Lock order as everywhere: referrals, withdrawals, rewards, the two people, and the ledger's accounts last.
"""

import datetime
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import errors
from kith.kit.actors import Actor
from kith.ledger import actions as ledger
from kith.participants import actions as people
from kith.participants.models import Participant
from kith.payouts import queries
from kith.payouts.actions.accounts import save_payout_account
from kith.payouts.models import PayoutAccount, Withdrawal
from kith.referrals.actions.handing import hand_over_referrals, lock_referrals
from kith.rewards.actions.handing import hand_over_rewards, lock_rewards


class PaymentUnderWay(errors.Conflict):
    """Money of the one who would be gone is on its way to an account of theirs."""

    code = "payment_under_way"
    message = _("A payment to one of the two is under way. Merge them when the bank has answered.")


@transaction.atomic
def merge_participants(
    *,
    survivor: Participant,
    other: Participant,
    choices: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime.datetime,
) -> Participant:
    """Everything `other` has becomes the survivor's, all or nothing, and `other` leads to the survivor.

    `choices` says whose value of a field stays, as `absorb` has it; of `account` likewise whose payout account.
    The ledger gets one journal that moves the balances; what was posted before stays as it was. Raises
    PaymentUnderWay, RewardedTwice, AccountFrozen, and as `lock_both` and `absorb`: so it cannot be done twice.
    """
    wished, both = choices or {}, [survivor.pk, other.pk]
    lock_referrals(participant_ids=both)
    list(Withdrawal.objects.filter(participant_id__in=both).select_for_update(of=("self",)).order_by("id"))
    lock_rewards(participant_ids=both)
    kept, gone = people.lock_both(survivor=survivor, other=other)
    if queries.payments_under_way(gone.pk):
        raise PaymentUnderWay
    hand_over_referrals(from_id=gone.pk, into_id=kept.pk)
    hand_over_rewards(from_id=gone.pk, into_id=kept.pk)
    Withdrawal.objects.filter(participant_id=gone.pk).update(participant_id=kept.pk)
    _hand_over_account(kept, gone, wished.get("account", ""), actor=actor, now=now)
    merged = people.absorb(survivor=kept, other=gone, choices=wished, actor=actor, now=now)
    ledger.merge_owner(
        key=f"merge:{gone.pk}", owner_id=gone.pk, into_id=kept.pk, event_at=now, actor=actor
    )  # fmt: skip
    return merged


def _hand_over_account(
    kept: Participant, gone: Participant, wish: str, *, actor: Actor, now: datetime.datetime
) -> None:
    """The chosen account is saved anew under the survivor's key; the other row has none any more."""
    held = queries.live_accounts([kept.pk, gone.pk])
    theirs = held.get(gone.pk)
    if theirs is None:
        return
    if kept.pk not in held or wish == "other":
        iban = queries.iban_of(theirs)
        save_payout_account(
            participant=kept, holder=theirs.holder, iban=iban, bic=theirs.bic, actor=actor, now=now
        )
    PayoutAccount.objects.filter(pk=theirs.pk).update(archived_at=now)
