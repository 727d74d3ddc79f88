"""What participants see of their referrals and earnings, with a sentence for every state."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from kith.kit.money import Money, total
from kith.kit.pagination import Page, paginate
from kith.kit.templatetags.kit import day
from kith.ledger import queries as ledger
from kith.pipelines import queries as pipelines
from kith.pipelines.models import StatusEntry
from kith.pipelines.rules import PATH
from kith.referrals import queries as referrals
from kith.referrals.models import CLOSED, Referral
from kith.rewards.models import Reward, RewardStatus
from kith.rewards.queries.rewards import Holdings, holdings, rewards_of_referrals

ENDED = (RewardStatus.REJECTED, RewardStatus.CANCELLED, RewardStatus.CLAWED_BACK)
SHOW = {
    "open": Q(category__in=("new", "engaged", "qualified", "converted")),
    "done": Q(category="completed"),
    "closed": Q(category__in=CLOSED),
}
"""What the filter of the list is called -> the categories behind it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One referral as its referrer sees it; `step` of 5 is 0 when it has ended without success."""

    referral: Referral
    name: str
    stage: str
    step: int
    tone: str
    sentence: str
    amount: Money | None
    amount_note: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a referral."""

    referral_id: UUID
    name: str
    stage: str
    category: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of what somebody has, in words; `amount` is negative where it left."""

    words: str
    tone: str
    amount: Money
    balance: Money
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reward that is not free yet, and why."""

    name: str
    amount: Money
    sentence: str


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a participant has by currency, what still waits, and every movement so far."""

    holdings: list[Holdings]
    waiting: list[Waiting]
    lines: list[Line]


def told_list(
    *, participant_id: UUID, show: str = "", search: str = "", locale: str, now: datetime.datetime,
    page: int | str = 1,
) -> Page[Told]:  # fmt: skip
    """The participant's referrals, newest first; `search` looks at names alone, which is all they may see."""
    rows = referrals.referral_list(referrer_id=participant_id)
    if show in SHOW:
        rows = rows.filter(SHOW[show])
    if search.strip():
        rows = rows.filter(referred_name__icontains=search.strip())
    found = paginate(rows, page=page, limit=20)
    return found.showing(tell_all(found.items, locale, now))


def told(referral: Referral, locale: str, now: datetime.datetime) -> Told:
    """One referral as its referrer sees it."""
    return tell_all([referral], locale, now)[0]


def tell_all(rows: Sequence[Referral], locale: str, now: datetime.datetime) -> list[Told]:
    earned = rewards_of_referrals([row.id for row in rows])
    return [_tell(row, earned[row.id], locale, now) for row in rows]


def _tell(row: Referral, rewards: Sequence[Reward], locale: str, now: datetime.datetime) -> Told:
    mine = [reward for reward in rewards if reward.beneficiary_id == row.referrer_id]
    live = [reward for reward in mine if reward.status not in ENDED]
    amount = total((reward.left for reward in live), live[0].currency) if live else None
    return Told(
        referral=row, name=shown_name(row.referred_name), stage=pipelines.stage_label(row.stage, locale),
        step=PATH.index(row.category) + 1 if row.category in PATH else 0,
        tone={"completed": "ok"}.get(row.category, "bad" if row.category in CLOSED else ""),
        sentence=sentence(row, mine, locale, now), amount=amount, amount_note=_note(live),
    )  # fmt: skip


def shown_name(name: str) -> str:
    """Somebody's first name and the first letter of the last: enough to know who it is."""
    words = name.split()
    if not words:
        return _("Somebody")
    return words[0] if len(words) == 1 else f"{words[0]} {words[-1][0]}."


def _note(live: Sequence[Reward]) -> str:
    """One word about where the money is."""
    if not live:
        return ""
    words = {
        RewardStatus.AVAILABLE: _("available"),
        RewardStatus.SETTLED: _("paid"),
        RewardStatus.APPROVED: _("on hold"),
    }
    return words.get(RewardStatus(live[-1].status), _("being checked"))


# ---- a sentence for every state


def sentence(row: Referral, rewards: Sequence[Reward], locale: str, now: datetime.datetime) -> str:
    """Why the referral stands where it stands, what is awaited, and until when."""
    if row.asked_at is not None:
        return _("We have a question for you. Answer it and we go on.")
    if row.category in CLOSED and not any(reward.status == RewardStatus.CLAWED_BACK for reward in rewards):
        return _closed(row)
    live = [reward for reward in rewards if reward.status not in ENDED]
    if live:
        return _about_reward(live[-1], locale, now)
    if rewards:
        return _about_ended(rewards[-1], locale)
    return _on_the_way(row)


def _on_the_way(row: Referral) -> str:
    last = row.created_at + datetime.timedelta(days=row.program.conversion_window_days)
    facts = {"name": _first(row.referred_name), "day": day(last)}
    match row.category:
        case "new":
            return (
                _("%(name)s came through your link. We wait for the next step; it counts until %(day)s.")
                % facts
            )
        case "engaged":
            return _("%(name)s is interested. We wait for the next step; it counts until %(day)s.") % facts
        case "qualified":
            return _("It looks good. We wait for the confirmation; it counts until %(day)s.") % facts
        case "converted":
            return _("Confirmed. We are working out what you earn; that takes a day at most.")
    return _("Complete. By the rules of the program this one earns nothing.")


def _closed(row: Referral) -> str:
    match row.category:
        case "rejected":
            return _("Not approved, so it earns nothing. Ask us if you think that is a mistake.")
        case "expired":
            return _("The time to take the next step is over, so it earns nothing.")
    return _("It was cancelled, so it earns nothing.")


def _about_reward(reward: Reward, locale: str, now: datetime.datetime) -> str:
    facts = {"amount": reward.left.format(locale), "day": day(reward.hold_until)}
    match reward.status:
        case RewardStatus.AVAILABLE:
            return (
                _("%(amount)s is yours, on your balance. What is there goes out with the next payment.")
                % facts
            )
        case RewardStatus.SETTLED:
            return _("%(amount)s is paid. Thank you!") % facts
        case RewardStatus.APPROVED:
            if reward.hold_until and reward.hold_until > now:
                return (
                    _("Approved. %(amount)s is yours on %(day)s, unless something is cancelled before.")
                    % facts
                )
            return _("Approved. %(amount)s is yours in a moment.") % facts
        case RewardStatus.ON_HOLD:
            return _("%(amount)s is on hold while we look at something. You need not do anything.") % facts
    return _("Confirmed. You earn %(amount)s as soon as we have approved it.") % facts


def _about_ended(reward: Reward, locale: str) -> str:
    facts = {"amount": reward.money.format(locale)}
    if reward.status == RewardStatus.CLAWED_BACK:
        return _("%(amount)s was taken back, because what it was for has changed.") % facts
    if reward.status == RewardStatus.REJECTED:
        return _("The reward was not approved. Ask us if you think that is a mistake.")
    return _("What it was for was cancelled, so it earns nothing.")


def _first(name: str) -> str:
    return name.split()[0] if name.split() else _("Somebody")


# ---- what changed


def changes(participant_id: UUID, locale: str, *, most: int = 6) -> list[Change]:
    """The newest steps of the participant's referrals, in the organization's words."""
    recent = {
        row.id: row
        for row in Referral.objects.filter(referrer_id=participant_id)
        .select_related("stage")
        .order_by("-updated_at")[:20]
    }
    pipeline_ids = {row.stage.pipeline_id for row in recent.values()}
    labels: Mapping[str, str] = {
        stage.code: pipelines.stage_label(stage, locale)
        for pipeline_id in pipeline_ids
        for stage in pipelines.stages(pipeline_id)
    }
    entries = StatusEntry.objects.filter(machine="referral", subject_id__in=list(recent))
    return [
        Change(entry.subject_id, shown_name(recent[entry.subject_id].referred_name),
               labels.get(entry.to_state, entry.to_state), entry.to_category, entry.at)
        for entry in entries.order_by("-at", "-id")[:most]
    ]  # fmt: skip


# ---- money


def earnings(*, participant_id: UUID, locale: str, now: datetime.datetime) -> Earnings:
    """Balances, what waits, and the newest hundred movements of what is the participant's."""
    pending = Reward.objects.select_related("referral").filter(
        beneficiary_id=participant_id,
        status__in=(RewardStatus.PENDING_APPROVAL, RewardStatus.APPROVED, RewardStatus.ON_HOLD),
    )
    waiting = [
        Waiting(_name_of(reward), reward.left, _about_reward(reward, locale, now))
        for reward in pending.order_by("hold_until", "id")[:100]
    ]
    return Earnings(holdings(participant_id), waiting, movements(participant_id))


def movements(participant_id: UUID) -> list[Line]:
    """The newest hundred changes of what is the participant's, with the balance after each, in words.

    What was taken back after it had been paid counts below zero until later earnings have settled it.
    """
    held = [line for line in ledger.balances(participant_id) if line.kind in ("available", "debt")]
    entries = [
        (account.money.currency, entry)
        for account in held
        for entry in ledger.entries(account.account_id, limit=100)
    ]
    about = {entry.ref_id for _currency, entry in entries if entry.ref_type == "reward"}
    rewards = {row.id: row for row in Reward.objects.select_related("referral").filter(id__in=about)}
    left: dict[str, Money] = {}
    for account in held:
        currency = account.money.currency
        left[currency] = left.get(currency, Money.zero(currency)) + account.money
    found = []
    for currency, entry in sorted(entries, key=lambda pair: pair[1].journal_id, reverse=True)[:100]:
        tone = "ok" if entry.amount.amount_minor > 0 else ""
        words = _movement(entry.kind, rewards.get(entry.ref_id) if entry.ref_id else None)
        found.append(Line(words, tone, entry.amount, left[currency], entry.event_at))
        left[currency] = left[currency] - entry.amount
    return found


def _movement(kind: str, reward: Reward | None) -> str:
    words = {
        "mature": _("Earned with %(name)s"),
        "clawback": _("Taken back: %(name)s"),
        "withdraw.request": _("On its way to your account"),
        "withdraw.release": _("Back on your balance"),
        "withdraw.returned": _("Sent back by the bank, available again"),
    }
    return words.get(kind, _("Correction")) % {"name": _name_of(reward)}


def _name_of(reward: Reward | None) -> str:
    return shown_name(reward.referral.referred_name) if reward and reward.referral else _("a referral")


def story(row: Referral, locale: str) -> list[Change]:
    """Every step of one referral, the newest first."""
    labels = {
        stage.code: pipelines.stage_label(stage, locale) for stage in pipelines.stages(row.stage.pipeline_id)
    }
    return [
        Change(
            row.id,
            shown_name(row.referred_name),
            labels.get(step.to_state, step.to_state),
            step.to_category,
            step.at,
        )
        for step in reversed(pipelines.history("referral", row.id))
    ]
