"""Sponsors, programs, campaigns and versioned rules."""

from typing import ClassVar

from django.db import models

from kith.kit.tenancy import TenantForeignKey, TenantOwned
from kith.pipelines.models import Pipeline


class ProgramStatus(models.TextChoices):
    """Whether a program or campaign takes part."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class VersionStatus(models.TextChoices):
    """A version is written, then published and never changed again, then retired."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Sponsor(TenantOwned):
    """Who pays a program's earning: a university, a brand, a branch."""

    code = models.SlugField(max_length=60)
    name = models.TextField()
    kind = models.TextField(default="brand")
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="sponsor_code_once")]


class Program(TenantOwned):
    """A standing scheme. Windows are days: click to sign-up, sign-up to conversion, late report."""

    code = models.SlugField(max_length=60)
    name = models.TextField()
    sponsor = TenantForeignKey(Sponsor, null=True, blank=True, related_name="+")
    pipeline = TenantForeignKey(Pipeline, related_name="+")
    currency = models.CharField(max_length=3)
    status = models.TextField(choices=ProgramStatus.choices, default=ProgramStatus.DRAFT)
    is_default = models.BooleanField(default=False, help_text="the program of a personal code without a link")
    destination_url = models.URLField(default="", blank=True, help_text="empty: Kith's own landing page")
    landing: ClassVar[models.JSONField] = models.JSONField(
        default=dict,
        help_text='texts per language: {"title": {"en": …}, "text": {…}, "steps": {"en": [...]}}',
    )
    share_texts = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text='messages to share: {"whatsapp": {"en": …}, "email_subject": {…}, …}',
    )
    click_window_days = models.IntegerField(default=90)
    conversion_window_days = models.IntegerField(default=365)
    report_window_days = models.IntegerField(default=30)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="program_code_once"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(is_default=True), name="program_default_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ProgramStatus.values), name="program_status"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    click_window_days__gt=0, conversion_window_days__gt=0, report_window_days__gte=0
                ),
                name="program_windows",
            ),
        ]


class LandingVersion(TenantOwned):
    """What a landing page said. The published one is also in `Program.landing`, where the page reads it."""

    program = TenantForeignKey(Program, related_name="+")
    number = models.IntegerField()
    status = models.TextField(choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    content = models.JSONField(default=dict, help_text="as `Program.landing`")
    changed_by = models.TextField()
    changed_at = models.DateTimeField()
    published_by = models.TextField(default="")
    published_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program", "number"], name="landing_version_once"),
            *(
                models.UniqueConstraint(
                    fields=["tenant", "program"],
                    condition=models.Q(status=status),
                    name=f"landing_{status}_once",
                )
                for status in ("draft", "published")
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=VersionStatus.values), name="landing_version_status"
            ),
        ]


class LandingPicture(TenantOwned):
    """A picture of a landing page, made anew from what was uploaded. Versions name it, so it stays."""

    program = TenantForeignKey(Program, related_name="+")
    file = models.TextField()
    content_type = models.TextField()
    width = models.IntegerField()
    height = models.IntegerField()
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "program"], name="picture_of_program")]


class Campaign(TenantOwned):
    """A time-boxed push within a program; `multiplier_bps` of 20000 doubles rewards."""

    program = TenantForeignKey(Program, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.TextField()
    status = models.TextField(choices=ProgramStatus.choices, default=ProgramStatus.LIVE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    multiplier_bps = models.IntegerField(default=10_000)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program", "code"], name="campaign_code_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=ProgramStatus.values), name="campaign_status"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="campaign_dates",
            ),
            models.CheckConstraint(condition=models.Q(multiplier_bps__gte=0), name="campaign_multiplier"),
        ]


class Rule(TenantOwned):
    """A promise that keeps its name while its versions change."""

    program = TenantForeignKey(Program, related_name="+")
    code = models.SlugField(max_length=60)
    name = models.TextField()
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "program", "code"], name="rule_code_once")]


class RuleVersion(TenantOwned):
    """What a rule said from one day to another; `spec` is the typed form of `rules.RuleSpec`."""

    rule = TenantForeignKey(Rule, related_name="+")
    version = models.IntegerField()
    status = models.TextField(choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    spec = models.JSONField()
    spec_hash = models.BinaryField()
    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)
    published_by = models.TextField(default="")
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "rule", "version"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["tenant", "rule"], condition=models.Q(status="published"), name="rule_published_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=VersionStatus.values), name="rule_version_status"
            ),
        ]
