"""What a batch would pay if it were made now, and whom it would leave out why. Nothing here writes."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Sum

from kith.kit.money import Money, total
from kith.participants.models import Participant
from kith.payouts import rules
from kith.payouts.models import Withdrawal
from kith.payouts.queries.merging import UNDER_WAY
from kith.payouts.queries.paying import REASONS, claim, live_accounts, payees, terms_of, unclaimed_rewards
from kith.rewards.models import Reward, RewardStatus
from kith.tenants import queries as tenants

MAX_REWARDS = 10_000
"""Most rewards one batch looks at; the rest stay due for the next."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One person in or out of the batch; `sentence` says why out."""

    participant_id: UUID
    name: str
    account_shown: str
    rewards: int
    amount: Money
    reason: str

    @property
    def sentence(self) -> str:
        """Why they are left out, for people."""
        return str(REASONS[self.reason]) if self.reason else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The batch as it would be made now."""

    pays: list[Planned]
    skips: list[Planned]
    total: Money
    needs_second_person: bool

    @property
    def token(self) -> str:
        """What it pays, as one word: when it is another at making, somebody should look again."""
        return f"{self.total.currency}{self.total.amount_minor}/{len(self.pays)}"


def preview(*, format: str) -> Preview:
    """Who would be paid what. As many statements for everybody as for one person."""
    stored = tenants.settings_in_force(["payouts.minimum", "payouts.second_person_above"])
    terms = terms_of(format, minimum=stored["payouts.minimum"])
    claims = [claim(row) for row in unclaimed_rewards().order_by("id")[:MAX_REWARDS]]
    ids = list({each.participant_id for each in claims})
    people, accounts = Participant.objects.in_bulk(ids), live_accounts(ids)
    who = payees(((each.participant_id, each.net.currency) for each in claims), accounts)
    found = rules.plan(claims, who, terms)
    counts = {key[0]: len(own) for key, own in rules.grouped(claims).items()}

    def shown(who: UUID, amount: Money, reason: str = "") -> Planned:
        account = accounts.get(who)
        masked = rules.masked(account.iban_last4) if account else ""
        return Planned(who, people[who].name, masked, counts[who], amount, reason)

    amount = total((pay.amount for pay in found.pays), terms.currency)
    return Preview(
        [shown(pay.participant_id, pay.amount) for pay in found.pays],
        [shown(skip.participant_id, skip.amount, skip.reason) for skip in found.skips], amount,
        rules.needs_second_person(amount, stored["payouts.second_person_above"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sums:
    """Where everything that is available stands, in the organization's currency: the four amounts add up to it."""

    available: Money
    ready: Money
    ready_people: int
    blocked: Money
    blocked_people: int
    without_account: int
    under_way: Money
    payments: int

    @property
    def for_debts(self) -> Money:
        """What was earned and paid off an earlier debt, so that nobody gets it."""
        return self.available - self.ready - self.blocked - self.under_way


def sums() -> Sums:
    """What could be paid now, what cannot be, with how many lack an account, and what is in batches."""
    found, currency = preview(format="sepa"), tenants.current_tenant().currency
    earned = Reward.objects.filter(status=RewardStatus.AVAILABLE, currency=currency).aggregate(
        minor=Sum(F("amount_minor") - F("clawed_back_minor"), default=0)
    )
    under_way = Withdrawal.objects.filter(status__in=UNDER_WAY, currency=currency).aggregate(
        minor=Sum("amount_minor", default=0), payments=Count("id")
    )
    return Sums(
        available=Money(int(earned["minor"]), currency),
        ready=found.total,
        ready_people=len(found.pays),
        blocked=total((row.amount for row in found.skips if row.amount.currency == currency), currency),
        blocked_people=len(found.skips),
        without_account=sum(row.reason == "account_missing" for row in found.skips),
        under_way=Money(int(under_way["minor"]), currency),
        payments=under_way["payments"],
    )
