"""What somebody types who sets up an organization, page by page."""

import zoneinfo
from collections.abc import Sequence
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.kit import colors
from kith.kit.currencies import CURRENCIES
from kith.pipelines.models import Stage
from kith.pipelines.queries import stage_label
from kith.presets import queries
from kith.tenants import rules
from kith.tenants.forms import countries
from kith.tenants.models import Tenant

# Where most people of a country with several time zones live.
MAIN_ZONES = {
    "US": "America/New_York", "CA": "America/Toronto", "DE": "Europe/Berlin", "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "NZ": "Pacific/Auckland",
    "FR": "Europe/Paris", "MX": "America/Mexico_City", "ID": "Asia/Jakarta", "UA": "Europe/Kyiv",
    "CN": "Asia/Shanghai", "CL": "America/Santiago", "EC": "America/Guayaquil", "MY": "Asia/Kuala_Lumpur",
}  # fmt: skip


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"))


def _currencies() -> list[tuple[str, str]]:
    names = _locale().currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in sorted(CURRENCIES)]


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones()) if "/" in zone]


def proposal(country: str) -> dict[str, str]:
    """The currency, time zone and language of most people in a country; what is not known is left out."""
    found: dict[str, str] = {}
    money = [code for code in get_territory_currencies(country) if code in CURRENCIES] if country else []
    if money:
        found["currency"] = money[0]
    zones = sorted(zone for zone, place in get_global("zone_territories").items() if place == country)
    known = [zone for zone in zones if zone in zoneinfo.available_timezones()]
    if country in MAIN_ZONES or known:
        found["timezone"] = MAIN_ZONES.get(country) or known[0]
    spoken = get_global("territory_languages").get(country, {})
    offered = [code for code, _name in settings.LANGUAGES]
    most = sorted((code for code in spoken if code in offered),
                  key=lambda code: -spoken[code]["population_percent"])  # fmt: skip
    if most:
        found["locale"] = most[0]
    return found


class AskForm(forms.Form):
    """Whoever wants to set up an organization says where the link goes."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


class KindForm(forms.Form):
    """What kind of organization it is."""

    kind = forms.ChoiceField(label=_("What do you do?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = queries.choices(get_language() or "en")  # type: ignore[attr-defined]


class NameForm(forms.Form):
    """What it is called, and where it is at home."""

    name = forms.CharField(
        label=_("Name of the organization"), max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )  # fmt: skip
    slug = forms.CharField(
        label=_("Address"), max_length=40, widget=forms.TextInput(attrs={"autocapitalize": "none"}),
        help_text=_("Part of every link: lower-case letters, digits and hyphens. It stays as it is."),
    )  # fmt: skip
    country = forms.ChoiceField(label=_("Country"), choices=countries)
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=_currencies,
        help_text=_("Rewards are promised in it. It stays as it is."),
    )
    locale = forms.ChoiceField(label=_("Language of your organization"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=_zones)

    def clean_slug(self) -> str:
        """A free address."""
        slug = str(self.cleaned_data["slug"]).strip().lower()
        fault = slug_fault(slug)
        if fault:
            raise forms.ValidationError(fault)
        return slug


def slug_fault(slug: str) -> Any:
    """Why an organization cannot have this address; empty when it can."""
    if not rules.is_good_slug(slug):
        return _("An address has 2 to 40 lower-case letters, digits and hyphens.")
    return _("This address is taken. Choose another.") if queries.is_taken(slug) else ""


class BrandForm(forms.Form):
    """How it looks."""

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
        """A color on which text can be read."""
        color = str(self.cleaned_data["brand"]).lower()
        if not colors.is_color(color):
            raise forms.ValidationError(_("Write a color such as #1d4ed8."))
        if colors.readable(color) != color:
            nearest = {"color": colors.readable(color)}
            raise forms.ValidationError(
                _("Text is hard to read on this color. The nearest that works is %(color)s.") % nearest
            )
        return color


class RewardForm(forms.Form):
    """What is promised."""

    amount = forms.DecimalField(
        label=_("Reward per successful referral"), min_value=0, max_value=1_000_000, max_digits=10,
        decimal_places=2, localize=True,
    )  # fmt: skip
    hold_days = forms.IntegerField(
        label=_("Days to wait before a reward can be paid"), min_value=0, max_value=730,
        help_text=_("Time to notice a cancellation. At most 730."),
    )  # fmt: skip
    auto_approve = forms.BooleanField(label=_("Approve rewards without anybody looking"), required=False)


TERMS: dict[str, tuple[Any, Any]] = {
    "participant": (_("One person in the program"), _("Participant")),
    "participant_plural": (_("Several of them"), _("Participants")),
    "referrer": (_("Whoever brings somebody"), _("Referrer")),
    "referred": (_("Whoever is brought"), _("Friend")),
    "conversion": (_("What counts in the end"), _("Conversion")),
    "booking_reference": (_("The reference people type"), _("Booking reference")),
    "external_id": (_("Your own number for a person"), _("Customer number")),
}


class WordsForm(forms.Form):
    """One field for each word in each language; an empty one falls back to the language of the organization."""

    def __init__(self, *args: Any, tenant: Tenant, stages: Sequence[Stage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stages = {str(stage.id): stage for stage in stages}
        for term, (about, _usual) in TERMS.items():
            for language, name in settings.LANGUAGES:
                said = tenant.labels.get(term, {}).get(language, "")
                self._word(f"{term}__{language}", about, name, said, 40)
        for stage in stages:
            for language, name in settings.LANGUAGES:
                said = stage.label.get(language, "")
                self._word(
                    f"{stage.id}__{language}", stage_label(stage, get_language() or "en"), name, said, 80
                )

    def _word(self, name: str, about: Any, language: Any, said: str, most: int) -> None:
        where = forms.TextInput(attrs={"data-word": name, "autocomplete": "off", "placeholder": language})
        self.fields[name] = forms.CharField(
            label=f"{about} ({language})", initial=said, max_length=most, widget=where,
            required=name.partition("__")[0] in self.stages,
        )  # fmt: skip

    def terms(self) -> list[dict[str, Any]]:
        """Each term with what it is about, the product's own word, and its fields."""
        return [
            {"about": about, "usual": usual, "fields": self._fields(term)}
            for term, (about, usual) in TERMS.items()
        ]

    def pipelines(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Each pipeline by name with its stages and their fields."""
        found: dict[str, list[dict[str, Any]]] = {}
        for stage_id, stage in self.stages.items():
            line = {"category": stage.category, "fields": self._fields(stage_id)}
            found.setdefault(stage.pipeline.name, []).append(line)
        return list(found.items())

    def _fields(self, name: str) -> list[forms.BoundField]:
        return [self[f"{name}__{language}"] for language, _name in settings.LANGUAGES]

    def values(self) -> dict[str, Any]:
        """For `actions.set_words`: only stages whose words differ."""
        said = self.cleaned_data
        labels: dict[str, dict[str, str]] = {}
        for term in TERMS:
            for language, _name in settings.LANGUAGES:
                if said[f"{term}__{language}"]:
                    labels.setdefault(term, {})[language] = said[f"{term}__{language}"]
        stages = []
        for stage_id, stage in self.stages.items():
            label = {language: said[f"{stage_id}__{language}"] for language, _name in settings.LANGUAGES}
            if any(stage.label.get(language, "") != text for language, text in label.items()):
                stages.append((stage, label))
        return {"labels": labels, "stages": stages}
