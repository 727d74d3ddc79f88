"""What making two participants one would move, and what stands in its way."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.participants.models import CompanyPerson, Participant, ParticipantNote
from kith.payouts.models import Withdrawal, WithdrawalStatus
from kith.payouts.queries.paying import live_accounts
from kith.payouts.rules import masked
from kith.referrals.models import Link, Referral
from kith.rewards.models import Reward

UNDER_WAY = (WithdrawalStatus.REQUESTED, WithdrawalStatus.APPROVED, WithdrawalStatus.PROCESSING)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What hangs on one participant. `balances` are those that are not zero, as (kind, amount)."""

    referrals: int
    rewards: int
    links: int
    notes: int
    people: int
    payments: int
    under_way: int
    balances: list[tuple[str, Money]]
    account: str


@dataclass(frozen=True, slots=True)
class MergePreview:
    """Both sides before it is done; `between` counts referrals of one by the other."""

    survivor: Belongings
    other: Belongings
    between: int


def payments_under_way(participant_id: UUID) -> int:
    """Withdrawals of the participant that the bank has not answered."""
    return Withdrawal.objects.filter(participant_id=participant_id, status__in=UNDER_WAY).count()


def merge_preview(survivor: Participant, other: Participant) -> MergePreview:
    """What each of the two has, and the referrals between them."""
    between = Referral.objects.filter(
        Q(referrer=survivor, referred_participant=other) | Q(referrer=other, referred_participant=survivor)
    )
    return MergePreview(_belongings(survivor), _belongings(other), between.count())


def _belongings(person: Participant) -> Belongings:
    payments = Withdrawal.objects.filter(participant=person).aggregate(
        n=Count("id"), away=Count("id", filter=Q(status__in=UNDER_WAY))
    )
    account = live_accounts([person.pk]).get(person.pk)
    return Belongings(
        referrals=Referral.objects.filter(referrer=person).count(),
        rewards=Reward.objects.filter(beneficiary=person).count(),
        links=Link.objects.filter(participant=person).count(),
        notes=ParticipantNote.objects.filter(participant=person, removed_at=None).count(),
        people=CompanyPerson.objects.filter(company=person, removed_at=None).count(),
        payments=payments["n"],
        under_way=payments["away"],
        balances=[(line.kind, line.money) for line in ledger.balances(person.pk) if line.money],
        account=f"{account.holder}, {masked(account.iban_last4)}" if account else "",
    )
