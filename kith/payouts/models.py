"""Payout accounts, withdrawals, batches."""

from django.db import models

from kith.kit.tenancy import TenantForeignKey, TenantOwned
from kith.participants.models import Participant
from kith.rewards.models import Reward


class PayoutAccount(TenantOwned):
    """Where a participant wants the money; the IBAN is encrypted under the participant's key."""

    class Fence(TenantOwned.Fence):
        pii = ("holder",)
        secret = ("iban_enc", "fingerprint")

    participant = TenantForeignKey(Participant, related_name="+")
    holder = models.TextField()
    iban_enc = models.BinaryField()
    iban_last4 = models.CharField(max_length=4)
    bic = models.CharField(max_length=11, default="", blank=True)
    country = models.CharField(max_length=2)
    fingerprint = models.BinaryField()
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "participant"],
                condition=models.Q(archived_at=None),
                name="payout_account_one_live",
            )
        ]
        indexes = [models.Index(fields=["tenant", "fingerprint"], name="payout_account_shared")]


class BatchStatus(models.TextChoices):
    """The path is in `rules.BATCH_EDGES`."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    DONE = "done"
    CANCELLED = "cancelled"


class BatchFormat(models.TextChoices):
    """What the bank gets."""

    SEPA = "sepa"
    CSV = "csv"


class PayoutBatch(TenantOwned):
    """Withdrawals sent together; `made_by` and `approved_by` are actors."""

    number = models.IntegerField()
    currency = models.CharField(max_length=3)
    format = models.TextField(choices=BatchFormat.choices)
    status = models.TextField(choices=BatchStatus.choices, default=BatchStatus.DRAFT)
    total_minor = models.BigIntegerField()
    count = models.IntegerField()
    execution_on = models.DateField()
    made_by = models.TextField()
    made_by_label = models.TextField(default="")
    approved_by = models.TextField(default="")
    approved_by_label = models.TextField(default="")
    needs_second_person = models.BooleanField(default=False)
    approved_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    file_name = models.TextField(default="")
    file_sha256 = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="batch_number_once"),
            models.CheckConstraint(condition=models.Q(status__in=BatchStatus.values), name="batch_status"),
            models.CheckConstraint(condition=models.Q(format__in=BatchFormat.values), name="batch_format"),
            models.CheckConstraint(
                condition=models.Q(total_minor__gt=0, count__gt=0), name="batch_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[BatchStatus.DRAFT, BatchStatus.CANCELLED])
                | ~models.Q(approved_by=""),
                name="batch_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(needs_second_person=False)
                | models.Q(approved_by="")
                | ~models.Q(approved_by=models.F("made_by")),
                name="batch_checker_is_not_maker",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="batch_newest")]


class WithdrawalStatus(models.TextChoices):
    """The path is in `rules.WITHDRAWAL_EDGES`; the database refuses any other step."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PROCESSING = "processing"
    PAID = "paid"
    RETURNED = "returned"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Withdrawal(TenantOwned):
    """One participant's money on its way out; `reference` is the bank's end-to-end id."""

    participant = TenantForeignKey(Participant, related_name="+")
    payout_account = TenantForeignKey(PayoutAccount, null=True, related_name="+")
    batch = TenantForeignKey(PayoutBatch, null=True, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.TextField(choices=WithdrawalStatus.choices, default=WithdrawalStatus.REQUESTED)
    reference = models.CharField(max_length=35)
    failure_code = models.TextField(default="")
    failure_note = models.TextField(default="")
    requested_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "reference"], name="withdrawal_reference_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="withdrawal_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(status__in=WithdrawalStatus.values), name="withdrawal_status"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "participant", "-requested_at"], name="withdrawal_of_participant"),
            models.Index(fields=["tenant", "batch"], name="withdrawal_of_batch"),
        ]


class WithdrawalLine(TenantOwned):
    """A reward paid by a withdrawal; released when the withdrawal fails or returns."""

    withdrawal = TenantForeignKey(Withdrawal, related_name="+")
    reward = TenantForeignKey(Reward, related_name="+")
    amount_minor = models.BigIntegerField()
    released_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "reward"],
                condition=models.Q(released_at=None),
                name="reward_in_one_live_withdrawal",
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="line_amount_not_negative"),
        ]
        indexes = [models.Index(fields=["tenant", "withdrawal"], name="line_of_withdrawal")]
