"""Checks what people type into the pages about payouts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kith.payouts.models import BatchFormat

FORMATS = [
    (BatchFormat.SEPA, _("SEPA file for the bank (pain.001)")),
    (BatchFormat.CSV, _("CSV table, any currency")),
]


class BatchForm(forms.Form):
    """How and when a batch is paid."""

    format = forms.ChoiceField(
        label=_("Format"), choices=FORMATS, widget=forms.RadioSelect, initial=BatchFormat.SEPA
    )
    execution_on = forms.DateField(
        label=_("Pay on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Empty: today. Banks pay on working days; Kith takes the next one."),
    )


class AccountForm(forms.Form):
    """Where a participant wants the money."""

    holder = forms.CharField(label=_("Name of the account's holder"), max_length=70)
    iban = forms.CharField(
        label=_("IBAN"), max_length=42,
        help_text=_("Stored encrypted; afterwards only its last four characters are shown."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )  # fmt: skip
    bic = forms.CharField(
        label=_("BIC"), max_length=11, required=False, help_text=_("Kith finds it for most European banks.")
    )


class PaidForm(forms.Form):
    """Which payments the bank made; none chosen means the whole batch."""

    ids = forms.TypedMultipleChoiceField(required=False)

    def __init__(self, *args: object, known: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["ids"].choices = [(each, each) for each in known]  # type: ignore[attr-defined]
