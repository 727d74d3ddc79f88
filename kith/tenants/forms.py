"""Checks what people type into the pages of this feature."""

import datetime
import decimal
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from kith.tenants import rules
from kith.tenants.models import Role, Tenant

LANGUAGES = settings.LANGUAGES


def roles_to_give(giver: str) -> list[tuple[str, Any]]:
    """The roles a member of that role may give to others, for a select."""
    return [(code, words) for code, words in Role.choices if rules.may_give_role(giver, code)]


class InviteForm(forms.Form):
    """A place for a colleague."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), initial=Role.VIEWER)

    def __init__(self, *args: Any, giver: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_to_give(giver)  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    """A person taking an offered place; somebody `known`, who is signed in already, fills nothing in."""

    name = forms.CharField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.RegexField(
        r"^[A-Za-z0-9._-]+$",
        label=_("User name"),
        max_length=60,
        help_text=_("Letters, digits, dot, hyphen."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters."),
    )

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            for name in ("name", "username", "password"):
                del self.fields[name]

    def values(self) -> dict[str, str]:
        """Name, user name and password; empty for a known person."""
        return {name: self.cleaned_data.get(name, "") for name in ("name", "username", "password")}


# --- the organization ---------------------------------------------------------------------------------

TERMS = ("participant", "participant_plural")


def organization_facts(tenant: Tenant) -> dict[str, Any]:
    """What the form starts with."""
    words = {
        f"{term}_{code}": tenant.labels.get(term, {}).get(code, "")
        for term in TERMS
        for code, _name in LANGUAGES
    }
    return {
        "name": tenant.name, "brand": tenant.brand, "locale": tenant.locale, "timezone": tenant.timezone,
        "website": tenant.website, **words,
    }  # fmt: skip


def _zones() -> list[tuple[str, str]]:
    return [
        (zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones()) if "/" in zone
    ] + [("UTC", "UTC")]


class OrganizationForm(forms.Form):
    """The organization's name, look, language and words."""

    name = forms.CharField(label=_("Name of the organization"), max_length=100)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    brand = forms.CharField(
        label=_("Brand color"),
        widget=forms.TextInput(attrs={"type": "color"}),
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a color such as #1d4ed8."))],
        help_text=_("Buttons and links everywhere take this color; Kith picks readable text on it."),
    )
    locale = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, help_text=_("For e-mails, and for people who chose none.")
    )
    timezone = forms.ChoiceField(label=_("Time zone"), choices=_zones)
    participant_en = forms.CharField(label=_("One participant, in English"), max_length=40, required=False)
    participant_plural_en = forms.CharField(label=_("Several, in English"), max_length=40, required=False)
    participant_nl = forms.CharField(label=_("One participant, in Dutch"), max_length=40, required=False)
    participant_plural_nl = forms.CharField(label=_("Several, in Dutch"), max_length=40, required=False)

    def changes(self) -> dict[str, Any]:
        """For `actions.update_tenant`."""
        said = self.cleaned_data
        words: dict[str, dict[str, str]] = {}
        for term in TERMS:
            for code, _name in LANGUAGES:
                if said[f"{term}_{code}"].strip():
                    words.setdefault(term, {})[code] = said[f"{term}_{code}"].strip()
        facts = {name: said[name] for name in ("name", "website", "locale", "timezone")}
        return {**facts, "brand": said["brand"].lower(), "labels": words}


# --- the rules ----------------------------------------------------------------------------------------

# What people read beside a setting: group, label, help. Settings without a line here show their own meaning.
WORDS: Mapping[str, tuple[str, Any, Any]] = {
    "rewards.default_amount": (
        "rewards", _("Reward per successful referral"), _("Counts where a program has no amount of its own.")
    ),
    "rewards.hold_days": (
        "rewards", _("Days to wait before a reward can be paid"), _("Time to notice a cancellation. At most 730.")
    ),
    "rewards.max_per_participant": (
        "rewards", _("Rewarded referrals per participant, at most"), _("0 means without a limit.")
    ),
    "rewards.auto_approve": ("rewards", _("Approve rewards without anybody looking"), ""),
    "referrals.require_booking_reference": ("referrals", _("A referral needs a booking reference"), ""),
    "referrals.existing_customers": ("referrals", _("When the friend is a customer already"), ""),
    "analytics.average_booking_value": (
        "referrals", _("Average booking value"), _("Counted as revenue when a booking came without an amount.")
    ),
    "payouts.minimum": ("payouts", _("Pay from this amount on"), _("Smaller balances wait for the next batch.")),
    "payouts.second_person_above": (
        "payouts", _("A second person approves batches above"), _("Whoever made the batch cannot approve it then.")
    ),
    "payouts.debtor_name": ("payouts", _("Name on the paying account"), ""),
    "payouts.debtor_iban": ("payouts", _("IBAN of the paying account"), _("Stored encrypted and never shown again.")),
    "payouts.debtor_bic": ("payouts", _("BIC of the paying bank"), _("Not needed within the SEPA area.")),
    "notifications.language": ("messages", _("Language of messages"), _("For participants who chose none.")),
}  # fmt: skip
GROUPS: Mapping[str, tuple[Any, Any]] = {
    "rewards": (_("Rewards"), _("What a referral earns, and when it is free.")),
    "referrals": (_("Referrals"), _("What counts as a referral.")),
    "payouts": (_("Payouts"), _("Who is paid, from which account, and who has to look.")),
    "messages": (_("Messages"), ""),
}
COLUMNS = (("rewards", "referrals"), ("payouts", "messages"))
CHOICE_WORDS = {"refuse": _("Refuse the referral"), "allow": _("Accept the referral all the same")}


class RulesForm(forms.Form):
    """One field for each declared setting of the organization, made from its type."""

    def __init__(self, *args: Any, shown: Iterable[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys: dict[str, str] = {}
        self.present: dict[str, Any] = {}
        for row in shown:
            declared = rules.SETTINGS[row["key"]]
            if "tenant" not in declared.places:
                continue
            name = declared.key.replace(".", "__")
            self.keys[name], self.present[name] = declared.key, row["value"]
            self.fields[name] = _setting_field(declared, row["value"])

    def columns(self) -> list[list[tuple[Any, Any, list[forms.BoundField]]]]:
        """The cards of the page in two columns, each with title, sentence and fields."""
        return [[self._card(group) for group in groups] for groups in COLUMNS]

    def _card(self, group: str) -> tuple[Any, Any, list[forms.BoundField]]:
        found = [self[name] for name, key in self.keys.items() if WORDS.get(key, ("messages",))[0] == group]
        return *GROUPS[group], found

    def clean_payouts__debtor_iban(self) -> str:
        """A real IBAN, without spaces."""
        given = str(self.cleaned_data["payouts__debtor_iban"]).replace(" ", "")
        try:
            return str(IBAN(given)) if given else ""
        except SchwiftyException:
            raise forms.ValidationError(_("This is not a valid IBAN.")) from None

    def changes(self) -> dict[str, Any]:
        """The settings that differ from what is stored, as `actions.set_settings` wants them."""
        found = {}
        for name, key in self.keys.items():
            declared = rules.SETTINGS[key]
            value = self.cleaned_data[name]
            if declared.secret and not value:
                continue
            value = f"{value:f}" if declared.type == "money" else value
            if declared.secret or value != self.present[name]:
                found[key] = value
        return found


def _setting_field(declared: rules.Setting, value: Any) -> forms.Field:
    _group, label, sentence = WORDS.get(declared.key, ("messages", declared.key, declared.meaning))
    words = {"label": label, "help_text": sentence}
    if declared.key == "notifications.language":
        blank = ("", _("As the organization"))
        return forms.ChoiceField(**words, initial=value, required=False, choices=[blank, *LANGUAGES])
    if declared.secret:
        shown = {"autocomplete": "off", "placeholder": _("Set. Type to replace it.") if value else ""}
        return forms.CharField(**words, required=False, max_length=500, widget=forms.TextInput(attrs=shown))
    if declared.type == "money":
        amount = decimal.Decimal(str(value))
        return forms.DecimalField(
            **words, initial=amount, min_value=0, max_digits=16, decimal_places=4, localize=True
        )
    if declared.type == "int":
        return forms.IntegerField(**words, initial=value, min_value=declared.least, max_value=declared.most)
    if declared.type == "bool":
        return forms.BooleanField(**words, initial=value, required=False)
    if declared.type == "choice":
        options = [(code, CHOICE_WORDS.get(code, code)) for code in declared.choices]
        return forms.ChoiceField(**words, initial=value, choices=options)
    return forms.CharField(**words, initial=value, required=False, max_length=500)


# --- API keys -----------------------------------------------------------------------------------------


class KeyForm(forms.Form):
    """A new API key and what it may do: never more than the person who makes it."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Which system uses it, such as booking-site.")
    )
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    expires_on = forms.DateField(
        label=_("Works until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until it is revoked."),
    )

    def __init__(self, *args: Any, allowed: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = [(name, SCOPE_WORDS.get(name, name)) for name in rules.PERMISSIONS if name in allowed]
        self.fields["scopes"].choices = scopes  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """For `actions.create_api_key`; the last day counts in full, in UTC."""
        said = self.cleaned_data
        last_day = said["expires_on"]
        end = None
        if last_day:
            midnight = datetime.datetime.combine(last_day, datetime.time(), datetime.UTC)
            end = midnight + datetime.timedelta(days=1)
        return {"name": said["name"], "scopes": said["scopes"], "expires_at": end}


SCOPE_WORDS: Mapping[str, Any] = {
    "participants.view": _("Read participants"),
    "participants.edit": _("Create and change participants"),
    "participants.import": _("Import participants"),
    "participants.export": _("Export participants"),
    "referrals.view": _("Read referrals"),
    "referrals.create": _("Create referrals and conversions"),
    "referrals.move": _("Move referrals between stages"),
    "referrals.export": _("Export referrals"),
    "programs.view": _("Read programs"),
    "programs.edit": _("Change programs"),
    "rewards.view": _("Read rewards"),
    "rewards.approve": _("Approve and reject rewards"),
    "payouts.view": _("Read payouts"),
    "payouts.make": _("Make payout batches"),
    "payouts.approve": _("Approve payout batches"),
    "payouts.send": _("Send payout batches"),
    "payouts.accounts": _("Change payout accounts"),
    "ledger.view": _("Read the ledger"),
    "analytics.view": _("Read figures and reports"),
    "tenants.view": _("Read the organization"),
    "tenants.settings": _("Change settings"),
    "tenants.members": _("Manage the team"),
    "tenants.keys": _("Manage API keys"),
    "audit.view": _("Read the audit trail"),
    "jobs.view": _("Follow imports and exports"),
}
