"""Pipelines, their stages and moves, and the history of every row that went through them."""

from django.db import models

from kith.kit.tenancy import TenantForeignKey, TenantOwned


class Category(models.TextChoices):
    """The eight states every stage belongs to, whatever an organization calls it."""

    NEW = "new"
    ENGAGED = "engaged"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Subject(models.TextChoices):
    """What moves through a pipeline."""

    REFERRAL = "referral"
    JOURNEY = "journey"


class Pipeline(TenantOwned):
    """An ordered set of stages for one kind of subject."""

    code = models.SlugField(max_length=40)
    name = models.TextField()
    subject = models.TextField(choices=Subject.choices)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="pipeline_code_once"),
            models.CheckConstraint(condition=models.Q(subject__in=Subject.values), name="pipeline_subject"),
        ]


class Stage(TenantOwned):
    """One step; `label` is {locale: text}, `code` the word of the API."""

    pipeline = TenantForeignKey(Pipeline, related_name="+")
    code = models.SlugField(max_length=40)
    category = models.TextField(choices=Category.choices)
    position = models.IntegerField()
    label = models.JSONField()
    progress_pct = models.IntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "pipeline", "code"], name="stage_code_once"),
            models.UniqueConstraint(fields=["tenant", "pipeline", "position"], name="stage_position_once"),
            models.CheckConstraint(condition=models.Q(category__in=Category.values), name="stage_category"),
        ]


class Move(TenantOwned):
    """An allowed step from one stage to another."""

    pipeline = TenantForeignKey(Pipeline, related_name="+")
    from_stage = TenantForeignKey(Stage, related_name="+")
    to_stage = TenantForeignKey(Stage, related_name="+")
    needs_reason = models.BooleanField(default=False)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "from_stage", "to_stage"], name="move_once"),
        ]


class StatusEntry(TenantOwned):
    """One step of one subject; `machine` names what moved, e.g. `referral` or `reward`."""

    class Fence(TenantOwned.Fence):
        audit, writes = False, "append"

    machine = models.TextField()
    subject_id = models.UUIDField()
    from_state = models.TextField(default="")
    to_state = models.TextField()
    from_category = models.TextField(default="")
    to_category = models.TextField(default="")
    actor = models.TextField()
    reason = models.TextField(default="")
    request_id = models.TextField(default="")
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "machine", "subject_id", "at", "id"], name="status_history")
        ]
