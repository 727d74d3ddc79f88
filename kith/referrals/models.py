"""Links, clicks, referrals, conversions and their adjustments, notes, daily salts."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Concat, Lower

from kith.kit.fields import TransactionIdField
from kith.kit.tenancy import TenantForeignKey, TenantOwned
from kith.participants.models import Participant
from kith.pipelines.models import Category, Stage
from kith.programs.models import Campaign, Program

CLOSED = ("rejected", "expired", "cancelled")


class Utm(models.Model):
    """The five campaign fields of a shared address."""

    utm_source = models.TextField(default="", blank=True)
    utm_medium = models.TextField(default="", blank=True)
    utm_campaign = models.TextField(default="", blank=True)
    utm_term = models.TextField(default="", blank=True)
    utm_content = models.TextField(default="", blank=True)

    class Meta:
        abstract = True


class Link(Utm, TenantOwned):
    """A further address of a participant, for a program, campaign or channel. The personal code needs none."""

    participant = TenantForeignKey(Participant, related_name="+")
    program = TenantForeignKey(Program, related_name="+")
    campaign = TenantForeignKey(Campaign, null=True, blank=True, related_name="+")
    slug = models.CharField(max_length=40, unique=True)
    destination_url = models.URLField(max_length=500, default="", blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "participant"], name="link_of_participant")]


class Click(TenantOwned):
    """One request of a link. Partitioned by month; `counted` is false for bots and repeats within an hour."""

    class Fence(TenantOwned.Fence):
        audit, writes = False, "append"

    program = TenantForeignKey(Program, related_name="+")
    campaign = TenantForeignKey(Campaign, null=True, related_name="+")
    link = TenantForeignKey(Link, null=True, related_name="+")
    referrer = TenantForeignKey(Participant, related_name="+")
    occurred_at = models.DateTimeField()
    visitor = models.BinaryField(null=True)
    channel = models.TextField(default="")
    is_bot = models.BooleanField(default=False)
    counted = models.BooleanField(default=True)
    is_new_visitor = models.BooleanField(default=False, help_text="first counted click of this visitor today")
    txid = TransactionIdField()

    class Meta(TenantOwned.Meta):
        pass


class Method(models.TextChoices):
    """Which evidence won. What staff decide by hand beats a code that was typed, and that beats a click."""

    MANUAL = "manual"
    CODE = "code"
    CLICK = "click"
    IMPORT = "import"


class Referral(Utm, TenantOwned):
    """One referred person under one program. The live row is the lock: later evidence never steals it."""

    class Fence(TenantOwned.Fence):
        pii = ("referred_name", "referred_email", "search")
        secret = ("referred_key", "referred_phone_enc")

    program = TenantForeignKey(Program, related_name="+")
    campaign = TenantForeignKey(Campaign, null=True, blank=True, related_name="+")
    referrer = TenantForeignKey(Participant, related_name="+")
    referred_participant = TenantForeignKey(Participant, null=True, blank=True, related_name="+")
    referred_name = models.TextField(default="", blank=True)
    referred_email = models.TextField(default="", blank=True)
    referred_key = models.BinaryField()
    referred_phone_enc = models.BinaryField(null=True)
    referred_country = models.CharField(max_length=2, default="", blank=True)
    visa_type = models.TextField(default="", blank=True)
    booking_reference = models.TextField(default="", blank=True)
    code = models.CharField(max_length=40, default="")
    click_id = models.UUIDField(null=True, blank=True)
    method = models.TextField(choices=Method.choices)
    source = models.TextField(default="")
    stage = TenantForeignKey(Stage, related_name="+")
    category = models.TextField(choices=Category.choices)
    converted_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="since when the referrer's answer to a question is awaited"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    search = models.GeneratedField(
        expression=Lower(
            Concat(
                "referred_name", models.Value(" "), "referred_email", models.Value(" "), "booking_reference",
                models.Value(" "), "code", output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )  # fmt: skip

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "program", "referred_key"],
                condition=~models.Q(category__in=CLOSED), name="referral_one_live_owner",
            ),
            models.CheckConstraint(condition=models.Q(category__in=Category.values), name="referral_category"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="referral_newest"),
            models.Index(fields=["tenant", "category", "-created_at", "-id"], name="referral_by_category"),
            models.Index(fields=["tenant", "referrer", "-created_at"], name="referral_of_referrer"),
            models.Index(
                fields=["tenant", "-created_at", "-id"],
                condition=models.Q(asked_at__isnull=False),
                name="referral_asked",
            ),
            GinIndex("tenant", OpClass("search", name="gin_trgm_ops"), name="referral_search"),
        ]


class Agreement(TenantOwned):
    """The words a referred person agreed to when they sent the form, kept as they were shown."""

    class Fence(TenantOwned.Fence):
        writes = "append"

    referral = TenantForeignKey(Referral, related_name="+")
    text = models.TextField()
    language = models.CharField(max_length=10)
    version = models.IntegerField(help_text="number of the landing page's version; 0: Kith's own words")
    agreed_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "referral"], name="agreement_of_referral")]


class ConversionStatus(models.TextChoices):
    """Recorded when reported, confirmed by staff or the source, cancelled when it did not happen after all."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class Conversion(TenantOwned):
    """An event that counts, such as a booking; once per (event, external id) in a tenant."""

    program = TenantForeignKey(Program, related_name="+")
    referral = TenantForeignKey(Referral, null=True, related_name="+")
    event = models.TextField()
    external_id = models.TextField()
    gross_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    is_estimated = models.BooleanField(
        default=False, help_text="no amount was reported: the tenant's average"
    )
    status = models.TextField(choices=ConversionStatus.choices, default=ConversionStatus.RECORDED)
    source = models.TextField(default="")
    occurred_at = models.DateTimeField()
    effective_on = models.DateField(
        null=True, help_text="e.g. the travel date; holds count from it when later"
    )
    received_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event", "external_id"], name="conversion_once"),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__gte=0, refunded_minor__lte=models.F("gross_minor")),
                name="conversion_refund_within_gross",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ConversionStatus.values), name="conversion_status"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "referral"], name="conversion_of_referral")]


class AdjustmentKind(models.TextChoices):
    """Part of the amount went back, or the event did not happen after all."""

    REFUND = "refund"
    CANCEL = "cancel"


class Adjustment(TenantOwned):
    """A change to a conversion, once per external id; `refunded_minor` there is their sum."""

    class Fence(TenantOwned.Fence):
        writes = "append"

    conversion = TenantForeignKey(Conversion, related_name="+")
    kind = models.TextField(choices=AdjustmentKind.choices)
    external_id = models.TextField()
    amount_minor = models.BigIntegerField()
    reason = models.TextField(default="", blank=True)
    actor = models.TextField()
    occurred_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="adjustment_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="adjustment_not_negative"),
            models.CheckConstraint(
                condition=models.Q(kind__in=AdjustmentKind.values), name="adjustment_kind"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "conversion"], name="adjustment_of_conversion")]


class NoteVisibility(models.TextChoices):
    """Who may read a note."""

    INTERNAL = "internal"
    PUBLIC = "public"


class Note(TenantOwned):
    """What staff wrote about a referral; the text is encrypted under the referral's key."""

    class Fence(TenantOwned.Fence):
        secret = ("body_enc",)

    referral = TenantForeignKey(Referral, related_name="+")
    visibility = models.TextField(choices=NoteVisibility.choices, default=NoteVisibility.INTERNAL)
    body_enc = models.BinaryField()
    author = models.TextField()
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "referral", "created_at"], name="note_of_referral")]


class DailySalt(models.Model):
    """What makes one day's visitor hashes incomparable with another's; destroyed after 48 hours. Of no tenant."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField()


class SiteKey(TenantOwned):
    """Lets pages of these origins report visits and leads. Everybody may read it there, so it opens nothing else."""

    name = models.TextField()
    key = models.CharField(max_length=40, unique=True)
    origins = ArrayField(models.TextField(), help_text="scheme, host and port, as browsers send them")
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        pass
