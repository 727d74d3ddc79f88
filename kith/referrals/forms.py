"""What people type on public pages and in the console."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.kit.errors import DomainError
from kith.kit.money import Money


class FriendForm(forms.Form):
    """The referred person's details on the landing page. `website` is a trap: people do not see it."""

    shown_by = "referrals/_friend_form.html"

    name = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Tell us your name.")},
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Tell us your e-mail address.")},
    )
    booking_reference = forms.CharField(
        label=_("Booking reference"), max_length=100, help_text=_("It stands in the confirmation you received."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Fill it in: by it we find what you booked.")},
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Your phone number"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    consent = forms.BooleanField(
        error_messages={"required": _("Tick the box: without it we may not keep your details.")}
    )
    rid = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    website = forms.CharField(
        required=False, label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        needs_booking: bool,
        consent: str,
        booking_word: str = "",
        **kwargs: Any,
    ) -> None:
        """`consent`: what is agreed to; `booking_word`: the organization's own for a booking reference, if any."""
        super().__init__(*args, **kwargs)
        booking = self.fields["booking_reference"]
        booking.required = needs_booking
        if booking_word:
            booking.label = booking_word
        self.fields["consent"].label = consent

    @property
    def is_trapped(self) -> bool:
        """True when a program filled in what people cannot see."""
        return bool(self.data.get("website"))

    def details(self) -> dict[str, Any]:
        """The arguments of `create_referral` that the friend gives."""
        given = {name: self.cleaned_data[name] for name in ("name", "email", "booking_reference", "phone")}
        agreed_to = (str(self.fields["consent"].label), get_language() or "en")
        return {**given, "click_id": click_id(self.cleaned_data["rid"]), "agreed_to": agreed_to}


def click_id(text: str) -> UUID | None:
    """The click's id out of an address or hidden field; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


class ReferralForm(forms.Form):
    """A referral that staff record by hand."""

    code = forms.CharField(
        label=_("Code of who referred"), max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(label=_("Name of the referred person"), max_length=200)
    email = forms.EmailField(label=_("Their e-mail address"), max_length=254)
    phone = forms.CharField(
        label=_("Their phone number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    booking_reference = forms.CharField(label=_("Booking reference"), max_length=100, required=False)
    amount = forms.DecimalField(
        label=_("Value"), min_value=0, max_digits=15, required=False, localize=True,
        help_text=_("Empty: the average booking value counts as an estimate."),
    )  # fmt: skip
    travel_on = forms.DateField(
        label=_("Travel date"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("The waiting time of the reward counts from here when it is later."),
    )  # fmt: skip

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> Money | None:
        """In the organization's currency."""
        amount = self.cleaned_data["amount"]
        if amount is None:
            return None
        try:
            return Money.parse(f"{amount:f}", self.currency)
        except DomainError as error:
            raise forms.ValidationError(error.text) from None

    def details(self) -> dict[str, Any]:
        """The arguments of `create_referral` that staff give."""
        return dict(self.cleaned_data)


class SiteForm(forms.Form):
    """A website of the organization and the addresses of its pages."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Which website it is, such as booking site.")
    )
    origins = forms.CharField(
        label=_("Addresses"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One on each line, such as https://www.example.com. The key works on these only."),
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """For the actions on site keys."""
        return {"name": self.cleaned_data["name"], "origins": self.cleaned_data["origins"].split()}
