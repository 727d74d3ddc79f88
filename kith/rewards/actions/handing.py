"""Rewards of somebody who was enrolled twice, under the row that stays."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import errors
from kith.rewards.models import Counter, Reward, RewardStatus

_ENDED = (RewardStatus.REJECTED, RewardStatus.CANCELLED, RewardStatus.CLAWED_BACK)


class RewardedTwice(errors.Conflict):
    """Both rows have a reward of one rule for one event; one person would have it twice."""

    code = "rewarded_twice"
    message = _("Both were rewarded for the same event. Reject or take back one of the two rewards first.")


def lock_rewards(*, participant_ids: list[UUID]) -> None:
    """Hold the rewards of these until commit, in the order of the ids."""
    rows = Reward.objects.filter(beneficiary_id__in=participant_ids).select_for_update(of=("self",))
    list(rows.order_by("id").values_list("id", flat=True))


def rewarded_twice(*, one_id: UUID, other_id: UUID) -> QuerySet[Reward]:
    """Rewards of `other` for what `one` was rewarded for by the same rule."""
    same = Reward.objects.filter(
        beneficiary_id=one_id, cause_kind=OuterRef("cause_kind"), cause_id=OuterRef("cause_id"),
        rule_code=OuterRef("rule_code"), instalment=OuterRef("instalment"),
    )  # fmt: skip
    found: QuerySet[Reward] = Reward.objects.filter(Exists(same), beneficiary_id=other_id)
    return found


def hand_over_rewards(*, from_id: UUID, into_id: UUID) -> int:
    """Give one participant's rewards to another, with the places they took under caps; how many.

    A reward that ended stays where it was when the other has one for the same event: no money is in it.
    Raises RewardedTwice when both are worth something.
    """
    twice = list(rewarded_twice(one_id=into_id, other_id=from_id).values_list("id", "status"))
    if any(status not in _ENDED for _id, status in twice):
        raise RewardedTwice
    rows = Reward.objects.filter(beneficiary_id=from_id).exclude(id__in=[each for each, _status in twice])
    moved = int(rows.update(beneficiary_id=into_id))
    _hand_over_places(from_id, into_id)
    return moved


def _hand_over_places(from_id: UUID, into_id: UUID) -> None:
    scope = {"scope": "participant", "scope_id": from_id}
    for row in (
        Counter.objects.select_for_update().filter(**scope).order_by("program_id", "rule_code", "period")
    ):
        key = {
            "program_id": row.program_id, "scope": row.scope, "scope_id": into_id, "rule_code": row.rule_code,
            "period": row.period,
        }  # fmt: skip
        Counter.objects.bulk_create([Counter(**key)], ignore_conflicts=True)
        Counter.objects.filter(**key).update(
            n=F("n") + row.n, amount_minor=F("amount_minor") + row.amount_minor
        )
    Counter.objects.filter(**scope).update(n=0, amount_minor=0)
