"""Platform tables. They carry a plain `tenant_id`: tenants live above this folder."""

from typing import Any, ClassVar

from django.db import models

from kith.kit.fields import TransactionIdField
from kith.kit.ids import uuid7
from kith.kit.tenancy import TenantManager


class TenantScoped(models.Model):
    """Tenant-owned, but below `tenants`: no foreign key, the same manager and the same row-level security."""

    tenant_id = models.IntegerField()

    objects: ClassVar[TenantManager[Any]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


class OutboxEvent(TenantScoped):
    """One announcement, written in the transaction that made it true.

    `position` grows per subject because writers hold the subject's row lock; `txid` is the order in
    which events become visible to consumers.
    """

    class Fence:
        audit, writes = False, "append"
        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ()

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid7, editable=False)
    type = models.TextField()
    subject_type = models.TextField()
    subject_id = models.UUIDField()
    actor = models.TextField()
    request_id = models.TextField(default="")
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    txid = TransactionIdField()

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["txid", "position"], name="kit_event_horizon"),
            models.Index(
                fields=["tenant_id", "subject_type", "subject_id", "position"], name="kit_event_subject"
            ),
            models.Index(fields=["tenant_id", "-occurred_at"], name="kit_event_recent"),
        ]


class EventCursor(models.Model):
    """How far one consumer has come: everything up to (txid, position) is done."""

    consumer = models.TextField(primary_key=True)
    upto_txid = models.TextField(default="0")
    upto_position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()


class EventFailure(TenantScoped):
    """An event a consumer could not digest; retried with back-off, in sight of the operator."""

    class Fence:
        audit, writes = False, "all"
        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ()

    id = models.BigAutoField(primary_key=True)
    consumer = models.TextField()
    position = models.BigIntegerField()
    error = models.TextField()
    attempts = models.IntegerField(default=1)
    due_at = models.DateTimeField()

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["consumer", "position"], name="kit_failure_once")]


class IdempotencyKey(TenantScoped):
    """The first answer given to a caller's key; kept 7 days."""

    class Fence:
        audit, writes = False, "all"
        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ()

    id = models.BigAutoField(primary_key=True)
    key = models.TextField()
    request_hash = models.BinaryField()
    status = models.IntegerField()
    content_type = models.TextField()
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "key"], name="kit_idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="kit_idempotency_age")]


class JobState(models.TextChoices):
    """Where a long piece of work stands; a draft waits for the person who prepares it, and for no worker."""

    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Job(TenantScoped):
    """Long work a person waits for: import, export. Files are names in the default storage."""

    class Fence:
        audit, writes = False, "all"
        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.TextField()
    state = models.TextField(choices=JobState.choices, default=JobState.QUEUED)
    done = models.IntegerField(default=0)
    total = models.IntegerField(null=True)
    counts = models.JSONField(default=dict)
    params = models.JSONField(default=dict)
    error_code = models.TextField(default="")
    error_message = models.TextField(default="")
    input_file = models.TextField(default="")
    error_file = models.TextField(default="")
    result_file = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="kit_job_state"),
            models.UniqueConstraint(fields=["tenant_id", "id"], name="kit_job_tenant_id_key"),
        ]
        indexes = [models.Index(fields=["tenant_id", "kind", "-created_at"], name="kit_job_recent")]


class SubjectKey(TenantScoped):
    """The wrapped data key of one person or thing; destroying it makes what it encrypted unreadable."""

    class Fence:
        audit, writes = False, "all"
        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ("wrapped",)

    id = models.BigAutoField(primary_key=True)
    subject_id = models.UUIDField()
    wrapped = models.BinaryField()
    kek_version = models.IntegerField()

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "subject_id"], name="kit_subject_key_once")
        ]


class Heartbeat(models.Model):
    """When each long-running process was last seen."""

    process = models.TextField(primary_key=True)
    at = models.DateTimeField()


class ScheduleRun(models.Model):
    """When each scheduled job was last enqueued; the update that moves it decides who enqueues."""

    name = models.TextField(primary_key=True)
    last_at = models.DateTimeField()
