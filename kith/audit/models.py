"""The trail."""

from typing import ClassVar

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
        ]
