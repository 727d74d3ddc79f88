"""Accounts, journals and transfers, as the application may see them.

The tables, their constraints, triggers and functions are in `sql/`; the application's role can only read
them, so these models are not managed by Django, and saving one is refused by the database. Their ids are
numbers, because append-only rows want a short key in the order of writing.
"""

from django.db import models

from kith.kit.money import Money
from kith.kit.tenancy import TenantForeignKey, TenantOwned


class Account(TenantOwned):
    """A place where money is, of one kind, owner and currency. `balance`: credits less debits, minor."""

    class Fence(TenantOwned.Fence):
        writes = "none"
        audit = False

    id = models.BigIntegerField(primary_key=True, editable=False)  # type: ignore[assignment]
    currency = models.TextField()
    currency_id = models.BigIntegerField()
    kind = models.TextField()
    owner_id = models.UUIDField(null=True)
    balance = models.BigIntegerField()
    floor = models.BigIntegerField(null=True)
    ceiling = models.BigIntegerField(null=True)
    seq = models.BigIntegerField()
    is_system = models.BooleanField()
    frozen = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        managed = False
        db_table = "ledger_account"

    @property
    def money(self) -> Money:
        """The balance with its currency."""
        return Money(self.balance, self.currency)


class Journal(TenantOwned):
    """One business event, posted once per idempotency key and never changed."""

    class Fence(TenantOwned.Fence):
        writes = "none"
        audit = False

    id = models.BigIntegerField(primary_key=True, editable=False)  # type: ignore[assignment]
    idempotency_key = models.TextField()
    request_hash = models.BinaryField()
    kind = models.TextField()
    reverses = TenantForeignKey("self", null=True, related_name="reversed_by")
    ref_type = models.TextField(null=True)  # noqa: DJ001 - a journal may concern nothing but its accounts
    ref_id = models.UUIDField(null=True)
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()
    actor = models.TextField()
    request_id = models.TextField()
    meta = models.JSONField()

    class Meta(TenantOwned.Meta):
        managed = False
        db_table = "ledger_journal"


class Transfer(TenantOwned):
    """One movement of one positive amount, with what both accounts became by it."""

    class Fence(TenantOwned.Fence):
        writes = "none"
        audit = False

    id = models.BigIntegerField(primary_key=True, editable=False)  # type: ignore[assignment]
    journal = TenantForeignKey(Journal, related_name="transfers")
    currency = models.TextField()
    debit_account = TenantForeignKey(Account, related_name="debits")
    credit_account = TenantForeignKey(Account, related_name="credits")
    amount = models.BigIntegerField()
    debit_seq = models.BigIntegerField()
    debit_balance = models.BigIntegerField()
    credit_seq = models.BigIntegerField()
    credit_balance = models.BigIntegerField()

    class Meta(TenantOwned.Meta):
        managed = False
        db_table = "ledger_transfer"

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)
