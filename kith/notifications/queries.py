"""What a letter says, and whose way out a letter's link is."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.db.models import F

from kith.kit.errors import NotFound
from kith.kit.money import Money
from kith.participants.models import GONE, Participant
from kith.participants.rules.portal import LETTER_KINDS
from kith.payouts.models import Withdrawal, WithdrawalStatus
from kith.pipelines.models import StatusEntry
from kith.referrals.models import Referral
from kith.rewards.models import Reward, RewardStatus
from kith.rewards.queries.portal import Told, told

_SALT = "notifications.stop"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who a letter's link is for, and which kind of letters it stops."""

    participant: Participant
    kind: str


def stop_token(participant_id: UUID, kind: str) -> str:
    """What the link at the end of a letter carries; it does not expire, for old letters must be stoppable, too."""
    return signing.dumps([str(participant_id), kind], salt=_SALT)


def subscriber(token: str) -> Subscriber:
    """Whose letters the token stops, in the organization in force; of two that became one, the one. Raises NotFound."""
    try:
        participant_id, kind = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise NotFound from None
    found = Participant.objects.select_related("merged_into").filter(pk=participant_id).first()
    if found is not None:
        found = found.merged_into or found
    if found is None or found.status in GONE or kind not in LETTER_KINDS:
        raise NotFound
    return Subscriber(found, kind)


def progress(
    participant_id: UUID, *, since: datetime.datetime, locale: str, now: datetime.datetime
) -> list[Told]:
    """The participant's referrals that are new or went to another category since then, as they stand now."""
    rows = {
        row.id: row
        for row in Referral.objects.filter(referrer_id=participant_id, updated_at__gte=since).select_related(
            "stage", "program"
        )
    }
    steps = StatusEntry.objects.filter(machine="referral", subject_id__in=list(rows), at__gte=since)
    moved = dict.fromkeys(
        steps.exclude(from_category=F("to_category"))
        .order_by("-at", "-id")
        .values_list("subject_id", flat=True)
    )
    return [told(rows[each], locale, now) for each in moved]


def earned(participant_id: UUID, *, since: datetime.datetime) -> list[Money]:
    """What became the participant's since then and still is, one sum for each currency."""
    rows = Reward.objects.filter(
        beneficiary_id=participant_id, status=RewardStatus.AVAILABLE, available_at__gte=since
    )
    sums: dict[str, Money] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, Money.zero(row.currency)) + row.left
    return [sum_ for _currency, sum_ in sorted(sums.items())]


def paid(withdrawal_id: UUID) -> Money | None:
    """What was paid; None when the bank took it back meanwhile."""
    row = Withdrawal.objects.filter(pk=withdrawal_id, status=WithdrawalStatus.PAID).first()
    return Money(row.amount_minor, row.currency) if row else None
