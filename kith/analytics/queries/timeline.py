"""What happened to one participant, in words, from everything that keeps a history of its own."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kith.analytics.queries.terms import FIELDS
from kith.audit.models import AuditEntry
from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.participants import queries as people
from kith.participants.models import Participant, PortalSession
from kith.pipelines.models import Stage, StatusEntry
from kith.pipelines.queries import stage_label
from kith.referrals.models import Referral
from kith.tenants.queries import actor_names

SHOWN, MOST_REFERRALS = 40, 200

# What people see of the ledger: one line per movement, told from the side where it matters.
MONEY: Mapping[tuple[str, str], tuple[Any, str, str]] = {
    ("pending", "accrue"): (gettext_lazy("Reward earned"), "gift", ""),
    ("pending", "cancel"): (gettext_lazy("Reward cancelled"), "x", "bad"),
    ("available", "mature"): (gettext_lazy("Reward available"), "check", "ok"),
    ("available", "clawback"): (gettext_lazy("Reward taken back"), "undo-2", "bad"),
    ("debt", "clawback"): (gettext_lazy("Taken back after payment"), "undo-2", "bad"),
    ("debt", "mature"): (gettext_lazy("Debt settled with a reward"), "equal", "ok"),
    ("available", "withdraw.request"): (gettext_lazy("In a payout"), "landmark", ""),
    ("available", "withdraw.release"): (gettext_lazy("Back from a payout"), "undo-2", "warn"),
    ("paid", "withdraw.paid"): (gettext_lazy("Paid out"), "banknote", "ok"),
    ("available", "withdraw.returned"): (gettext_lazy("Returned by the bank"), "undo-2", "bad"),
    ("debt", "writeoff"): (gettext_lazy("Debt given up"), "eraser", ""),
    ("pending", "merge"): (gettext_lazy("On hold, from a merged row"), "merge", ""),
    ("available", "merge"): (gettext_lazy("Available, from a merged row"), "merge", ""),
    ("paid", "merge"): (gettext_lazy("Paid out, from a merged row"), "merge", ""),
    ("debt", "merge"): (gettext_lazy("Owed, from a merged row"), "merge", ""),
}
STATUS: Mapping[str, tuple[Any, str, str]] = {
    "suspended": (gettext_lazy("Suspended"), "pause", "warn"),
    "active": (gettext_lazy("May refer again"), "play", "ok"),
    "merged": (gettext_lazy("Merged into another"), "merge", ""),
    "erased": (gettext_lazy("Erased on request"), "eraser", "bad"),
}
CATEGORY_TONE = {"completed": "ok", "rejected": "bad", "cancelled": "bad", "expired": "warn"}
# Written with everything else, or by the machine: they are no edit of anybody's.
_SILENT = frozenset({"updated_at", "search", "last_login_at", "email_index", "phone_index", "visa_number_index",
                     "first_referral_at", "merged_into_id", "merged_at", "email_verified_at", "status"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `by` is a name people know, or nothing."""

    at: datetime.datetime
    title: str
    icon: str
    tone: str = ""
    detail: str = ""
    by: str = ""
    amount: Money | None = None
    referral_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest moments first; `before` is where older ones go on, None at the end."""

    moments: list[Moment]
    before: datetime.datetime | None


def timeline(person: Participant, *, locale: str, before: datetime.datetime | None = None) -> Timeline:
    """Up to 40 moments of a participant and whom they stand for, before a moment. A fixed number of statements."""
    until = before or datetime.datetime.max.replace(tzinfo=datetime.UTC)
    sources = (
        _edits(person, until), _referrals(person, until, locale), _money(person, until), _notes(person, until),
        _portal(person, until),
    )  # fmt: skip
    found = sorted((moment for source in sources for moment in source), key=lambda one: one.at, reverse=True)
    shown = found[:SHOWN]
    names = actor_names({moment.by for moment in shown if moment.by})
    told = [replace(moment, by=names.get(moment.by, "")) for moment in shown]
    return Timeline(told, shown[-1].at if len(found) > SHOWN else None)


def _edits(person: Participant, until: datetime.datetime) -> Iterator[Moment]:
    rows = AuditEntry.objects.filter(
        table_name="participants_participant", row_id=str(person.pk), at__lt=until
    )
    for row in rows.order_by("-id")[: SHOWN + 1]:
        if row.op == "I":
            title = _("Imported") if person.source == "import" else _("Enrolled")
            yield Moment(person.created_at, title, "user-plus", by=row.actor)
        elif row.op == "U" and "status" in row.diff:
            title, icon, tone = STATUS.get(row.diff["status"][1], (_("Changed"), "pencil", ""))
            yield Moment(row.at, str(title), icon, tone, by=row.actor)
        elif row.op == "U" and (told := _told(row.diff)):
            yield Moment(row.at, _("Details changed"), "pencil", detail=told, by=row.actor)


def _told(columns: Iterable[str]) -> str:
    """The names of the changed fields, each once."""
    known = {name.removesuffix("_enc") for name in columns if name not in _SILENT}
    return ", ".join(sorted(str(FIELDS.get(name, name.replace("_", " "))) for name in known))


def _referrals(person: Participant, until: datetime.datetime, locale: str) -> Iterator[Moment]:
    rows = Referral.objects.filter(referrer=person).select_related("program").order_by("-created_at", "-id")
    mine = {row.pk: row for row in rows[:MOST_REFERRALS]}
    if not mine:
        return
    stages = Stage.objects.filter(pipeline__in={row.program.pipeline_id for row in mine.values()})
    labels = {(stage.pipeline_id, stage.code): stage_label(stage, locale) for stage in stages}
    steps = StatusEntry.objects.filter(machine="referral", subject_id__in=list(mine), at__lt=until)
    for step in steps.order_by("-at", "-id")[: SHOWN + 1]:
        row = mine[step.subject_id]
        whom = row.referred_name or row.referred_email or _("somebody")
        stage = labels.get((row.program.pipeline_id, step.to_state), step.to_state)
        title = f"{whom}: {stage}"
        if not step.from_state:
            title = _("Referred %(name)s") % {"name": whom}
        icon = "route" if step.from_state else "user-round-plus"
        tone = CATEGORY_TONE.get(step.to_category, "")
        # What Kith wrote itself is in the catalog; what people wrote stays as it is.
        why = _(step.reason) if step.reason else ""
        yield Moment(step.at, title, icon, tone, why, step.actor, referral_id=row.pk)


def _money(person: Participant, until: datetime.datetime) -> Iterator[Moment]:
    for account in ledger.balances(person.pk):
        for entry in ledger.entries(account.account_id, limit=ledger.MAX_ENTRIES):
            told = MONEY.get((account.kind, entry.kind))
            if told and entry.event_at < until:
                title, icon, tone = told
                yield Moment(entry.event_at, str(title), icon, tone, amount=abs(entry.amount), by=entry.actor)


def _notes(person: Participant, until: datetime.datetime) -> Iterator[Moment]:
    for note in people.notes_of(person.pk):
        if note.created_at < until:
            title = _("Note removed") if note.removed_at else _("Note")
            yield Moment(note.created_at, title, "sticky-note", detail=note.text or "", by=note.author)
    for consent in people.consents_of(person.pk):
        if consent.at < until:
            title = _("Agreed: %(kind)s") if consent.given else _("Withdrew consent: %(kind)s")
            tone = "ok" if consent.given else "warn"
            told = title % {"kind": consent.kind.replace("_", " ")}
            yield Moment(consent.at, told, "file-check", tone, by=consent.actor)


def _portal(person: Participant, until: datetime.datetime) -> Iterator[Moment]:
    rows = PortalSession.objects.filter(participant=person, created_at__lt=until)
    for row in rows.order_by("-created_at")[: SHOWN + 1]:
        if row.member_id:
            by = f"member:{row.member_id}"
            yield Moment(row.created_at, _("Staff looked into the portal"), "eye", "warn", by=by)
        else:
            yield Moment(row.created_at, _("Signed in to the portal"), "log-in")
