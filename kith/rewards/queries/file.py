"""Everything known about one referral, with what to look at twice."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kith.kit.money import Money
from kith.participants.models import ParticipantStatus
from kith.pipelines import queries as pipelines
from kith.pipelines.models import Stage
from kith.pipelines.rules import PATH
from kith.programs import queries as programs
from kith.referrals import queries as referrals
from kith.referrals.models import Agreement, Conversion, Referral
from kith.rewards import rules
from kith.rewards.models import Reward
from kith.rewards.queries.facts import Explanation, explanations
from kith.rewards.queries.queue import sum_of, waiting_of
from kith.rewards.queries.rewards import CONVERSION, decisions_of, rewards_of_referrals
from kith.tenants.queries import actor_names

MANY_IN_A_DAY = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a referral's history; `by` is a name people know."""

    title: str
    category: str
    by: str
    reason: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """One stage of the way a referral goes, in the organization's words: done, here or ahead."""

    word: str
    state: str


@dataclass(frozen=True, slots=True)
class ReferralFile:
    """Everything known about one referral."""

    stage: str
    way: list[Mark]
    conversions: list[Conversion]
    rewards: list[Reward]
    reasons: list[Explanation]
    warnings: list[str]
    history: list[Step]
    notes: list[tuple[referrals.ReadNote, str]]
    phone: str
    agreement: Agreement | None
    moves: list[tuple[str, str, bool]]
    waiting: Money | None
    can_undo: bool

    @property
    def token(self) -> str:
        """What approving it releases, as `Release.token` says it."""
        return f"{self.waiting.currency}{self.waiting.amount_minor}" if self.waiting else "none"


def referral_file(referral: Referral, locale: str) -> ReferralFile:
    """What staff decide by: evidence, money, the rules' reasons, warnings, and what happened so far."""
    conversions = list(referrals.conversions_of([referral.id]))
    rewards = rewards_of_referrals([referral.id])[referral.id]
    decisions = decisions_of(CONVERSION, [row.id for row in conversions]).select_related("program")
    passed = pipelines.history("referral", referral.id)
    notes = referrals.notes_of(referral.id)
    words = programs.rule_words(referral.program) if decisions else {}
    names = actor_names([*(step.actor for step in passed), *(note.author for note in notes)])
    stages = list(pipelines.stages(referral.stage.pipeline_id))
    labels = {row.code: pipelines.stage_label(row, locale) for row in stages}
    return ReferralFile(
        stage=labels[referral.stage.code], way=_way(referral.stage, stages, labels), conversions=conversions,
        rewards=rewards, reasons=[line for decision in decisions for line in explanations(decision, locale, words)],
        warnings=_warnings(referral, conversions),
        history=[
            Step(labels.get(step.to_state, step.to_state), step.to_category, names[step.actor], step.reason, step.at)
            for step in reversed(passed)
        ],
        notes=[(note, names[note.author]) for note in notes],
        phone=referrals.phone_of(referral) or "", agreement=referrals.agreement(referral.id),
        moves=[
            (step.to_stage.code, labels[step.to_stage.code], step.needs_reason)
            for step in pipelines.steps_from(referral.stage)
        ],
        waiting=sum_of(waiting_of(rewards)),
        can_undo=_can_undo(referral, rewards),
    )  # fmt: skip


def _can_undo(referral: Referral, rewards: Sequence[Reward]) -> bool:
    spent = any(reward.status in rules.SPENT for reward in rewards)
    return not spent and pipelines.stage_before("referral", referral) is not None


def _way(here: Stage, stages: Sequence[Stage], labels: Mapping[str, str]) -> list[Mark]:
    """The stages on the way forward; a referral that ended early has no place on it."""
    if here.category not in PATH:
        return []

    def state(stage: Stage) -> str:
        if stage.pk == here.pk:
            return "here"
        return "done" if stage.position < here.position else "ahead"

    return [Mark(labels[stage.code], state(stage)) for stage in stages if stage.category in PATH]


# --- what to look at twice ----------------------------------------------------------------------------


def _warnings(referral: Referral, conversions: Sequence[Conversion]) -> list[str]:
    """Sentences about what is unusual. Two statements."""
    return [
        *_about_evidence(referral, conversions),
        *_about_person(referral, _same_elsewhere(referral)),
        *_about_referrer(referral, _counts_of(referral.referrer_id, referral)),
    ]


def _about_evidence(referral: Referral, conversions: Sequence[Conversion]) -> list[str]:
    found = []
    if any(row.is_estimated for row in conversions):
        found.append(_("The booking came without an amount; the average is an estimate."))
    if any(row.occurred_at.date() < referral.created_at.date() for row in conversions):
        found.append(_("The booking was made before the referral."))
    if any(row.refunded_minor for row in conversions):
        found.append(_("Part of the booking was refunded."))
    if referral.method == "manual" and not referral.click_id:
        found.append(_("A colleague recorded it by hand; no click or code proves it."))
    return found


def _same_elsewhere(referral: Referral) -> dict[str, int]:
    same_person = Q(referred_key=referral.referred_key)
    same_booking = Q(booking_reference=referral.booking_reference) & ~Q(booking_reference="")
    others = Referral.objects.exclude(pk=referral.pk).filter(same_person | same_booking)
    found: dict[str, int] = others.aggregate(
        person=Count("id", filter=same_person), booking=Count("id", filter=same_booking)
    )
    return found


def _about_person(referral: Referral, same: Mapping[str, int]) -> list[str]:
    found = []
    if referral.referred_participant_id:
        found.append(_("The referred person takes part here already."))
    if same["person"]:
        said = ngettext(
            "This person was referred %(count)d time before.",
            "This person was referred %(count)d times before.",
            same["person"],
        )
        found.append(said % {"count": same["person"]})
    if same["booking"]:
        found.append(_("Another referral names the same booking."))
    return found


def _counts_of(referrer_id: UUID, referral: Referral) -> dict[str, int]:
    day = datetime.timedelta(days=1)
    near = Q(created_at__gt=referral.created_at - day, created_at__lt=referral.created_at + day)
    others = Referral.objects.filter(referrer=referrer_id).exclude(pk=referral.pk)
    found: dict[str, int] = others.aggregate(
        all=Count("id"), rejected=Count("id", filter=Q(category="rejected")), near=Count("id", filter=near)
    )
    return found


def _about_referrer(referral: Referral, others: Mapping[str, int]) -> list[str]:
    found = []
    if referral.referrer.status != ParticipantStatus.ACTIVE:
        found.append(_("The referrer is suspended or erased."))
    if others["near"] >= MANY_IN_A_DAY:
        found.append(
            _("The referrer made %(count)d other referrals around that day.") % {"count": others["near"]}
        )
    if others["rejected"]:
        said = ngettext(
            "%(rejected)d of the referrer's %(all)d other referrals was rejected.",
            "%(rejected)d of the referrer's %(all)d other referrals were rejected.",
            others["rejected"],
        )
        found.append(said % others)
    return found
