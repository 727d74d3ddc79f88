"""Checks what people type into the pages of this feature; the actions check the same values once more."""

from typing import Any

from babel import Locale
from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.participants import rules
from kith.participants.models import Participant, ParticipantKind
from kith.participants.queries import PersonalDetails

KINDS = [(ParticipantKind.PERSON, _("Person")), (ParticipantKind.COMPANY, _("Company"))]
STATUSES = [("active", _("Active")), ("suspended", _("Suspended")), ("erased", _("Erased"))]
_DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def countries() -> list[tuple[str, str]]:
    """Every country by its name in the active language."""
    names = Locale.parse((get_language() or "en").replace("-", "_")).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and _is_country(code)]
    return [("", "–"), *sorted(found, key=lambda pair: pair[1])]


def _is_country(code: str) -> bool:
    try:
        return bool(rules.FIELDS["country"](code))
    except rules.BadValue:
        return False


class ParticipantForm(forms.Form):
    """One participant's facts; empty means not known."""

    name = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, initial=ParticipantKind.PERSON)
    email = forms.CharField(
        label=_("E-mail address"), max_length=254, required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, help_text=_("Stored encrypted."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    external_id = forms.CharField(
        label=_("Your own number"),
        max_length=100,
        required=False,
        help_text=_("As in your booking or client system."),
    )
    country = forms.ChoiceField(label=_("Country"), required=False, choices=countries)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the organization")), *settings.LANGUAGES]
    )
    visa_type = forms.CharField(label=_("Visa type"), max_length=100, required=False)
    visa_stage = forms.CharField(label=_("Visa stage"), max_length=100, required=False)
    visa_number = forms.CharField(
        label=_("Visa number"), max_length=40, required=False, help_text=_("Stored encrypted.")
    )
    application_on = forms.DateField(label=_("Applied on"), required=False, widget=_DAY)

    MORE = ("visa_type", "visa_stage", "visa_number", "application_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = str(self.initial.get("language") or "")
        known = [code for code, _words in self.fields["language"].choices]  # type: ignore[attr-defined]
        if present not in known:  # imported people may speak more languages than the interface
            self.fields["language"].choices += [(present, present)]  # type: ignore[attr-defined]

    @property
    def basics(self) -> list[forms.BoundField]:
        """The fields everybody needs."""
        return [field for field in self if field.name not in self.MORE]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields about a visa application."""
        return [self[name] for name in self.MORE]

    @property
    def more_is_used(self) -> bool:
        """True when one of those is filled in or at fault."""
        return any(field.value() or field.errors for field in self.more)


def participant_facts(participant: Participant, personal: PersonalDetails) -> dict[str, Any]:
    """What the form starts with."""
    names = (
        "name",
        "kind",
        "email",
        "external_id",
        "country",
        "language",
        "visa_type",
        "visa_stage",
        "application_on",
    )
    facts = {name: getattr(participant, name) for name in names}
    return {**facts, "phone": personal.phone, "visa_number": personal.visa_number}


class ImportForm(forms.Form):
    """A table of participants."""

    file = forms.FileField(label=_("File"))
    mode = forms.ChoiceField(
        label=_("When rows have errors"),
        choices=[
            ("all-or-nothing", _("Import nothing and tell me what to repair")),
            ("skip-bad-rows", _("Import the good rows and list the others")),
        ],
        initial="all-or-nothing",
        widget=forms.RadioSelect,
    )
    columns = forms.ChoiceField(
        label=_("Columns that Kith does not know"),
        choices=[
            ("ignore", _("Leave them out and name them")),
            ("keep", _("Keep them with each person, as text")),
        ],
        initial="ignore",
        required=False,
        widget=forms.RadioSelect,
    )
    sheet = forms.CharField(
        label=_("Sheet"),
        max_length=100,
        required=False,
        help_text=_("Of an Excel file with several. Empty reads the first one."),
    )

    @property
    def wishes(self) -> dict[str, Any]:
        """What the action wants to know."""
        given = dict(self.cleaned_data)
        keep = given.pop("columns") == "keep"
        return {**given, "keep_columns": keep}


class ExportForm(forms.Form):
    """Which participants, in which format."""

    format = forms.ChoiceField(
        label=_("Format"),
        choices=[
            ("csv", _("CSV, for spreadsheets; can be imported again")),
            ("json", _("JSON, for programs")),
        ],
        initial="csv",
        widget=forms.RadioSelect,
    )
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Everybody but the erased")), *STATUSES]
    )
    search = forms.CharField(
        label=_("Only who matches"),
        max_length=200,
        required=False,
        help_text=_("Part of a name, e-mail, number or code."),
    )


# --- the portal ---------------------------------------------------------------------------------------


class AddressForm(forms.Form):
    """Who wants to come in."""

    email = forms.CharField(
        label=_("E-mail address"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "autofocus": True}),
    )  # fmt: skip


class CodeForm(forms.Form):
    """The six digits of a letter."""

    code = forms.CharField(
        label=_("Code of six digits"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class ProfileForm(forms.Form):
    """What participants may change about themselves."""

    name = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, help_text=_("Stored encrypted."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the organization")), *settings.LANGUAGES]
    )


class PersonForm(forms.Form):
    """Somebody who signs in for a company."""

    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.CharField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput)
    role = forms.ChoiceField(
        label=_("May"),
        choices=[("member", _("Share and follow referrals")), ("admin", _("Also add and remove people"))],
        initial="member",
        widget=forms.RadioSelect,
    )
