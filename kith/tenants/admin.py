"""The operator's desk: organizations, people who sign in, settings of the installation."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import clock
from kith.kit.desk import Reading, desk, operator
from kith.tenants import actions, queries, rules
from kith.tenants.models import PlatformSetting, Tenant, TenantStatus, User


@admin.register(Tenant, site=desk)
class TenantDesk(Reading):
    """Which organizations there are; who works there, only as a number."""

    title = _("Organizations")
    about = _("Who works with Kith here; suspend one, or let it work again.")

    list_display = ("name", "slug", "status", "places", "currency", "locale", "created_at")
    list_filter = ("status", "is_demo")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "status", "places", "currency", "locale", "timezone", "is_demo", "created_at")
    readonly_fields = ("places",)

    def get_queryset(self, request: Any) -> QuerySet[Tenant]:
        """Every organization, each with how many people work for it."""
        return queries.tenants_with_places()

    @admin.display(description=_("people"))
    def places(self, row: Tenant) -> int:
        """How many people have a place there."""
        return int(row.places)  # type: ignore[attr-defined]

    def doors_of(self, row: Tenant) -> Mapping[str, Any]:
        """Suspend what is active, and the other way round."""
        if row.status == TenantStatus.ACTIVE:
            return {"suspend": _("Suspend this organization")}
        return {"reactivate": _("Let it work again")}

    def called(self, row: Tenant | None) -> str:
        """By its name."""
        return row.name if row else ""

    def do_suspend(self, request: Any, row: Tenant) -> Any:
        """Nobody gets in until it is lifted."""
        actions.suspend_tenant(tenant=row, actor=operator(request))
        return _("The organization is suspended: its people and programs no longer get in.")

    def do_reactivate(self, request: Any, row: Tenant) -> Any:
        """Everything works again."""
        actions.reactivate_tenant(tenant=row, actor=operator(request))
        return _("The organization works again.")


@admin.register(User, site=desk)
class UserDesk(Reading):
    """Who can sign in: staff of organizations and operators."""

    title = _("People who sign in")
    about = _("Lock an account, open it, or take its second factor off.")

    list_display = ("username", "name", "email", "is_active", "is_operator", "last_login")
    list_filter = ("is_active", "is_operator")
    search_fields = ("username", "email", "name")
    fields = ("username", "name", "email", "is_active", "is_operator", "last_login", "created_at")

    def doors_of(self, row: User) -> Mapping[str, Any]:
        """What makes sense for the person."""
        doors = {"lock": _("Lock this account")} if row.is_active else {"unlock": _("Unlock this account")}
        if queries.has_factor(row):
            doors["reset"] = _("Take the second factor off")
        return doors

    def do_lock(self, request: Any, row: User) -> Any:
        """Signs the person out and keeps them out."""
        actions.lock_user(user=row, actor=operator(request), now=clock.now())
        return _("The account is locked and signed out everywhere.")

    def do_unlock(self, request: Any, row: User) -> Any:
        """Lets the person in again, failures forgotten."""
        actions.unlock_user(user=row, actor=operator(request))
        return _("The account is open again.")

    def do_reset(self, request: Any, row: User) -> Any:
        """For somebody who lost phone and codes."""
        actions.reset_factor_of_user(user=row, actor=operator(request), now=clock.now())
        return _("The second factor is off; the person is told by e-mail.")


def _for_platform() -> list[tuple[str, str]]:
    return [
        (each.key, f"{each.key}: {each.meaning}")
        for each in rules.SETTINGS.values()
        if "platform" in each.places and not each.secret
    ]


class PlatformSettingForm(forms.ModelForm):
    """One setting with a value of its type."""

    key = forms.ChoiceField(label=_("setting"), choices=_for_platform)
    value = forms.CharField(
        label=_("value"),
        required=False,
        help_text=_("A number, true or false, or a word, as the setting wants it."),
    )

    class Meta:
        model = PlatformSetting
        fields = ("key", "value")

    def clean(self) -> dict[str, Any]:
        """The value in its type."""
        said: dict[str, Any] = super().clean() or {}
        declared = rules.SETTINGS.get(said.get("key") or self.instance.key)
        if declared is not None:
            said["value"] = _typed(declared, str(said.get("value", "")).strip())
            if rules.bad_value(declared, said["value"]):
                self.add_error(
                    "value", _("This value does not fit: %(meaning)s.") % {"meaning": declared.meaning}
                )
        return said


def _typed(declared: rules.Setting, text: str) -> Any:
    if declared.type not in ("int", "bool"):
        return text
    try:
        return json.loads(text.lower())
    except ValueError:
        return text


@admin.register(PlatformSetting, site=desk)
class PlatformSettingDesk(Reading):
    """What holds where an organization decided nothing."""

    title = _("Settings of the installation")
    about = _("What counts where an organization says nothing itself.")

    form = PlatformSettingForm
    list_display = ("key", "value", "set_by", "set_at")

    def has_add_permission(self, request: Any) -> bool:
        """The operator sets values for the whole installation."""
        return True

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """The operator sets values for the whole installation."""
        return True

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """Another setting is another row."""
        return ("key",) if obj else ()

    def save_model(self, request: Any, obj: PlatformSetting, form: Any, change: bool) -> None:
        """The action checks and stores."""
        value = form.cleaned_data["value"]
        actions.set_platform_setting(key=obj.key, value=value, actor=operator(request), now=clock.now())
