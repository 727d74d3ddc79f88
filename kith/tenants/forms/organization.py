"""The organization's facts, look and languages."""

import zoneinfo
from typing import Any

from babel import Locale
from babel.core import get_global
from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.tenants.models import Tenant

LANGUAGES = settings.LANGUAGES


def organization_facts(tenant: Tenant) -> dict[str, Any]:
    """What the form starts with."""
    return {name: getattr(tenant, name) for name in ("name", "website", "country", "timezone")}


def _zones() -> list[tuple[str, str]]:
    return [
        (zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones()) if "/" in zone
    ] + [("UTC", "UTC")]


def countries() -> list[tuple[str, Any]]:
    """Every country by its name in the active language."""
    found = set(get_global("zone_territories").values())
    names = Locale.parse((get_language() or "en").replace("-", "_")).territories
    known = [(code, name) for code, name in names.items() if code in found and len(code) == 2]
    return [("", _("Choose a country")), *sorted(known, key=lambda pair: pair[1])]


class OrganizationForm(forms.Form):
    """What the organization is called and where it is at home."""

    name = forms.CharField(label=_("Name of the organization"), max_length=100)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    country = forms.ChoiceField(label=_("Country"), choices=countries, required=False)
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_zones,
        help_text=_("Days begin and end by it, in lists, reports and campaigns."),
    )

    def changes(self) -> dict[str, Any]:
        """For `actions.update_tenant`."""
        return dict(self.cleaned_data)


class BrandForm(forms.Form):
    """How the organization looks; whether text can be read on the color is for the action to say."""

    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, at most 5 MB. Square ones look best."),
    )
    brand = forms.CharField(
        label=_("Brand color"), widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Buttons and links everywhere take this color; Kith picks readable text on it."),
    )  # fmt: skip

    def clean_brand(self) -> str:
        """In small letters, as it is stored."""
        return str(self.cleaned_data["brand"]).lower()


class LanguagesForm(forms.Form):
    """Which languages participants may choose from, and which one comes first."""

    locale = forms.ChoiceField(
        label=_("Language of your organization"), choices=LANGUAGES, widget=forms.RadioSelect,
        help_text=_("For e-mails, and for people who chose none."),
    )  # fmt: skip
    languages = forms.MultipleChoiceField(
        label=_("Offered to participants"), choices=LANGUAGES, widget=forms.CheckboxSelectMultiple,
        help_text=_("On your pages and in the portal. Your team chooses its own language."),
    )  # fmt: skip

    def changes(self) -> dict[str, Any]:
        """For `actions.update_tenant`, the languages in the order of the product."""
        chosen = self.cleaned_data["languages"]
        ordered = [code for code, _name in LANGUAGES if code in chosen]
        return {"locale": self.cleaned_data["locale"], "languages": ordered}
