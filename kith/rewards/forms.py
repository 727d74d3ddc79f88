"""Checks what arrives at the pages of the queue and of rewards."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from kith.kit.errors import DomainError, Invalid, Malformed
from kith.kit.money import Money
from kith.rewards.models import Reward, RewardStatus


class FilterForm(forms.Form):
    """What narrows the list; everything may be missing."""

    q = forms.CharField(required=False, max_length=200)
    stage = forms.CharField(required=False, max_length=40)
    program = forms.UUIDField(required=False)
    referrer = forms.UUIDField(required=False)
    show = forms.ChoiceField(
        required=False, choices=[(each, each) for each in ("", "waiting", "asked", "all")]
    )
    sort = forms.ChoiceField(required=False, choices=[(each, each) for each in ("", "created", "-created")])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    @property
    def narrows(self) -> bool:
        """True when something besides the view and the order was chosen."""
        names = ("q", "stage", "program", "referrer", "since", "until")
        return any(self.cleaned_data[name] for name in names)

    def wanted(self) -> dict[str, Any]:
        """The arguments of `queries.found_referrals`. Raises Invalid naming the filter at fault."""
        checked(self)
        said = self.cleaned_data
        return {
            "search": said["q"], "stage": said["stage"], "program_id": said["program"],
            "referrer_id": said["referrer"], "show": said["show"], "sort": said["sort"], "since": said["since"],
            "until": said["until"],
        }  # fmt: skip


class RewardFilterForm(forms.Form):
    """What narrows the list of rewards."""

    GROUPS = ("due", "waiting", "held", "available", "paid", "taken", "refused")

    group = forms.ChoiceField(required=False, choices=[(each, each) for each in ("", *GROUPS)])
    status = forms.ChoiceField(required=False, choices=[("", ""), *RewardStatus.choices])
    currency = forms.RegexField("^[A-Z]{3}$", required=False)
    program = forms.UUIDField(required=False)
    q = forms.CharField(required=False, max_length=200)

    def wanted(self) -> dict[str, Any]:
        """The arguments of `queries.found_rewards`. Raises Invalid naming the filter at fault."""
        checked(self)
        said = self.cleaned_data
        return {
            "group": said["group"], "status": said["status"], "currency": said["currency"],
            "program_id": said["program"], "search": said["q"],
        }  # fmt: skip


class TakeBackForm(forms.Form):
    """How much of a reward is taken back and why; `key` makes sure that one click counts once."""

    amount = forms.DecimalField(label=_("Take back"), min_value=0, max_digits=15, localize=True)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the history of the reward. The referrer sees that it was taken back."),
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, reward: Reward, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reward = reward
        left = {"amount": reward.left.format()}
        self.fields["amount"].help_text = _("At most %(amount)s: what is left of this reward.") % left

    def clean_amount(self) -> Money:
        """In the reward's currency, above zero, at most what is left."""
        try:
            found = Money.parse(f"{self.cleaned_data['amount']:f}", self.reward.currency)
        except DomainError as error:
            raise forms.ValidationError(str(next(iter(error.fields.values()), error.text))) from None
        if not 0 < found.amount_minor <= self.reward.left.amount_minor:
            raise forms.ValidationError(self.fields["amount"].help_text)
        return found

    def shown(self) -> Money:
        """The amount as it stands in the form, or all that is left where it is none."""
        try:
            self.cleaned_data = {"amount": self.fields["amount"].clean(self["amount"].value())}
            return self.clean_amount()
        except forms.ValidationError:
            return self.reward.left


def checked(form: forms.Form) -> None:
    """Raise Invalid naming what is wrong in a form of filters."""
    if not form.is_valid():
        raise Invalid(fields={name: str(faults[0]) for name, faults in form.errors.items()})


def chosen_ids(values: list[str]) -> list[UUID]:
    """The ticked rows. Raises Invalid for what is no id."""
    try:
        return [UUID(value) for value in dict.fromkeys(values)]
    except ValueError:
        raise Invalid from None


def filters_in(text: str) -> FilterForm:
    """The filters of a list out of its address' query, as a form that chooses all of it carries them."""
    return FilterForm(QueryDict(text[:2000]))


def moment(text: str) -> datetime:
    """The moment of a decision. Raises Malformed."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Malformed
    return found


def number(text: str) -> int:
    """A number out of an address, 0 when there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def reason(data: QueryDict) -> str:
    """What was written, else what was chosen."""
    return (data.get("reason", "").strip() or data.get("reason_choice", "").strip())[:500]
