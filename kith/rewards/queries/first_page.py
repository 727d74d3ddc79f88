"""The first page of the portal: the offer, how the link does, and what it brought."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from kith.kit.money import Money
from kith.programs import queries as programs
from kith.programs.models import Program
from kith.referrals import queries as referrals
from kith.referrals.models import Click, Referral
from kith.rewards.models import Reward
from kith.rewards.queries.portal import Change, Told, changes, tell_all
from kith.rewards.queries.rewards import Holdings, holdings

WEEKS, LATELY = 12, 4
KEPT = Sum(F("amount_minor") - F("clawed_back_minor"))


@dataclass(frozen=True, slots=True)
class Offer:
    """What the program promises in words; both empty when it promises nothing now."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page of the portal."""

    offer: Offer
    clicks: int
    clicks_by_week: list[int]
    invited: int
    invited_by_week: list[int]
    confirmed: int
    confirmed_by_week: list[int]
    holdings: list[Holdings]
    earned: list[Money]  # by currency; like the weeks without what was taken back
    earned_by_week: list[int]
    newest: list[Told]
    changes: list[Change]

    @property
    def is_new(self) -> bool:
        """Whether nothing has happened yet, so that there is nothing to count."""
        return not (self.clicks or self.invited or self.holdings)

    @property
    def clicks_lately(self) -> int:
        """Visits of the last four weeks."""
        return sum(self.clicks_by_week[-LATELY:])

    @property
    def invited_lately(self) -> int:
        """Who came in the last four weeks."""
        return sum(self.invited_by_week[-LATELY:])


def overview(*, participant_id: UUID, locale: str, now: datetime.datetime) -> Overview:
    """Everything the portal's first page shows."""
    mine = Referral.objects.filter(referrer_id=participant_id)
    counted = mine.aggregate(
        invited=Count("id"), confirmed=Count("id", filter=Q(category__in=("converted", "completed")))
    )
    newest = list(referrals.referral_list(referrer_id=participant_id)[:5])
    since = now - datetime.timedelta(weeks=WEEKS)
    clicks = Click.objects.filter(referrer_id=participant_id, counted=True)
    held = holdings(participant_id)
    matured = Reward.objects.filter(beneficiary_id=participant_id, available_at__gte=since)
    return Overview(
        offer=offer(programs.default_program(), locale, now),
        clicks=clicks.count(), clicks_by_week=_by_week(clicks.filter(occurred_at__gte=since), "occurred_at", now),
        invited_by_week=_by_week(mine.filter(created_at__gte=since), "created_at", now),
        confirmed_by_week=_by_week(mine.filter(converted_at__gte=since), "converted_at", now),
        holdings=held, earned=[line.available + line.reserved + line.paid + line.debt for line in held],
        earned_by_week=_by_week(matured, "available_at", now, KEPT) if len(held) == 1 else [],
        newest=tell_all(newest, locale, now), changes=changes(participant_id, locale), **counted,
    )  # fmt: skip


def _by_week(rows: Any, column: str, now: datetime.datetime, what: Any = None) -> list[int]:
    """How many, or how much, in each of the last weeks, the present one last; nothing to draw when there were none."""
    found = dict(rows.values_list(TruncWeek(column)).annotate(n=what or Count("id")).order_by())
    counted = {week.date(): n for week, n in found.items()}
    if not counted:
        return []
    monday = (now - datetime.timedelta(days=now.weekday())).date()
    return [counted.get(monday - datetime.timedelta(weeks=back), 0) for back in range(WEEKS - 1, -1, -1)]


def offer(program: Program | None, locale: str, now: datetime.datetime) -> Offer:
    """The program's promise to referrers and their friends, out of the rules in force; without, a break."""
    if program is None:
        return Offer(
            _("This program is taking a break"),
            _("New referrals are not possible at the moment. What was referred before stays valid."),
        )
    found = programs.offer(program, at=now)
    if found is None or found.referrer is None:
        return Offer(_("Share your link"), _("Everybody who comes through it is counted for you."))
    facts = {"mine": found.referrer.short(locale)}
    if found.friend is None:
        title = _("Share your link, get %(mine)s") % facts
    else:
        title = _("Give %(theirs)s, get %(mine)s") % {**facts, "theirs": found.friend.short(locale)}
    mine = next(each for each in found.earnings if not each.to_friend)
    text = _("You get %(mine)s for everybody who comes through your link and goes through with it.") % facts
    return Offer(title, " ".join([text, *mine.notes()]))
