"""Participants."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Concat, Lower

from kith.kit.tenancy import TenantForeignKey, TenantOwned


class ParticipantKind(models.TextChoices):
    """A person, or a company with several people."""

    PERSON = "person"
    COMPANY = "company"


class ParticipantStatus(models.TextChoices):
    """Erased and merged rows stay as tombstones: ledger and referrals point at the one, old codes at the other."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    MERGED = "merged"
    ERASED = "erased"


GONE = (ParticipantStatus.MERGED, ParticipantStatus.ERASED)


class Participant(TenantOwned):
    """One enrolled person or company. Phone and visa number are AES-256-GCM under the participant's own key."""

    class Fence(TenantOwned.Fence):
        pii = ("name", "email", "picture_url", "search", "extra")
        secret = ("phone_enc", "phone_index", "email_index", "visa_number_enc", "visa_number_index")

    kind = models.TextField(choices=ParticipantKind.choices, default=ParticipantKind.PERSON)
    status = models.TextField(choices=ParticipantStatus.choices, default=ParticipantStatus.ACTIVE)
    external_id = models.TextField(default="", blank=True)
    name = models.TextField()
    email = models.TextField(default="", blank=True)
    email_index = models.BinaryField(null=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    phone_enc = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True)
    country = models.CharField(max_length=2, default="", blank=True)
    language = models.CharField(max_length=10, default="", blank=True)
    timezone = models.TextField(default="", blank=True)
    picture_url = models.URLField(max_length=500, default="", blank=True)
    visa_number_enc = models.BinaryField(null=True)
    visa_number_index = models.BinaryField(null=True)
    visa_stage = models.TextField(default="", blank=True)
    visa_type = models.TextField(default="", blank=True)
    application_on = models.DateField(null=True, blank=True)
    # Columns of imported files that mean nothing here: heading -> text.
    extra = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    referred_by = TenantForeignKey("self", null=True, blank=True, related_name="+")
    code = models.CharField(max_length=24)
    source = models.TextField(default="")
    last_login_at = models.DateTimeField(null=True, blank=True)
    first_referral_at = models.DateTimeField(null=True, blank=True)
    # Of a merged row: who stands for it now, and never somebody who is merged in turn.
    merged_into = TenantForeignKey("self", null=True, blank=True, related_name="+")
    merged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    search = models.GeneratedField(
        expression=Lower(
            Concat(
                "name", models.Value(" "), "email", models.Value(" "), "external_id", models.Value(" "), "code",
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )  # fmt: skip

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email_index"],
                condition=~models.Q(status="erased"), name="participant_email_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~models.Q(external_id=""), name="participant_external_id_once",
            ),
            # Of the whole installation, since a link with a code leads to its organization.
            models.UniqueConstraint(fields=["code"], name="participant_code_once"),
            models.CheckConstraint(condition=models.Q(status__in=ParticipantStatus.values), name="participant_status"),
            models.CheckConstraint(condition=models.Q(kind__in=ParticipantKind.values), name="participant_kind"),
            models.CheckConstraint(
                condition=models.Q(status="merged", merged_into__isnull=False, merged_at__isnull=False)
                | (~models.Q(status="merged") & models.Q(merged_into=None, merged_at=None)),
                name="participant_merged_into_somebody",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["tenant", "-created_at", "-id"], include=["status", "kind"], name="participant_newest"
            ),
            models.Index(fields=["tenant", "phone_index"], name="participant_phone"),
            models.Index(fields=["tenant", "name", "id"], name="participant_by_name"),
            models.Index(
                fields=["tenant", "merged_into"],
                condition=models.Q(status="merged"),
                name="participant_tombstones",
            ),
            GinIndex("tenant", OpClass("search", name="gin_trgm_ops"), name="participant_search"),
        ]


class ParticipantNote(TenantOwned):
    """What staff wrote about a participant, for staff; encrypted under the participant's key.

    A removed note stays as a place without text, so that nobody wonders what an answer belonged to.
    """

    class Fence(TenantOwned.Fence):
        secret = ("body_enc",)

    participant = TenantForeignKey(Participant, related_name="+")
    body_enc = models.BinaryField(null=True)
    author = models.TextField()
    edited_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(removed_at=None) | models.Q(body_enc=None), name="participant_note_removed"
            )
        ]
        indexes = [models.Index(fields=["tenant", "participant", "-created_at"], name="note_of_participant")]


class Distinction(TenantOwned):
    """Somebody looked at two participants who seem to be one person and said that they are two."""

    # The one with the smaller id first, so that a pair is one row whichever way it is said.
    one = TenantForeignKey(Participant, related_name="+")
    other = TenantForeignKey(Participant, related_name="+")
    said_by = models.TextField()
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "one", "other"], name="distinction_once"),
            models.CheckConstraint(
                condition=models.Q(one__lte=models.F("other")), name="distinction_in_order"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "other"], name="distinction_of_other")]


# --- the portal ---------------------------------------------------------------------------------------


class PersonRole(models.TextChoices):
    """What somebody of a company may do in its portal: administrators add and remove people."""

    ADMIN = "admin"
    MEMBER = "member"


class CompanyPerson(TenantOwned):
    """Somebody of a company, who signs in to its portal by an e-mail address of their own."""

    class Fence(TenantOwned.Fence):
        pii = ("name", "email")
        secret = ("email_index",)

    company = TenantForeignKey(Participant, related_name="+")
    name = models.TextField()
    email = models.TextField()
    email_index = models.BinaryField()
    role = models.TextField(choices=PersonRole.choices, default=PersonRole.MEMBER)
    added_by = models.TextField()
    removed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email_index"],
                condition=models.Q(removed_at=None),
                name="company_person_email_once",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=PersonRole.values), name="company_person_role"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "company"], name="person_of_company")]


class SignInCode(TenantOwned):
    """A way into the portal that went out by e-mail: six digits to type, and a link. Either one ends both."""

    class Fence(TenantOwned.Fence):
        secret = ("code_hash", "token_hash")
        audit = False

    participant = TenantForeignKey(Participant, related_name="+")
    person = TenantForeignKey(CompanyPerson, null=True, related_name="+")
    code_hash = models.BinaryField()
    token_hash = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "participant", "-created_at"], name="code_of_participant")]


class PortalSession(TenantOwned):
    """One signed-in browser of a participant, or of a `member` of staff who looks over their shoulder."""

    class Fence(TenantOwned.Fence):
        secret = ("token_hash",)

    participant = TenantForeignKey(Participant, related_name="+")
    person = TenantForeignKey(CompanyPerson, null=True, related_name="+")
    member = TenantForeignKey("tenants.Member", null=True, related_name="+")
    read_only = models.BooleanField(default=False)
    token_hash = models.BinaryField(unique=True)
    device = models.TextField(default="")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(default="")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(member=None) | models.Q(read_only=True), name="portal_staff_only_read"
            )
        ]
        indexes = [models.Index(fields=["tenant", "participant"], name="portal_session_of")]


class Consent(TenantOwned):
    """One time somebody said yes or no to something; the newest word about a kind counts."""

    class Fence(TenantOwned.Fence):
        writes = "append"

    participant = TenantForeignKey(Participant, related_name="+")
    kind = models.TextField()
    version = models.TextField(help_text="which wording was shown, e.g. 2026-11")
    given = models.BooleanField(help_text="false: withdrawn")
    source = models.TextField(help_text="where it was said: portal, landing, import, console")
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "participant", "kind", "-at"], name="consent_of")]
