"""Making a batch: whose rewards are paid, and who is left out why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from kith.kit import errors
from kith.kit.actors import Actor
from kith.kit.currencies import currency as known_currency
from kith.kit.days import day_of
from kith.kit.ids import uuid7
from kith.kit.money import Money, total
from kith.ledger import actions as ledger
from kith.ledger import queries as books
from kith.payouts import queries, rules
from kith.payouts.actions import moves
from kith.payouts.models import BatchFormat, PayoutBatch, Withdrawal, WithdrawalLine
from kith.payouts.providers import sepa
from kith.pipelines.actions import record_status
from kith.rewards.models import Reward, RewardStatus
from kith.tenants import queries as tenants


class NothingToPay(errors.Conflict):
    """Nobody could be paid; `skipped` in the details says why for each."""

    code, message = "nothing_to_pay", _("There is nothing that can be paid now.")


class PlanChanged(errors.Conflict):
    """Other payments would be made than those that were shown."""

    code, message = "plan_changed", _("What can be paid has changed since you looked. Look again.")


class RewardUnknown(errors.NotFound):
    """A chosen reward is not there; `reward_id` is in the details."""

    code, message = "reward_unknown", _("One of the rewards does not exist.")


@dataclass(frozen=True, slots=True)
class MadeBatch:
    """The new batch, and who is not in it."""

    batch: PayoutBatch
    skipped: tuple[rules.Skip, ...]


@transaction.atomic
def make_batch(
    *,
    reward_ids: Sequence[UUID] | None = None,
    format: str = BatchFormat.SEPA,
    currency: str = "",
    execution_on: date | None = None,
    expected: str = "",
    actor: Actor,
    now: datetime,
) -> MadeBatch:
    """Reserve the money of available rewards, one withdrawal per participant; without ids, of all due.

    The currency is the organization's unless given, and always EUR for SEPA. With `expected`, what was shown
    (`queries.Preview.token`), nothing else is made. Raises NothingToPay, PlanChanged, RewardUnknown,
    DebtorInvalid, errors.Invalid naming `currency`.
    """
    tenant = tenants.current_tenant()
    terms = queries.terms_of(format, _currency(currency or tenant.currency))
    if format == BatchFormat.SEPA:
        sepa.check_debtor(queries.debtor())
    _take_turn(tenant.pk)
    claims, left_out = _lock_claims(reward_ids)
    planned = rules.plan(claims, _locked_payees(claims), terms)
    skipped = (*left_out, *planned.skips)
    if not planned.pays:
        raise NothingToPay(skipped=[as_detail(skip) for skip in skipped])
    amount = total((pay.amount for pay in planned.pays), terms.currency)
    if expected and expected != f"{amount.currency}{amount.amount_minor}/{len(planned.pays)}":
        raise PlanChanged
    execution = rules.execution_day(execution_on, day_of(now, tenant.timezone))
    batch = _create_batch(planned.pays, terms, execution, actor=actor, now=now)
    withdrawals = _create_withdrawals(batch, planned.pays, now=now)
    record_status(
        machine="payout_batch", subject_id=batch.pk, from_state="", to_state=batch.status,
        actor=actor, reason="", now=now,
    )  # fmt: skip
    moves.remember(withdrawals, "", actor=actor, now=now)
    moves.post_step("request", withdrawals, actor=actor, now=now)
    return MadeBatch(batch, skipped)


def as_detail(skip: rules.Skip) -> dict[str, object]:
    """A skip as the API shows it."""
    return {
        "participant_id": str(skip.participant_id),
        "reward_id": str(skip.reward_id) if skip.reward_id else None,
        "amount": skip.amount.as_dict(),
        "reason": skip.reason,
        "message": str(queries.REASONS[skip.reason]),
    }


def _currency(code: str) -> str:
    try:
        known_currency(code)
    except errors.DomainError as error:
        raise errors.Invalid(fields={"currency": error.text}) from None
    return code


def _take_turn(tenant_id: int) -> None:
    """One batch at a time per organization, so that numbers follow one another without gaps."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('payout_batch'), %s)", [tenant_id])


def _lock_claims(reward_ids: Sequence[UUID] | None) -> tuple[list[rules.Claim], tuple[rules.Skip, ...]]:
    """The rewards to pay, locked, and those chosen ones that cannot be paid as they are now."""
    wanted = queries.unclaimed_rewards() if reward_ids is None else Reward.objects.filter(id__in=reward_ids)
    rows = list(wanted.select_for_update(of=("self",)).order_by("id")[: queries.MAX_REWARDS])
    if reward_ids is not None and (missing := set(reward_ids) - {row.pk for row in rows}):
        raise RewardUnknown(reward_id=min(missing))
    # Asked after the lock: the first statement saw the lines as they were before it waited.
    lines = WithdrawalLine.objects.filter(reward_id__in=[row.pk for row in rows], released_at=None)
    held = set(lines.values_list("reward_id", flat=True))
    claims, skips = [], []
    for row in rows:
        claim = queries.claim(row)
        if row.pk in held:
            skips.append(rules.Skip(claim.participant_id, claim.net, "reward_in_withdrawal", row.pk))
        elif row.status != RewardStatus.AVAILABLE or not claim.net:
            skips.append(rules.Skip(claim.participant_id, claim.net, "reward_not_available", row.pk))
        else:
            claims.append(claim)
    return claims, tuple(skips)


def _locked_payees(claims: Sequence[rules.Claim]) -> dict[tuple[UUID, str], rules.Payee]:
    """The payees with balances that stay as they are until commit."""
    owners = {(claim.participant_id, claim.net.currency) for claim in claims}
    held = books.balances_of(sorted({owner_id for owner_id, _currency in owners}))
    ids = [
        line.account_id for lines in held.values() for line in lines if line.kind in ("available", "reserved")
    ]
    ledger.lock_balances(account_ids=ids)
    return queries.payees(owners)


def _create_batch(
    pays: Sequence[rules.Pay], terms: rules.Terms, execution_on: date, *, actor: Actor, now: datetime
) -> PayoutBatch:
    amount = total((pay.amount for pay in pays), terms.currency)
    last = PayoutBatch.objects.aggregate(last=Max("number"))["last"] or 0
    made: PayoutBatch = PayoutBatch.objects.create(
        number=last + 1,
        currency=terms.currency,
        format=terms.format,
        total_minor=amount.amount_minor,
        count=len(pays),
        execution_on=execution_on,
        made_by=actor.principal,
        made_by_label=actor.label,
        needs_second_person=rules.needs_second_person(amount, second_person_above()),
        created_at=now,
    )
    return made


def second_person_above() -> Money:
    """The organization's limit, in its own currency."""
    limit: Money = tenants.setting("payouts.second_person_above")
    return limit


def _create_withdrawals(batch: PayoutBatch, pays: Sequence[rules.Pay], *, now: datetime) -> list[Withdrawal]:
    accounts = queries.live_accounts([pay.participant_id for pay in pays])
    rows, lines = [], []
    for position, pay in enumerate(pays, start=1):
        row = Withdrawal(
            id=uuid7(),
            participant_id=pay.participant_id,
            payout_account=accounts.get(pay.participant_id),
            batch=batch,
            amount_minor=pay.amount.amount_minor,
            currency=pay.amount.currency,
            requested_at=now,
        )
        row.reference = rules.reference(batch.number, position, row.pk)
        rows.append(row)
        lines += [
            WithdrawalLine(withdrawal=row, reward_id=share.reward_id, amount_minor=share.amount.amount_minor)
            for share in pay.shares
        ]
    Withdrawal.objects.bulk_create(rows)
    WithdrawalLine.objects.bulk_create(lines)
    return rows
