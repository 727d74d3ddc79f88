"""What a batch would pay if it were made now, and whom it would leave out why. Nothing here writes."""

from dataclasses import dataclass
from uuid import UUID

from kith.kit.money import Money, total
from kith.participants.models import Participant
from kith.payouts import rules
from kith.payouts.queries.paying import REASONS, claim, live_accounts, payees, terms_of, unclaimed_rewards
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
    """Who would be paid what. Five statements."""
    terms = terms_of(format, tenants.current_tenant().currency)
    claims = [claim(row) for row in unclaimed_rewards().order_by("id")[:MAX_REWARDS]]
    found = rules.plan(claims, payees((each.participant_id, each.net.currency) for each in claims), terms)
    ids = [pay.participant_id for pay in found.pays] + [skip.participant_id for skip in found.skips]
    people, accounts = Participant.objects.in_bulk(ids), live_accounts(ids)
    counts = {key[0]: len(own) for key, own in rules.grouped(claims).items()}

    def shown(who: UUID, amount: Money, reason: str = "") -> Planned:
        account = accounts.get(who)
        masked = rules.masked(account.iban_last4) if account else ""
        return Planned(who, people[who].name, masked, counts[who], amount, reason)

    amount = total((pay.amount for pay in found.pays), terms.currency)
    return Preview(
        [shown(pay.participant_id, pay.amount) for pay in found.pays],
        [shown(skip.participant_id, skip.amount, skip.reason) for skip in found.skips], amount,
        rules.needs_second_person(amount, tenants.setting("payouts.second_person_above")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sums:
    """What stands where, in the organization's currency, for the head of the page."""

    ready: Money
    ready_people: int
    blocked: Money
    blocked_people: int
    without_account: int


def sums() -> Sums:
    """What could be paid now, and what is due and cannot be, with how many lack an account."""
    found = preview(format="sepa")
    currency = tenants.current_tenant().currency
    blocked = [row.amount for row in found.skips if row.amount.currency == currency]
    return Sums(
        found.total, len(found.pays), total(blocked, currency), len(found.skips),
        sum(row.reason == "account_missing" for row in found.skips),
    )  # fmt: skip
