"""The typed settings that decide about referrals, rewards and payouts."""

import decimal
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from kith.tenants import rules

LANGUAGES = settings.LANGUAGES
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
    "referrals.reject_reasons": (
        "referrals", _("Reasons to choose from when rejecting"), _("Separated by semicolons. Empty: the usual ones.")
    ),
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
    "audit.mail_head": (
        "messages", _("Mail owners the seal of the audit trail every day"),
        _("Kept outside Kith, it proves that nobody rewrote the past."),
    ),
    "notifications.language": ("messages", _("Language of messages"), _("For participants who chose none.")),
}  # fmt: skip
GROUPS: Mapping[str, tuple[Any, Any]] = {
    "rewards": (_("Rewards"), _("What a referral earns, and when it is free.")),
    "referrals": (_("Referrals"), _("What counts as a referral.")),
    "payouts": (_("Payouts"), _("Who is paid, from which account, and who has to look.")),
    "messages": (_("Messages"), ""),
}
COLUMNS = (("rewards", "referrals"), ("payouts", "messages"))
# What has a page of its own.
ELSEWHERE = ("signin.",)
CHOICE_WORDS = {"refuse": _("Refuse the referral"), "allow": _("Accept the referral all the same")}


class RulesForm(forms.Form):
    """One field for each declared setting of the organization, made from its type."""

    def __init__(self, *args: Any, shown: Iterable[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys: dict[str, str] = {}
        self.present: dict[str, Any] = {}
        for row in shown:
            declared = rules.SETTINGS[row["key"]]
            if "tenant" not in declared.places or declared.key.startswith(ELSEWHERE):
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
