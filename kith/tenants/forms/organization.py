"""The organization's facts, look and words."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from kith.tenants.models import Tenant

LANGUAGES = settings.LANGUAGES
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
