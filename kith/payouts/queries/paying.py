"""Who is owed what and why it cannot be paid yet; batches and withdrawals. Nothing here writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto
from kith.kit.money import Money
from kith.kit.pagination import Page, paginate
from kith.ledger import queries as ledger
from kith.participants.models import Participant, ParticipantStatus
from kith.payouts import rules
from kith.payouts.models import PayoutAccount, PayoutBatch, Withdrawal, WithdrawalLine
from kith.pipelines import queries as pipelines
from kith.rewards.models import Reward, RewardStatus
from kith.tenants import queries as tenants

NEWEST_BATCH = ("-created_at", "-id")
NEWEST_WITHDRAWAL = ("-requested_at", "-id")

REASONS = {
    "account_missing": _("There is no payout account yet."),
    "account_outside_sepa": _("The payout account is outside the SEPA area."),
    "below_minimum": _("The amount is below the minimum payout."),
    "nothing_available": _("Nothing is available: what was earned went into an earlier debt."),
    "other_currency": _("The rewards are in another currency than the batch."),
    "participant_not_active": _("The participant is suspended or erased."),
    "batch_full": _("The batch is full; make another one."),
    "reward_not_available": _("The reward is not available."),
    "reward_in_withdrawal": _("The reward is in another withdrawal already."),
}
"""A sentence for each reason that leaves somebody out."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a participant is owed in one currency; `reason` is empty when it can be paid now."""

    participant_id: UUID
    name: str
    email: str
    rewards: int
    net: Money
    payable: Money
    oldest_at: datetime
    account_shown: str
    reason: str

    @property
    def sentence(self) -> str:
        """Why not, for people; empty when payable."""
        return str(REASONS[self.reason]) if self.reason else ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What all participants together are owed in the organization's currency, before minimum and accounts."""

    people: int
    rewards: int
    net: Money
    debtor_is_set: bool


@dataclass(frozen=True, slots=True)
class Debtor:
    """Whom the money comes from, as the organization set it."""

    name: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """A batch and its withdrawals, with participant and account."""

    batch: PayoutBatch
    withdrawals: list[Withdrawal]

    @property
    def total(self) -> Money:
        """Sum of all withdrawals."""
        return Money(self.batch.total_minor, self.batch.currency)

    def count(self, status: str) -> int:
        """How many withdrawals stand there."""
        return sum(withdrawal.status == status for withdrawal in self.withdrawals)


@dataclass(frozen=True, slots=True)
class Line:
    """One payment of a bank file, with the account in clear: never logged, never shown."""

    reference: str
    name: str
    holder: str
    iban: str
    bic: str
    amount: Money


def unclaimed_rewards() -> QuerySet[Reward]:
    """Available rewards that no live withdrawal holds."""
    live = WithdrawalLine.objects.filter(reward=OuterRef("pk"), released_at=None)
    found: QuerySet[Reward] = Reward.objects.filter(
        ~Exists(live), status=RewardStatus.AVAILABLE, amount_minor__gt=F("clawed_back_minor")
    )
    return found


def claim(reward: Reward) -> rules.Claim:
    """What is left of a reward."""
    return rules.Claim(reward.id, reward.beneficiary_id, reward.left)


def due(*, page: int | str = 1, limit: int | str = 20, format: str = "sepa") -> Page[Due]:
    """Participants with rewards to pay, those waiting longest first, each with the reason it cannot be paid."""
    sums = (
        unclaimed_rewards()
        .values("beneficiary_id", "currency")
        .annotate(
            rewards=Count("id"),
            net_minor=Sum(F("amount_minor") - F("clawed_back_minor")),
            oldest_at=Min(Coalesce("available_at", "created_at")),
        )
        .order_by("oldest_at", "beneficiary_id", "currency")
    )
    found: Page[Any] = paginate(sums, page=page, limit=limit)
    terms = terms_of(format)
    people = Participant.objects.in_bulk([row["beneficiary_id"] for row in found.items])
    accounts = live_accounts([row["beneficiary_id"] for row in found.items])
    who = payees(((row["beneficiary_id"], row["currency"]) for row in found.items), accounts)
    return found.showing(
        [_due(row, people[row["beneficiary_id"]], accounts, who, terms) for row in found.items]
    )


def outlook() -> Outlook:
    """The sum of what is due, for the head of a page."""
    currency = tenants.current_tenant().currency
    sums = unclaimed_rewards().filter(currency=currency).aggregate(
        people=Count("beneficiary_id", distinct=True), rewards=Count("id"),
        net_minor=Sum(F("amount_minor") - F("clawed_back_minor"), default=0),
    )  # fmt: skip
    known = debtor()
    return Outlook(
        sums["people"],
        sums["rewards"],
        Money(int(sums["net_minor"]), currency),
        bool(known.name and known.iban),
    )


def _due(
    row: Mapping[str, Any],
    person: Participant,
    accounts: Mapping[UUID, PayoutAccount],
    who: Mapping[tuple[UUID, str], rules.Payee],
    terms: rules.Terms,
) -> Due:
    net = Money(int(row["net_minor"]), row["currency"])
    payee = who[person.id, row["currency"]]
    amount, account = rules.payable(net, payee.available), accounts.get(person.id)
    return Due(
        participant_id=person.id,
        name=person.name,
        email=person.email,
        rewards=row["rewards"],
        net=net,
        payable=amount,
        oldest_at=row["oldest_at"],
        account_shown=rules.masked(account.iban_last4) if account else "",
        reason=rules.why_not(amount, payee, terms),
    )


def terms_of(format: str, currency: str = "", minimum: Money | None = None) -> rules.Terms:
    """What a batch of this format pays: SEPA is euros only, CSV any currency, else the organization's."""
    minimum = tenants.setting("payouts.minimum") if minimum is None else minimum
    return rules.Terms(format, "EUR" if format == "sepa" else currency or minimum.currency, minimum)


def payees(
    owners: Iterable[tuple[UUID, str]], accounts: Mapping[UUID, PayoutAccount] | None = None
) -> dict[tuple[UUID, str], rules.Payee]:
    """What the rules need to know about each (participant, currency), in three statements.

    Two when their `live_accounts` are at hand.
    """
    keys = set(owners)
    ids = sorted({participant_id for participant_id, _currency in keys})
    active = set(
        Participant.objects.filter(id__in=ids, status=ParticipantStatus.ACTIVE).values_list("id", flat=True)
    )
    held = ledger.balances_of(ids)
    if accounts is None:
        accounts = live_accounts(ids)
    return {
        (participant_id, currency): rules.Payee(
            is_active=participant_id in active,
            account_country=accounts[participant_id].country if participant_id in accounts else "",
            available=next(
                (
                    line.money
                    for line in held[participant_id]
                    if line.kind == "available" and line.money.currency == currency
                ),
                Money.zero(currency),
            ),
        )
        for participant_id, currency in keys
    }


def live_accounts(participant_ids: Sequence[UUID]) -> dict[UUID, PayoutAccount]:
    """The participants' present payout accounts."""
    rows = PayoutAccount.objects.filter(participant_id__in=participant_ids, archived_at=None)
    return {row.participant_id: row for row in rows}


def get_payout_account(participant_id: UUID) -> PayoutAccount | None:
    """Where this participant wants the money, or None."""
    return live_accounts([participant_id]).get(participant_id)


def debtor() -> Debtor:
    """The organization's paying account as set; parts may be empty."""
    parts = [f"payouts.debtor_{part}" for part in ("name", "iban", "bic")]
    found = tenants.settings_in_force(parts)
    name, iban, bic = (str(found[part] or "").strip() for part in parts)
    return Debtor(name, iban.replace(" ", "").upper(), bic.replace(" ", "").upper())


def batch_list(*, status: str = "") -> QuerySet[PayoutBatch]:
    """Batches, the newest first."""
    rows: QuerySet[PayoutBatch] = PayoutBatch.objects.order_by(*NEWEST_BATCH)
    return rows.filter(status=status) if status else rows


def batch_detail(batch: PayoutBatch) -> BatchDetail:
    """The batch with all its withdrawals, in the order of the bank file."""
    return BatchDetail(
        batch, list(_with_people(Withdrawal.objects.filter(batch=batch)).order_by("reference"))
    )


@dataclass(frozen=True, slots=True)
class BatchStep:
    """One step of a batch: to which status ("file" when its file was downloaded), when, by whose name, and why."""

    status: str
    at: datetime
    by: str
    reason: str


def batch_history(batch: PayoutBatch) -> list[BatchStep]:
    """What happened to a batch, the newest first."""
    passed = pipelines.history("payout_batch", batch.pk)
    names = tenants.actor_names(step.actor for step in passed)
    return [
        BatchStep(
            "file" if step.from_state == step.to_state else step.to_state,
            step.at, names[step.actor], step.reason,
        )
        for step in reversed(passed)
    ]  # fmt: skip


def withdrawal_list(
    *, status: str = "", participant_id: UUID | None = None, batch_id: UUID | None = None
) -> QuerySet[Withdrawal]:
    """Withdrawals with participant and account, the newest first."""
    wanted = {"status": status, "participant_id": participant_id, "batch_id": batch_id}
    rows = Withdrawal.objects.filter(**{name: value for name, value in wanted.items() if value})
    return _with_people(rows).order_by(*NEWEST_WITHDRAWAL)


def withdrawal_ids(batch: PayoutBatch) -> list[str]:
    """The ids of a batch's withdrawals, as forms carry them."""
    return [str(found) for found in Withdrawal.objects.filter(batch=batch).values_list("id", flat=True)]


def file_lines(batch: PayoutBatch) -> list[Line]:
    """The payments of a batch, accounts decrypted. Raises crypto.Undecryptable for an erased person."""
    rows = batch_detail(batch).withdrawals
    crypto.load_keys(row.participant_id for row in rows if row.payout_account_id)
    return [_line(row) for row in rows]


def iban_of(account: PayoutAccount) -> str:
    """The account number in clear. Raises crypto.Undecryptable."""
    return crypto.decrypt(
        account.iban_enc, subject_id=account.participant_id, context=iban_context(account.id)
    )


def iban_context(account_id: UUID) -> str:
    """Where an encrypted IBAN belongs."""
    return f"payouts_payoutaccount.iban_enc:{account_id}"


def _line(row: Withdrawal) -> Line:
    account = row.payout_account
    return Line(
        reference=row.reference,
        name=row.participant.name,
        holder=account.holder if account else row.participant.name,
        iban=iban_of(account) if account else "",
        bic=account.bic if account else "",
        amount=Money(row.amount_minor, row.currency),
    )


def _with_people(rows: QuerySet[Withdrawal]) -> QuerySet[Withdrawal]:
    return rows.select_related("participant", "payout_account", "batch")
