"""Paying out in the demonstration: accounts, batches, and one payment that comes back."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.participants.models import Participant
from kith.payouts import actions as payouts
from kith.payouts.models import PayoutBatch, Withdrawal
from kith.presets.demo.people import iban
from kith.tenants import actions as tenants


def name_debtor(*, holder: str, dice: random.Random, actor: Actor, now: datetime) -> None:
    """Set the account that payments leave from."""
    for key, value in (("payouts.debtor_name", holder), ("payouts.debtor_iban", iban(dice))):
        tenants.set_setting(key=key, value=value, actor=actor, now=now)


def open_accounts(
    participants: Sequence[Participant], *, dice: random.Random, actor: Actor, now: datetime
) -> None:
    """Most of these people have said where they want their money; some still have to be asked."""
    for participant in participants:
        if dice.random() < 0.85:
            payouts.save_payout_account(
                participant=participant, holder=participant.name[:70], iban=iban(dice), actor=actor, now=now
            )


def pay_everybody(
    *, tenant_id: int, maker: Actor, checker: Actor, now: datetime, returned: int = 0
) -> PayoutBatch | None:
    """One batch from draft to paid within three days; `returned` of its payments come back a week later."""
    batch = draft(tenant_id=tenant_id, maker=maker, now=now)
    if batch is None:
        return None
    with clock.frozen(now + timedelta(hours=1)), tenancy.use(tenant_id, actor=checker):
        later = clock.now()
        batch = payouts.approve_batch(batch=batch, actor=checker, now=later)
        payouts.write_file(batch=batch, now=later)
        batch = payouts.send_batch(batch=batch, actor=checker, now=later)
    with clock.frozen(now + timedelta(days=2)), tenancy.use(tenant_id, actor=maker):
        payouts.mark_paid(batch=batch, actor=maker, now=clock.now())
    with clock.frozen(now + timedelta(days=7)), tenancy.use(tenant_id, actor=maker):
        for withdrawal in Withdrawal.objects.filter(batch=batch).order_by("reference")[:returned]:
            payouts.mark_returned(
                withdrawal=withdrawal, reason="The account is closed (AC04).", failure_code="AC04", actor=maker,
                now=clock.now(),
            )  # fmt: skip
    return batch


def draft(*, tenant_id: int, maker: Actor, now: datetime) -> PayoutBatch | None:
    """A batch of all that is due, waiting for a second person; None when nothing is."""
    with clock.frozen(now), tenancy.use(tenant_id, actor=maker):
        try:
            return payouts.make_batch(actor=maker, now=now).batch
        except payouts.NothingToPay:
            return None
