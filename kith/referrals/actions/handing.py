"""Referrals and links of somebody who was enrolled twice, under the row that stays."""

from uuid import UUID

from kith.referrals.models import Link, Referral


def lock_referrals(*, participant_ids: list[UUID]) -> None:
    """Hold everything these referred, and how they were referred, until commit, in the order of the ids."""
    for column in ("referrer_id__in", "referred_participant_id__in"):
        rows = Referral.objects.filter(**{column: participant_ids}).select_for_update(of=("self",))
        list(rows.order_by("id").values_list("id", flat=True))


def hand_over_referrals(*, from_id: UUID, into_id: UUID) -> dict[str, int]:
    """Give one participant's referrals and links to another; how many of each. What clicks saw stays as it was."""
    brought = Referral.objects.filter(referrer_id=from_id).update(referrer_id=into_id)
    Referral.objects.filter(referred_participant_id=from_id).update(referred_participant_id=into_id)
    links = Link.objects.filter(participant_id=from_id).update(participant_id=into_id)
    return {"referrals": brought, "links": links}
