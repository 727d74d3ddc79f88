"""Budgets: accounts of the ledger that belong to a program."""

import datetime

from django.utils.translation import gettext_lazy as _

from kith.kit import errors, outbox
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger import actions as ledger
from kith.ledger import rules as ledger_rules
from kith.programs.events import BudgetFunded
from kith.programs.models import Program


class BudgetCapped(errors.Conflict):
    """The budget has its cap; it is raised by funding it."""

    code = "budget_capped"
    message = _("This budget has a cap already. Raise it by adding money.")


def open_budget(*, program: Program, hard_cap: Money | None, actor: Actor, now: datetime.datetime) -> int:
    """Id of the program's budget account, opened if it was not there.

    With `hard_cap` the program never promises more than that in total, including what it has promised
    already; without, promises are only counted. The same call again changes nothing. Raises BudgetCapped
    for another cap, errors.Invalid for one that is not positive, InsufficientFunds for one below what is
    promised already.
    """
    account = ledger.open_account(
        kind="budget", owner_id=program.id, currency=program.currency, capped=hard_cap is not None
    )
    if hard_cap is not None:
        _require_positive(hard_cap)
        try:
            _fund(program, account, hard_cap, key=f"budget:{program.id}:cap", actor=actor, now=now)
        except ledger.IdempotencyKeyReused as error:
            raise BudgetCapped from error
        ledger.set_cap(account_id=account, capped=True)
    return account


def fund_budget(
    *, program: Program, amount: Money, key: str, actor: Actor, now: datetime.datetime
) -> ledger.Posting:
    """Let the program spend more. `key` names the decision behind it: the same key twice funds once.

    Raises errors.Invalid unless the amount is positive, CurrencyMismatch, IdempotencyKeyReused.
    """
    _require_positive(amount)
    account = ledger.open_account(kind="budget", owner_id=program.id, currency=program.currency, capped=False)
    return _fund(program, account, amount, key=f"budget:{program.id}:fund:{key}", actor=actor, now=now)


def add_money(*, program: Program, amount: Money, key: str, actor: Actor, now: datetime.datetime) -> None:
    """Put money into the program's budget and hold the program to what was put in; once per `key`.

    Raises errors.Invalid unless the amount is positive, InsufficientFunds when more is promised than there
    would be, IdempotencyKeyReused.
    """
    fund_budget(program=program, amount=amount, key=key, actor=actor, now=now)
    account = ledger.open_account(kind="budget", owner_id=program.id, currency=program.currency, capped=False)
    ledger.set_cap(account_id=account, capped=True)


def _fund(
    program: Program, account: int, amount: Money, *, key: str, actor: Actor, now: datetime.datetime
) -> ledger.Posting:
    source = ledger.open_account(kind="funding", currency=program.currency)
    posting = ledger.post(
        key=key, kind="fund", legs=ledger_rules.legs_fund(source, account, amount), event_at=now, actor=actor,
        ref_type="program", ref_id=program.id,
    )  # fmt: skip
    if not posting.replay:
        funded = BudgetFunded(
            program_id=program.id, amount_minor=amount.amount_minor, currency=amount.currency
        )
        outbox.publish(funded, subject_type="program", subject_id=program.id, now=now)
    return posting


def _require_positive(amount: Money) -> None:
    if amount.amount_minor <= 0:
        raise errors.Invalid(fields={"amount_minor": _("Give an amount above zero.")})
