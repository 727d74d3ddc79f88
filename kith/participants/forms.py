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


TARGET_WORDS: dict[str, Any] = {
    "name": _("Name"), "first_name": _("First name"), "last_name": _("Last name"), "email": _("E-mail address"),
    "phone": _("Phone"), "external_id": _("Your own number"), "country": _("Country"), "language": _("Language"),
    "timezone": _("Time zone"), "kind": _("Kind"), "picture_url": _("Picture"), "visa_number": _("Visa number"),
    "visa_stage": _("Visa stage"), "visa_type": _("Visa type"), "application_on": _("Applied on"),
    "extra": _("Columns of your own"), rules.KEEP: _("Keep as it is"), rules.LEAVE_OUT: _("Leave out"),
}  # fmt: skip
TARGETS = [(target, TARGET_WORDS[target]) for target in rules.TARGETS]


class LookForm(forms.Form):
    """How a prepared table is to be read: `column_3` says what the third column becomes."""

    mode = forms.ChoiceField(
        label=_("When rows have errors"),
        choices=[
            ("skip-bad-rows", _("Import the good rows and give me the others to repair")),
            ("all-or-nothing", _("Import nothing until every row is good")),
        ],
        initial="skip-bad-rows",
        widget=forms.RadioSelect,
    )
    sheet = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)
    seen_sheet = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """With the mapping, unless another sheet is looked at than the one it was chosen for."""
        given: dict[str, Any] = super().clean() or {}
        same = given.get("sheet", "") == given.get("seen_sheet", "")
        columns = {name.removeprefix("column_"): str(target) for name, target in self.data.items()
                   if same and name.startswith("column_")}  # fmt: skip
        if not all(place.isdecimal() and target in rules.TARGETS for place, target in columns.items()):
            raise forms.ValidationError(_("Choose for each column what it becomes from the list."))
        return {**given, "mapping": {f"#{place}": target for place, target in columns.items()}}

    @property
    def wishes(self) -> dict[str, Any]:
        """What the action wants to know."""
        return {name: self.cleaned_data[name] for name in ("mode", "sheet", "mapping")}

    @property
    def looked_at(self) -> dict[str, Any]:
        """What a look wants to know; nothing yet the first time."""
        return {name: self.wishes[name] for name in ("sheet", "mapping")} if self.is_valid() else {}


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
