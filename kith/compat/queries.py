"""The older field names around our rows."""

from collections.abc import Iterable, Iterator
from typing import Any

from kith.analytics import queries as analytics
from kith.analytics import rules as figures
from kith.compat import rules
from kith.kit import tables
from kith.kit.http import dumps
from kith.kit.money import Money
from kith.participants.models import Participant
from kith.referrals.models import Referral
from kith.rewards.models import Reward, RewardStatus

CUSTOMER_COLUMNS = ("id", "bebsy_customer_id", "name", "email", "referral_code", "status", "created_at")
REFERRAL_COLUMNS = (
    "id", "referrer_id", "referrer_name", "referrer_code", "new_customer_email", "booking_reference", "status",
    "reward_amount", "reward_status", "created_at",
)  # fmt: skip
CHUNK = 2000


def customer(row: Any) -> dict[str, Any]:
    """A participant in the older words."""
    return {
        "id": str(row.id),
        "bebsy_customer_id": row.external_id,
        "name": row.name,
        "email": row.email,
        "referral_code": row.code,
        "status": row.status,
        "created_at": row.created_at,
    }


def referral(row: Referral, reward: Reward | None) -> dict[str, Any]:
    """A referral in the older words, with the reward it earned."""
    return {
        "id": str(row.id),
        "referrer_id": str(row.referrer_id),
        "referrer_name": row.referrer.name,
        "referrer_code": row.code,
        "new_customer_email": row.referred_email,
        "booking_reference": row.booking_reference,
        "status": rules.STATUS_OF[row.category],
        "reward_amount": Money(reward.amount_minor, reward.currency).text if reward else None,
        "reward_status": reward.status if reward else None,
        "created_at": row.created_at,
    }


def referrals(rows: Iterable[Referral]) -> list[dict[str, Any]]:
    """Several referrals with their rewards, in one more statement."""
    found = list(rows)
    rewards = Reward.objects.filter(referral_id__in=[row.id for row in found]).order_by("created_at", "id")
    by_referral = {reward.referral_id: reward for reward in rewards}
    return [referral(row, by_referral.get(row.id)) for row in found]


def dashboard_stats(days: int) -> dict[str, Any]:
    """The older dashboard's figures of the last `days` days; money as decimal text."""
    board = analytics.dashboard(days)
    waiting = Reward.objects.filter(status=RewardStatus.PENDING_APPROVAL).count()
    return {
        "period": days,
        "total_customers": Participant.objects.count(),
        "total_clicks": board.totals.clicks,
        "total_referrals": board.totals.referrals,
        "pending_referrals": waiting,
        "approved_referrals": board.totals.completed,
        "rejected_referrals": board.totals.rejected,
        "conversion_rate": _percent(board.conversion_rate),
        "total_rewards": Money(board.totals.net_reward_minor, board.currency).text,
        "total_paid": Money(board.totals.paid_minor, board.currency).text,
        "revenue_impact": Money(board.totals.net_revenue_minor, board.currency).text,
        "currency": board.currency,
    }


def conversion_rate(days: int) -> dict[str, Any]:
    """Completed per referral, in percent with one decimal."""
    found = analytics.conversion_rate(days)
    return {
        "period": days,
        "conversion_rate": _percent(found.activity),
        "total_referrals": found.activity.of,
        "converted_referrals": found.activity.successes,
    }


def revenue_impact(days: int) -> dict[str, Any]:
    """Attributed revenue against reward cost, as decimal text."""
    found = analytics.revenue_impact(days)
    return {
        "period": days,
        "bookings": found.conversions,
        "total_revenue": found.net.text,
        "estimated_revenue": found.estimated.text,
        "reward_cost": found.reward_cost.text,
        "net_impact": (found.net - found.reward_cost).text,
        "return_on_rewards": found.return_on_rewards,
        "currency": found.net.currency,
    }


def _percent(rate: figures.Rate) -> float | None:
    return None if rate.value is None else round(rate.value * 100, 1)


def all_customers() -> Iterator[dict[str, Any]]:
    """Every customer, oldest first, read in pieces."""
    return (customer(row) for row in Participant.objects.order_by("created_at", "id").iterator(CHUNK))


def all_referrals() -> Iterator[dict[str, Any]]:
    """Every referral with its reward, oldest first, read in pieces."""
    rows = Referral.objects.select_related("referrer").order_by("created_at", "id").iterator(CHUNK)
    piece: list[Referral] = []
    for row in rows:
        piece.append(row)
        if len(piece) == CHUNK:
            yield from referrals(piece)
            piece = []
    yield from referrals(piece)


def as_csv(columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> bytes:
    """The rows for a spreadsheet."""
    return b"".join(tables.as_csv(columns, rows))


def as_json(rows: Iterable[dict[str, Any]]) -> bytes:
    """The envelope of all rows."""
    return dumps({"status": "success", "data": list(rows)})
