"""The queue: the referrals staff look through, and what deciding about many of them would release."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from kith.kit.money import Money, total
from kith.kit.pagination import COUNTED, Page, listed
from kith.pipelines import queries as pipelines
from kith.referrals import queries as referrals
from kith.referrals.models import Conversion, Referral
from kith.rewards import rules
from kith.rewards.models import Reward, RewardStatus
from kith.rewards.queries.rewards import NEWEST, rewards_of_referrals
from kith.tenants.queries import current_tenant, setting

OLDEST = ("created_at", "id")
WAITING, ASKED, ALL = "waiting", "asked", "all"
_ENDED = (RewardStatus.REJECTED, RewardStatus.CANCELLED, RewardStatus.CLAWED_BACK)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One referral of the list; `waiting` is what its approval releases, `promised` all it earned so far."""

    referral: Referral
    stage: str
    gross: Money | None
    is_estimated: bool
    promised: Money | None
    waiting: Money | None


def found_referrals(
    *,
    search: str = "",
    stage: str = "",
    program_id: UUID | None = None,
    referrer_id: UUID | None = None,
    show: str = "",
    sort: str = "",
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> QuerySet[Referral]:
    """The referrals of a list: those to decide, those whose referrer was asked, or all; made on some days or any.

    What waits comes longest first, all else newest first, unless `sort` says "created" or "-created".
    """
    after = until + datetime.timedelta(days=1) if until and until < datetime.date.max else None
    rows = referrals.referral_list(
        search=search, stage=stage, program_id=program_id, referrer_id=referrer_id,
        created_from=_midnight(since) if since else None,
        created_before=_midnight(after) if after else None,
    )  # fmt: skip
    if show == WAITING:
        rows = rows.filter(Exists(_pending().filter(referral=OuterRef("pk"))))
    elif show == ASKED:
        rows = rows.filter(asked_at__isnull=False)
    return rows.order_by(*_order(show, sort))


def _midnight(day: datetime.date) -> datetime.datetime:
    """When the day begins for the organization."""
    return datetime.datetime.combine(day, datetime.time(), ZoneInfo(current_tenant().timezone))


def _order(show: str, sort: str) -> tuple[str, ...]:
    oldest = sort == "created" or (not sort and show == WAITING)
    return OLDEST if oldest else NEWEST


def queue(
    *, locale: str, page: int | str = 1, limit: int | str = 25, cursor: str | None = None, **wanted: Any
) -> Page[QueueRow]:
    """A page of `found_referrals` with their amounts, beyond row 10,000 by cursor. Five statements, however many rows.

    Raises as `listed` does.
    """
    order = _order(wanted.get("show", ""), wanted.get("sort", ""))
    # First which rows, then their names: joined before, all that match would be joined to find the few shown.
    keys = found_referrals(**wanted).select_related(None).values("id", "created_at")
    found = listed(keys, order=order, page=page, limit=limit, cursor=cursor)
    ids = [row["id"] for row in found.items]
    rows = referrals.referral_list().in_bulk(ids)
    earned = rewards_of_referrals(ids)
    sold = {row.referral_id: row for row in reversed(referrals.conversions_of(ids))}
    return found.showing([_queue_row(rows[each], sold.get(each), earned[each], locale) for each in ids])


def all_found(**wanted: Any) -> QuerySet[Any, UUID]:
    """The ids of all that a list shows, up to 10,000: what choosing everything means."""
    return found_referrals(**wanted).select_related(None).values_list("id", flat=True)[:COUNTED]


def _queue_row(
    referral: Referral, conversion: Conversion | None, rewards: Sequence[Reward], locale: str
) -> QueueRow:
    live = [reward for reward in rewards if reward.status not in _ENDED]
    gross = (
        Money(conversion.gross_minor - conversion.refunded_minor, conversion.currency) if conversion else None
    )
    return QueueRow(
        referral=referral,
        stage=pipelines.stage_label(referral.stage, locale),
        gross=gross,
        is_estimated=bool(conversion and conversion.is_estimated),
        promised=sum_of(live),
        waiting=sum_of(waiting_of(live)),
    )


def waiting_of(rewards: Iterable[Reward]) -> list[Reward]:
    """Those of the rewards that an approval would release."""
    return [reward for reward in rewards if reward.status == RewardStatus.PENDING_APPROVAL]


def sum_of(rewards: Sequence[Reward]) -> Money | None:
    """What is left of one referral's rewards; one program pays in one currency, so they add up."""
    return total((reward.left for reward in rewards), rewards[0].currency) if rewards else None


def _pending() -> QuerySet[Reward]:
    rows: QuerySet[Reward] = Reward.objects.filter(status=RewardStatus.PENDING_APPROVAL)
    return rows


def waiting_total(most: int = COUNTED + 1) -> int:
    """How many referrals have a reward to approve, counted up to `most`."""
    ids = _pending().exclude(referral=None).values("referral_id").distinct()
    return int(ids[:most].count())


def asked_total(most: int = COUNTED + 1) -> int:
    """How many referrals wait for their referrer's answer, counted up to `most`."""
    return int(Referral.objects.filter(asked_at__isnull=False)[:most].count())


@dataclass(frozen=True, slots=True)
class Release:
    """What approving some referrals would promise, and to how many people."""

    referrals: int
    people: int
    amounts: list[Money]

    @property
    def token(self) -> str:
        """The amounts as one word, to find out later whether they are still the same."""
        return "+".join(f"{amount.currency}{amount.amount_minor}" for amount in self.amounts) or "none"


def release_of(referral_ids: Sequence[UUID] | QuerySet[Any, UUID]) -> Release:
    """The waiting rewards of the chosen referrals, summed by currency; the ids of a list are chosen in the database."""
    rows = _pending().filter(referral_id__in=referral_ids).order_by("currency")
    summed = rows.values_list("currency").annotate(Sum("amount_minor"))
    amounts = [Money(int(minor), code) for code, minor in summed]
    people = rows.aggregate(people=Count("beneficiary", distinct=True))["people"]
    chosen = referral_ids.count() if isinstance(referral_ids, QuerySet) else len(referral_ids)
    return Release(chosen, people, amounts)


def decided_at(moment: datetime.datetime) -> list[UUID]:
    """The referrals decided at one moment, which is one decision about many; up to 10,000.

    Left out is what was changed since, but not what became payable: that refuses to be undone, and says why.
    """
    moved = Referral.objects.filter(category__in=["completed", "rejected"], updated_at=moment)
    paid = Reward.objects.filter(
        status__in=[RewardStatus.APPROVED, *rules.SPENT], approved_at=moment, referral__category="completed"
    )
    ids = [
        *moved.values_list("id", flat=True)[:COUNTED],
        *paid.values_list("referral_id", flat=True)[:COUNTED],
    ]
    return list(dict.fromkeys(ids))[:COUNTED]


def reject_reasons() -> list[str]:
    """Why referrals are refused here: the organization's own reasons, or the usual ones."""
    own = [part.strip() for part in str(setting("referrals.reject_reasons") or "").split(";")]
    return [part for part in own if part] or [
        _("Was a customer already"),
        _("The booking was cancelled"),
        _("Nothing shows that they were referred"),
        _("The same referral came twice"),
        _("Outside the terms of the program"),
    ]
