"""What the first page adds to the figures: what waits for this member, and how healthy the program is."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from kith.analytics import rules
from kith.analytics.queries.figures import Totals
from kith.kit import clock
from kith.kit.actors import Actor
from kith.kit.models import Job, JobState
from kith.kit.money import Money
from kith.ledger.models import Account
from kith.payouts.models import BatchStatus, PayoutBatch
from kith.payouts.queries import unclaimed_rewards
from kith.programs.models import Program, ProgramStatus
from kith.rewards.models import Reward
from kith.rewards.queries import waiting_total
from kith.tenants.queries import current_tenant

FAILED_FOR = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Task:
    """Something this member can do now: how much of it, in words, and where (`target`)."""

    count: int
    words: Any
    verb: Any
    target: str
    icon: str
    amount: Money | None = None
    tone: str = ""


def tasks(actor: Actor) -> list[Task]:
    """What waits for this member, most urgent first; nothing their role cannot do. At most four statements."""
    found = [_failed(actor), _decide(actor), *_batches(actor), _due(actor)]
    return [task for task in found if task is not None and task.count]


def _failed(actor: Actor) -> Task | None:
    if not actor.may("jobs.view"):
        return None
    count = Job.objects.filter(state=JobState.FAILED, finished_at__gt=clock.now() - FAILED_FOR).count()
    words = ngettext_lazy("import or export that failed", "imports or exports that failed", count)
    return Task(count, words, _("Look"), "jobs", "circle-alert", tone="bad")


def _decide(actor: Actor) -> Task | None:
    if not actor.may("rewards.approve"):
        return None
    count = waiting_total()
    words = ngettext_lazy("referral to decide on", "referrals to decide on", count)
    return Task(count, words, _("Decide"), "queue", "inbox")


def _batches(actor: Actor) -> list[Task]:
    """Batches that this member may approve, and approved ones that have not gone to the bank."""
    theirs = Q(made_by__in=[actor.ref, actor.principal], needs_second_person=True)
    sums = PayoutBatch.objects.aggregate(
        draft=Count("id", filter=Q(status=BatchStatus.DRAFT) & ~theirs),
        approved=Count("id", filter=Q(status=BatchStatus.APPROVED)),
    ) if actor.may("payouts.view") else {"draft": 0, "approved": 0}  # fmt: skip
    draft, approved = sums["draft"], sums["approved"]
    words = ngettext_lazy("payout batch to approve", "payout batches to approve", draft)
    sending = ngettext_lazy(
        "approved batch to send to the bank", "approved batches to send to the bank", approved
    )
    return [
        Task(draft if actor.may("payouts.approve") else 0, words, _("Approve"), "batches", "stamp"),
        Task(approved if actor.may("payouts.send") else 0, sending, _("Send"), "batches", "send"),
    ]


def _due(actor: Actor) -> Task | None:
    if not actor.may("payouts.make"):
        return None
    currency = current_tenant().currency
    sums = unclaimed_rewards().filter(currency=currency).aggregate(
        people=Count("beneficiary_id", distinct=True),
        net=Sum(F("amount_minor") - F("clawed_back_minor"), default=0),
    )  # fmt: skip
    people = sums["people"]
    words = ngettext_lazy("due to %(count)d person", "due to %(count)d people", people)
    return Task(
        people, words % {"count": people}, _("Pay"), "batches", "wallet", Money(int(sums["net"]), currency)
    )


@dataclass(frozen=True, slots=True)
class Health:
    """How well the program runs: shares of the period, how long decisions take, what the budgets have left.

    `converted_before` is the period before. `deciding` is the mean time from a reward to its approval by
    people; `left` adds up what programs with a limit may still promise, None without any.
    """

    converted: rules.Rate
    converted_before: rules.Rate
    refused: rules.Rate
    deciding: datetime.timedelta | None
    left: Money | None


def health(now: Totals, before: Totals, period: rules.Period, currency: str) -> Health:
    """The figures of the period beside the totals that are known already. Two statements."""
    since = datetime.datetime.combine(period.first, datetime.time(), datetime.UTC)
    # What a rule approves by itself is approved at once and says nothing about people.
    decided = Reward.objects.filter(approved_at__gte=since, approved_at__gt=F("created_at"))
    waited = decided.aggregate(mean=Avg(F("approved_at") - F("created_at")))["mean"]
    return Health(
        converted=rules.rate(now.completed, now.referrals),
        converted_before=rules.rate(before.completed, before.referrals),
        refused=rules.rate(now.rejected, now.rejected + now.completed),
        deciding=waited,
        left=_left(currency),
    )


def _left(currency: str) -> Money | None:
    """What live programs with a limit may still promise; None when none has a limit."""
    live = Program.objects.filter(status=ProgramStatus.LIVE).values("id")
    capped = Account.objects.filter(kind="budget", owner_id__in=live, currency=currency, floor__isnull=False)
    left = capped.aggregate(left=Sum(F("balance") - F("floor")))["left"]
    return None if left is None else Money(int(left), currency)
