"""Decisions, rewards and the counters behind caps."""

from django.db import models

from kith.kit.money import Money
from kith.kit.tenancy import TenantForeignKey, TenantOwned
from kith.participants.models import Participant
from kith.programs.models import Program, RuleVersion
from kith.referrals.models import Referral


class RewardStatus(models.TextChoices):
    """The path is in `rules.EDGES`; the database refuses any other step."""

    GRANTED = "granted"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    ON_HOLD = "on_hold"
    AVAILABLE = "available"
    SETTLED = "settled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CLAWED_BACK = "clawed_back"


class Decision(TenantOwned):
    """What the rules said about one cause, with every condition; never changed."""

    class Fence(TenantOwned.Fence):
        audit, writes = False, "append"

    program = TenantForeignKey(Program, related_name="+")
    cause_kind = models.TextField()
    cause_id = models.UUIDField()
    ruleset_hash = models.BinaryField()
    facts = models.JSONField()
    trace = models.JSONField()
    decided_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "cause_kind", "cause_id", "ruleset_hash"], name="decision_once_per_ruleset"
            )
        ]


class Reward(TenantOwned):
    """An amount somebody earned; its money is in the ledger under `ref_type='reward'`."""

    decision = TenantForeignKey(Decision, related_name="+")
    program = TenantForeignKey(Program, related_name="+")
    referral = TenantForeignKey(Referral, null=True, related_name="+")
    rule_version = TenantForeignKey(RuleVersion, related_name="+")
    rule_code = models.TextField()
    beneficiary = TenantForeignKey(Participant, related_name="+")
    cause_kind = models.TextField()
    cause_id = models.UUIDField()
    instalment = models.IntegerField(default=1)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    clawed_back_minor = models.BigIntegerField(default=0)
    status = models.TextField(choices=RewardStatus.choices, default=RewardStatus.GRANTED)
    hold_until = models.DateTimeField(null=True)
    hold_reason = models.TextField(default="")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(default="")
    available_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.TextField(default="")
    reinstated = models.IntegerField(
        default=0, help_text="how often it waited again after its referral was reopened"
    )
    created_at = models.DateTimeField()

    @property
    def money(self) -> Money:
        """What was earned."""
        return Money(self.amount_minor, self.currency)

    @property
    def left(self) -> Money:
        """What was earned and not taken back."""
        return Money(self.amount_minor - self.clawed_back_minor, self.currency)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "cause_kind", "cause_id", "rule_code", "beneficiary", "instalment"],
                name="reward_once_per_cause",
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="reward_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(clawed_back_minor__gte=0, clawed_back_minor__lte=models.F("amount_minor")),
                name="reward_clawback_within_amount",
            ),
            models.CheckConstraint(condition=models.Q(status__in=RewardStatus.values), name="reward_status"),
        ]
        indexes = [
            models.Index(fields=["tenant", "beneficiary", "-created_at"], name="reward_of_beneficiary"),
            models.Index(fields=["tenant", "status", "-created_at", "-id"], name="reward_by_status"),
            models.Index(fields=["tenant", "referral"], name="reward_of_referral"),
            models.Index(fields=["hold_until"], condition=models.Q(status="approved"), name="reward_due"),
        ]


class Counter(TenantOwned):
    """How much of a cap is used: n rewards and their sum, per scope and period."""

    class Fence(TenantOwned.Fence):
        audit = False

    program = TenantForeignKey(Program, related_name="+")
    scope = models.TextField()
    scope_id = models.UUIDField()
    rule_code = models.TextField()
    period = models.TextField()
    n = models.IntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "program", "scope", "scope_id", "rule_code", "period"], name="counter_once"
            ),
            models.CheckConstraint(
                condition=models.Q(n__gte=0, amount_minor__gte=0), name="counter_not_negative"
            ),
        ]
