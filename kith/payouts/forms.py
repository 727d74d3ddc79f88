"""Checks what people type into the pages about payouts."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Invalid
from kith.kit.money import Money
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
    expected = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)


class TypedForm(forms.Form):
    """The total, typed to say that money really leaves; points, commas, blanks and cents of zero do not matter."""

    typed = forms.CharField(max_length=40)

    def __init__(self, *args: object, amount: Money, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.amount = amount

    def clean_typed(self) -> str:
        """Refuses anything but the total."""
        digits = "".join(each for each in self.cleaned_data["typed"] if each in "0123456789")
        whole, cents = divmod(self.amount.amount_minor, 10**self.amount.exponent)
        if digits not in {str(self.amount.amount_minor), str(self.amount.amount_minor if cents else whole)}:
            raise forms.ValidationError(
                _("Type the total of the batch, %(amount)s.") % {"amount": self.amount.text}
            )
        return digits


class CancelForm(forms.Form):
    """Why a batch is cancelled and, when its file is out, that nobody paid with it."""

    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    nothing_paid = forms.BooleanField(label=_("No payment of this file was made"), required=False)


class PeriodForm(forms.Form):
    """The days of a statement, both included."""

    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def days(self, today: date) -> tuple[date, date]:
        """First and last day; without any the year so far. Raises Invalid naming the field at fault."""
        if not self.is_valid():
            raise Invalid(fields={name: str(faults[0]) for name, faults in self.errors.items()})
        last = self.cleaned_data["until"] or today
        first = self.cleaned_data["since"] or last.replace(month=1, day=1)
        if first > last or last.year > 9000:
            raise Invalid(fields={"until": _("Choose a day that is not before the first one.")})
        return first, last


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
