"""Calling the ledger's functions, and what their refusals mean to people."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import Error, connection
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, tenancy
from kith.kit.currencies import UnknownCurrency
from kith.kit.money import AmountInvalid, CurrencyMismatch


class InsufficientFunds(errors.Conflict):
    """An account would fall below its floor; `account` in the details is its kind."""

    code = "insufficient_funds"
    message = _("There is not enough money for this (%(account)s).")


class CeilingReached(errors.Conflict):
    """An account would rise above its ceiling; `account` is its kind."""

    code = "ceiling_reached"
    message = _("This is more than is owed (%(account)s).")


class AccountFrozen(errors.Conflict):
    """A frozen account gives nothing; `account` is its kind."""

    code = "account_frozen"
    message = _("The account is frozen (%(account)s).")


class AccountUnknown(errors.NotFound):
    """No such account in this tenant."""

    code = "account_unknown"
    message = _("There is no such account.")


class JournalUnknown(errors.NotFound):
    """No such journal in this tenant."""

    code = "journal_unknown"
    message = _("There is no such journal.")


class AlreadyReversed(errors.Conflict):
    """Another journal reversed this one before."""

    code = "already_reversed"
    message = _("This was already reversed.")


class ReversalMismatch(errors.Conflict):
    """The legs are not the mirror of the journal they reverse."""

    code = "reversal_mismatch"
    message = _("A reversal must be the exact opposite of what it reverses.")


class IdempotencyKeyReused(errors.Invalid):
    """The key belongs to another request; `key` is in the details."""

    code = "idempotency_key_reused"
    message = _("This idempotency key was used for another request.")


def call(sql: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows of one function call; the tenant in force is its first argument."""
    with refusals(), connection.cursor() as cursor:
        cursor.execute(sql, [tenancy.current_tenant_id(), *arguments])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """The one place where the database's refusals become outcomes; anything else is a bug and passes."""
    try:
        yield
    except Error as error:
        outcome = _outcome(error.__cause__)
        if outcome is None:
            raise
        raise outcome from error


def _outcome(cause: Any) -> errors.DomainError | None:
    state, diagnostics = getattr(cause, "sqlstate", None), getattr(cause, "diag", None)
    detail = getattr(diagnostics, "message_detail", None) or ""
    match state, getattr(diagnostics, "constraint_name", None):
        case "KL003", _:
            return IdempotencyKeyReused(key=detail)
        case "KL004", _:
            return InsufficientFunds(account=detail)
        case "KL005", _:
            return CeilingReached(account=detail)
        case "KL006", _:
            return AccountFrozen(account=detail)
        case "KL007", _:
            return AccountUnknown(account_id=detail)
        case "KL008", _:
            left, _sep, right = detail.partition(" ")
            return CurrencyMismatch(left=left, right=right)
        case "KL009", _:
            return ReversalMismatch(journal_id=detail)
        case "KL010", _:
            return UnknownCurrency(currency=detail)
        case "23505", "ledger_journal_reversed_once":
            return AlreadyReversed()
        case "22003", _:
            return AmountInvalid(_("The amount is too large."))
    return None
