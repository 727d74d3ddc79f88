"""What happened, in words: for the bell, the page of all news and the first page."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from kith.analytics.models import NewsSeen
from kith.analytics.queries.work import job_words
from kith.kit import clock
from kith.kit.actors import Actor
from kith.kit.models import Job, JobState, OutboxEvent
from kith.kit.money import Money
from kith.kit.templatetags.kit import money
from kith.participants.models import Participant
from kith.payouts.models import BatchStatus, PayoutBatch
from kith.programs.models import Program
from kith.referrals.models import Referral
from kith.rewards.queries import waiting_total
from kith.tenants.queries import actor_names, current_tenant

KEPT = datetime.timedelta(days=30)
"""How far back news go; older things are in the audit trail."""
UNSEEN = datetime.timedelta(days=7)
"""What is new to somebody who never looked."""
SHOWN_UP_TO = 99


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of event is told: alone, and as several of a day; who may know, and where it leads."""

    icon: str
    permission: str
    alone: Any
    several: Any
    target: str
    tone: str = ""


# The words of one are filled from the event; `several` counts events of one day.
KINDS: Mapping[str, Kind] = {
    "referral.created": Kind(
        "user-plus", "referrals.view", _("%(referrer)s referred %(friend)s"),
        ngettext_lazy("%(count)d new referral", "%(count)d new referrals", "count"), "referral",
    ),
    "referral.moved": Kind(
        "check-check", "referrals.view", _("The referral of %(friend)s is completed"),
        ngettext_lazy("%(count)d referral completed", "%(count)d referrals completed", "count"), "referral", "ok",
    ),
    "reward.approved": Kind(
        "gift", "rewards.view", _("%(amount)s approved for %(person)s"),
        ngettext_lazy("%(count)d reward approved", "%(count)d rewards approved", "count"), "reward", "ok",
    ),
    "reward.rejected": Kind(
        "circle-x", "rewards.view", _("%(amount)s refused to %(person)s"),
        ngettext_lazy("%(count)d reward refused", "%(count)d rewards refused", "count"), "reward",
    ),
    "reward.clawed_back": Kind(
        "undo-2", "rewards.view", _("%(amount)s taken back from %(person)s"),
        ngettext_lazy("%(count)d reward taken back", "%(count)d rewards taken back", "count"), "reward", "warn",
    ),
    "payout.paid": Kind(
        "banknote", "payouts.view", _("%(amount)s paid to %(person)s"),
        ngettext_lazy("%(count)d payment arrived", "%(count)d payments arrived", "count"), "batch", "ok",
    ),
    "payout.failed": Kind(
        "circle-alert", "payouts.view", _("The bank refused the payment of %(amount)s to %(person)s"),
        ngettext_lazy("The bank refused %(count)d payment", "The bank refused %(count)d payments", "count"),
        "batch", "bad",
    ),
    "payout.returned": Kind(
        "undo-2", "payouts.view", _("The bank sent %(amount)s for %(person)s back"),
        ngettext_lazy("The bank sent %(count)d payment back", "The bank sent %(count)d payments back", "count"),
        "batch", "bad",
    ),
    "participant.created": Kind(
        "user-round-check", "participants.view", _("%(person)s joined"),
        ngettext_lazy("%(count)d person joined", "%(count)d people joined", "count"), "participant",
    ),
    "participant.suspended": Kind(
        "user-round-x", "participants.view", _("%(person)s cannot refer for the time being"),
        ngettext_lazy("%(count)d person suspended", "%(count)d people suspended", "count"), "participant", "warn",
    ),
    "program.created": Kind(
        "flag", "programs.view", _("The program %(program)s was set up"),
        ngettext_lazy("%(count)d program was set up", "%(count)d programs were set up", "count"), "program",
    ),
    "rule.published": Kind(
        "scroll-text", "programs.view", _("A new promise is in force in %(program)s"),
        ngettext_lazy("%(count)d new promise is in force", "%(count)d new promises are in force", "count"),
        "program", "ok",
    ),
    "budget.funded": Kind(
        "piggy-bank", "programs.view", _("%(amount)s added to the budget of %(program)s"),
        ngettext_lazy("A budget was raised", "Budgets were raised %(count)d times", "count"), "program",
    ),
}  # fmt: skip

JOB_DONE, JOB_FAILED = _("%(what)s is finished"), _("%(what)s did not work")
BATCH_WAITS = _("Payout batch %(number)s of %(amount)s waits for a second person")


@dataclass(frozen=True, slots=True)
class News:
    """One line: what happened, by whom when it was one thing, when, and where it leads (`target`, `id`)."""

    text: str
    icon: str
    tone: str
    at: datetime.datetime
    target: str
    id: UUID | None = None
    by: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the frame shows around every page: referrals to decide on and news not seen, each counted to 100."""

    waiting: int = 0
    unread: int = 0

    @property
    def waiting_shown(self) -> str:
        """As people read it; empty for none."""
        return _capped(self.waiting)

    @property
    def unread_shown(self) -> str:
        """As people read it; empty for none."""
        return _capped(self.unread)


def _capped(count: int) -> str:
    return f"{SHOWN_UP_TO}+" if count > SHOWN_UP_TO else str(count or "")


def pulse(actor: Actor) -> Pulse:
    """What waits for this member and how much is new. At most three statements."""
    if actor.kind != "member":
        return Pulse()
    waiting = waiting_total(most=SHOWN_UP_TO + 1) if actor.may("rewards.approve") else 0
    since = seen_upto(actor)
    times = [
        rows.order_by().values_list(column)
        for rows, column in (
            (_events(actor, since).exclude(actor=actor.ref), "occurred_at"),
            (_jobs(actor, since), "finished_at"),
            (_batches(actor, since), "created_at"),
        )
    ]
    return Pulse(waiting, len(times[0].union(*times[1:], all=True)[: SHOWN_UP_TO + 1]))


def seen_upto(actor: Actor) -> datetime.datetime:
    """Until when this member has seen the news."""
    seen = NewsSeen.objects.filter(member_id=actor.id).values_list("upto", flat=True).first()
    return seen or clock.now() - UNSEEN


def news(actor: Actor, *, limit: int = 100, own: bool = False) -> list[News]:
    """What this member may know of, newest first; several of a kind on one day are one line.

    With `own` also what the member did, and nothing that only waits: what the first page tells.
    """
    now, seen = clock.now(), seen_upto(actor) if not own else clock.now()
    rows = _events(actor, now - KEPT)
    found = _told(rows if own else rows.exclude(actor=actor.ref), limit)
    if not own:
        found += [_of_job(job) for job in _jobs(actor, now - KEPT)[:limit]]
        found += [_of_batch(batch) for batch in _batches(actor, now - KEPT)[:limit]]
    found.sort(key=lambda line: line.at, reverse=True)
    return [replace(line, is_new=line.at > seen) for line in found[:limit]]


# --- where news come from -----------------------------------------------------------------------------


def _events(actor: Actor, since: datetime.datetime) -> QuerySet[OutboxEvent]:
    types = [name for name, kind in KINDS.items() if actor.may(kind.permission) and name != "referral.moved"]
    wanted = Q(type__in=types)
    if actor.may(KINDS["referral.moved"].permission):
        wanted |= Q(type="referral.moved", data__to_category="completed")
    rows: QuerySet[OutboxEvent] = OutboxEvent.objects.filter(wanted, occurred_at__gt=since)
    return rows


def _jobs(actor: Actor, since: datetime.datetime) -> QuerySet[Job]:
    ended = Job.objects.filter(created_by=actor.ref, finished_at__gt=since)
    rows: QuerySet[Job] = ended.filter(state__in=[JobState.SUCCEEDED, JobState.FAILED])
    return rows.order_by("-finished_at")


def _batches(actor: Actor, since: datetime.datetime) -> QuerySet[PayoutBatch]:
    rows: QuerySet[PayoutBatch] = PayoutBatch.objects.none()
    if actor.may("payouts.approve"):
        rows = PayoutBatch.objects.filter(status=BatchStatus.DRAFT, needs_second_person=True)
        rows = rows.filter(created_at__gt=since).exclude(made_by__in=[actor.ref, actor.principal])
    return rows.order_by("-created_at")


# --- in words -----------------------------------------------------------------------------------------


def _told(rows: QuerySet[OutboxEvent], limit: int) -> list[News]:
    zone = ZoneInfo(current_tenant().timezone)
    groups = list(
        rows.order_by()
        .annotate(day=TruncDate("occurred_at", tzinfo=zone))
        .values("day", "type")
        .annotate(n=Count("position"), at=Max("occurred_at"), last=Max("position"))
        .order_by("-at", "type")[:limit]
    )
    alone = OutboxEvent.objects.in_bulk([group["last"] for group in groups if group["n"] == 1])
    words = _words(alone.values())
    return [_line(group, alone.get(group["last"]), words) for group in groups]


def _line(group: Mapping[str, Any], event: OutboxEvent | None, words: "_Names") -> News:
    kind = KINDS[group["type"]]
    if event is None or group["n"] > 1:
        text = str(kind.several % {"count": group["n"]})
        return News(text, kind.icon, kind.tone, group["at"], f"{kind.target}s")
    text = str(kind.alone) % words.of(event)
    return News(text, kind.icon, kind.tone, group["at"], kind.target, words.target_of(event), words.by(event))


@dataclass(frozen=True, slots=True)
class _Names:
    """What the events that are told alone are about, each kind fetched at once."""

    referrals: Mapping[UUID, Referral]
    people: Mapping[UUID, str]
    programs: Mapping[UUID, str]
    actors: Mapping[str, str]

    def of(self, event: OutboxEvent) -> dict[str, str]:
        """The words of one event."""
        data, referral = event.data, self.referrals.get(_id(event.data.get("referral_id")))
        amount = Money(data["amount_minor"], data["currency"]) if "currency" in data else None
        return {
            "referrer": referral.referrer.name if referral else "–",
            "friend": (referral.referred_name or referral.referred_email or "–") if referral else "–",
            "person": self.people.get(_person(data), "–"),
            "program": self.programs.get(_id(data.get("program_id")), "–"),
            "amount": money(amount),
        }

    def by(self, event: OutboxEvent) -> str:
        """Who did it; nobody in particular for what Kith and the public do."""
        return self.actors.get(event.actor, "") if event.actor.startswith(("member:", "api_key:")) else ""

    def target_of(self, event: OutboxEvent) -> UUID | None:
        """The record that the event leads to."""
        names = {"batch": "batch_id", "program": "program_id", "participant": "participant_id"}
        return _id(event.data.get(names.get(KINDS[event.type].target, "referral_id"))) or None


NOBODY = UUID(int=0)


def _id(text: Any) -> UUID:
    return UUID(text) if text else NOBODY


def _person(data: Mapping[str, Any]) -> UUID:
    return _id(data.get("beneficiary_id") or data.get("participant_id"))


def _words(events: Iterable[OutboxEvent]) -> _Names:
    told = list(events)
    referrals = {_id(event.data.get("referral_id")) for event in told if event.type.startswith("referral.")}
    people = {_person(event.data) for event in told} - {NOBODY}
    programs = {
        _id(event.data.get("program_id")) for event in told if "%(program)" in str(KINDS[event.type].alone)
    }
    return _Names(
        Referral.objects.select_related("referrer").in_bulk(list(referrals)),
        dict(Participant.objects.filter(id__in=people).values_list("id", "name")),
        dict(Program.objects.filter(id__in=programs).values_list("id", "name")),
        actor_names(event.actor for event in told),
    )


def _of_job(job: Job) -> News:
    failed = job.state == JobState.FAILED
    text = str(JOB_FAILED if failed else JOB_DONE) % {"what": job_words(job.kind)}
    ended = job.finished_at or job.created_at
    return News(
        text, "circle-alert" if failed else "file-check", "bad" if failed else "ok", ended, "job", job.id
    )


def _of_batch(batch: PayoutBatch) -> News:
    amount = money(Money(batch.total_minor, batch.currency))
    text = str(BATCH_WAITS) % {"number": batch.number, "amount": amount}
    return News(text, "landmark", "warn", batch.created_at, "batch", batch.id)
