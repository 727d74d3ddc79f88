"""Tenants, users, members, keys, tokens, settings."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from kith.kit.ids import uuid7
from kith.kit.tenancy import TenantForeignKey, TenantOwned


class TenantStatus(models.TextChoices):
    """Whether an organization may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Role(models.TextChoices):
    """What a member is; what a role may do is in `rules.PERMISSIONS`."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Administrator")
    MANAGER = "manager", _("Manager")
    AGENT = "agent", _("Agent")
    VIEWER = "viewer", _("Viewer")
    AUDITOR = "auditor", _("Auditor")


class Tenant(models.Model):
    """An organization. Its integer id leads every tenant-owned key."""

    id = models.AutoField(primary_key=True)
    slug = models.SlugField(unique=True, max_length=40)
    name = models.TextField()
    status = models.TextField(choices=TenantStatus.choices, default=TenantStatus.ACTIVE)
    preset = models.TextField(
        default="", help_text="which preset it was set up from; no code may branch on it"
    )
    currency = models.CharField(max_length=3, default="EUR")
    country = models.CharField(max_length=2, default="", blank=True, help_text="ISO 3166 alpha-2")
    locale = models.CharField(max_length=10, default="en")
    timezone = models.TextField(default="UTC")
    languages = ArrayField(
        models.CharField(max_length=10), default=list, blank=True,
        help_text="what participants may choose from; empty means all there are",
    )  # fmt: skip
    brand = models.CharField(max_length=7, default="#1d4ed8")
    logo = models.TextField(
        default="", blank=True, help_text="stored name of the picture; empty shows a symbol"
    )
    labels = models.JSONField(
        default=dict, help_text='own words: {"participant": {"en": "Customer", "nl": "Klant"}}'
    )
    website = models.URLField(default="", blank=True)
    is_demo = models.BooleanField(default=False)
    looked_at = models.JSONField(
        default=dict, help_text='what its staff have looked at while setting up: {"landing": "2026-…"}'
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=TenantStatus.values), name="tenant_status"),
            models.CheckConstraint(condition=models.Q(brand__regex=r"^#[0-9a-f]{6}$"), name="tenant_brand"),
        ]


class UserManager(BaseUserManager["User"]):
    """Look-up by name as typed: user names and e-mails are compared without case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of that name. Raises User.DoesNotExist."""
        return self.get(username__iexact=username or "")


class User(AbstractBaseUser):
    """A person who can sign in; belongs to no tenant by itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(max_length=60, unique=True)
    email = models.EmailField(unique=True)
    name = models.TextField(default="", blank=True)
    locale = models.CharField(max_length=10, default="", blank=True)
    keys_on = models.BooleanField(
        default=True, db_default=True, help_text="single letters do something in the console"
    )
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(
        default=False, help_text="runs the installation; not a role in any tenant"
    )
    sessions_ended_at = models.DateTimeField(
        null=True, editable=False, help_text="sessions that began before are over"
    )
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_any_case"),
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
        ]

    @property
    def is_staff(self) -> bool:
        """Django's name for the operator."""
        return self.is_operator

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's own permissions are the operator's only."""
        return self.is_active and self.is_operator

    def has_module_perms(self, app_label: str) -> bool:
        """Django's own permissions are the operator's only."""
        return self.is_active and self.is_operator

    def get_full_name(self) -> str:
        """The name shown beside what the person did."""
        return self.name or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session of the person carries: another one after a new password or an end of all sessions."""
        signed: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if self.sessions_ended_at is None:
            return signed
        return salted_hmac(
            signed, self.sessions_ended_at.isoformat(), secret=secret, algorithm="sha256"
        ).hexdigest()


class Member(TenantOwned):
    """A user in a tenant."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.TextField(choices=Role.choices)
    removed_at = models.DateTimeField(null=True, blank=True)
    factor_reset_at = models.DateTimeField(
        null=True, editable=False, help_text="when an administrator last took the second factor off"
    )
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"], condition=models.Q(removed_at=None), name="member_once_per_tenant"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="member_role"),
        ]
        indexes = [models.Index(fields=["user"], name="member_of_user")]


class Invitation(TenantOwned):
    """A seat offered by e-mail; the link's token is stored only as a hash."""

    class Fence(TenantOwned.Fence):
        pii = ("email",)
        secret = ("token_hash",)

    email = models.EmailField()
    role = models.TextField(choices=Role.choices)
    token_hash = models.BinaryField(unique=True)
    invited_by = models.TextField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                "tenant", Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None), name="invitation_open_once",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role"),
        ]  # fmt: skip


class ApiKey(TenantOwned):
    """A server's key: shown once, stored as SHA-256. Two may live under one name, so that they can be rotated."""

    class Fence(TenantOwned.Fence):
        secret = ("secret_hash",)

    name = models.TextField()
    slot = models.SmallIntegerField()
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.BinaryField()
    scopes = ArrayField(models.TextField())
    rate_limit = models.IntegerField(default=1000, help_text="requests per 15 minutes")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.TextField()
    made_with = TenantForeignKey(
        "self", null=True, related_name="+", help_text="the key that made this one, and ends it when it ends"
    )
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(slot__in=[1, 2]), name="api_key_two_live"),
            models.UniqueConstraint(
                fields=["tenant", "name", "slot"],
                condition=models.Q(revoked_at=None),
                name="api_key_slot_once",
            ),
        ]


class TokenFamily(TenantOwned):
    """One signed-in API client; its refresh tokens follow one another. Ended as a whole."""

    member = TenantForeignKey(Member, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "member"], name="token_family_of_member")]


class RefreshToken(TenantOwned):
    """Used at most once; using it a second time ends the family."""

    class Fence(TenantOwned.Fence):
        secret = ("token_hash",)
        audit = False

    family = TenantForeignKey(TokenFamily, related_name="+")
    token_hash = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        pass


class SavedView(TenantOwned):
    """A list as a member arranged it: filters, order and columns as the address of the page says them.

    One without a name is how the member left the page's columns; it is nobody else's and in no menu.
    """

    member = TenantForeignKey(Member, related_name="+")
    page = models.TextField(help_text="name of the page's route, e.g. participants:list")
    name = models.TextField(default="", blank=True)
    query = models.TextField(default="", blank=True)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "page", "member", "name"], name="saved_view_once"),
            models.CheckConstraint(
                condition=~models.Q(name="", shared=True), name="saved_view_shared_by_name"
            ),
        ]


class SettingScope(models.TextChoices):
    """Where a value is set; the nearest wins: user, program, tenant, platform, the declared default."""

    TENANT = "tenant"
    PROGRAM = "program"
    USER = "user"


class SettingValue(TenantOwned):
    """One version of one setting at one place; the newest version counts."""

    class Fence(TenantOwned.Fence):
        secret = ("secret",)

    scope = models.TextField(choices=SettingScope.choices)
    scope_id = models.UUIDField(null=True)
    key = models.TextField()
    version = models.IntegerField()
    value = models.JSONField(null=True)
    secret = models.BinaryField(null=True)
    set_by = models.TextField()
    set_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "scope", "scope_id", "key", "version"],
                nulls_distinct=False,
                name="setting_version_once",
            ),
            models.CheckConstraint(condition=models.Q(scope__in=SettingScope.values), name="setting_scope"),
        ]


class PlatformSetting(models.Model):
    """A value for the whole installation."""

    key = models.TextField(primary_key=True)
    value = models.JSONField()
    set_by = models.TextField()
    set_at = models.DateTimeField()
