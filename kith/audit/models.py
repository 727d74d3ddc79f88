"""The trail."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from kith.kit.fields import TransactionIdField
from kith.kit.models import TenantScoped


class AuditEntry(TenantScoped):
    """One change of one row. `op` is I, U or D; `diff` is {column: [old, new]} for U, the row otherwise."""

    class Fence:
        audit, writes = False, "none"
        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ()

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=models.functions.Now())
    tenant_id = models.IntegerField(null=True)  # type: ignore[assignment]  # the platform's own rows have none
    actor = models.TextField()
    request_id = models.TextField()
    table_name = models.TextField()
    row_id = models.TextField()
    op = models.CharField(max_length=1)
    diff = models.JSONField()
    txid = TransactionIdField()

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["tenant_id", "table_name", "row_id", "id"], name="audit_of_row"),
            models.Index(fields=["tenant_id", "-id"], name="audit_recent"),
            models.Index(fields=["txid", "id"], name="audit_horizon"),
            models.Index(fields=["tenant_id", "actor", "id"], name="audit_of_actor"),
            BrinIndex(fields=["at"], name="audit_at", autosummarize=True),
        ]


class Block(models.Model):
    """Up to 1,000 rows of one source, sealed for good. The chain runs over the whole installation.

    `leaves` holds id, tenant and SHA-256 of each row in the order of (txid, id); `hash` covers the hash
    before, every other field and the leaves. Of its source, everything up to (`upto_txid`, `upto_id`) with
    an id above `floor_id` is sealed. `highest_id` is the largest id sealed so far; whatever is written by a
    transaction from `next_txid` on has a larger one.
    """

    number = models.BigIntegerField(primary_key=True)
    source = models.TextField()
    sealed_at = models.DateTimeField()
    upto_txid = models.BigIntegerField()
    upto_id = models.BigIntegerField()
    floor_id = models.BigIntegerField()
    highest_id = models.BigIntegerField()
    next_txid = models.BigIntegerField()
    leaves = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["source", "-number"], name="audit_block_source")]
