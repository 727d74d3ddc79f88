"""Places for colleagues, and keys for servers."""

import datetime
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kith.kit.emails import address
from kith.tenants import rules
from kith.tenants.models import Role


def roles_to_give(giver: str) -> list[tuple[str, Any]]:
    """The roles a member of that role may give to others, for a select."""
    return [(code, words) for code, words in Role.choices if rules.may_give_role(giver, code)]


class InviteForm(forms.Form):
    """Places for colleagues, several at once."""

    emails = forms.CharField(
        label=_("E-mail addresses"), max_length=4000,
        help_text=_("One on each line, or separated by commas. At most 20 at once."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "autocapitalize": "none"}),
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Role"), initial=Role.VIEWER)

    def __init__(self, *args: Any, giver: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_to_give(giver)  # type: ignore[attr-defined]

    def clean_emails(self) -> list[str]:
        """The addresses, each once."""
        found = list(dict.fromkeys(re.split(r"[\s,;]+", str(self.cleaned_data["emails"]).strip())))
        wrong = [each for each in found if address(each) is None]
        if wrong:
            raise forms.ValidationError(
                _("This is not an e-mail address: %(text)s") % {"text": ", ".join(wrong[:3])}
            )
        if len(found) > 20:
            raise forms.ValidationError(_("Invite at most 20 people at once."))
        return found


# What a colleague may do, as people read it; the table on the page asks the rules for each role.
POWERS: tuple[tuple[Any, str], ...] = (
    (_("See people, referrals and figures"), "participants.view"),
    (_("Enroll people, add referrals, move them on"), "participants.edit"),
    (_("Import people from a table"), "participants.import"),
    (_("Approve and reject rewards"), "rewards.approve"),
    (_("See payouts and the books"), "payouts.view"),
    (_("Make, approve and send payouts"), "payouts.make"),
    (_("Change programs and rewards"), "programs.edit"),
    (_("Change settings, team and API keys"), "tenants.settings"),
    (_("Read the audit trail"), "audit.view"),
)


def powers() -> list[tuple[Any, list[tuple[Any, bool]]]]:
    """Each power with every role and whether it has it."""
    return [
        (words, [(label, permission in rules.permissions_of(role)) for role, label in Role.choices])
        for words, permission in POWERS
    ]


class KeyForm(forms.Form):
    """A new API key and what it may do: never more than the person who makes it."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Which system uses it, such as booking-site.")
    )
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    expires_on = forms.DateField(
        label=_("Works until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until it is revoked."),
    )

    def __init__(self, *args: Any, allowed: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {name: words for name, words in SCOPE_WORDS.items() if name in allowed}
        grouped = [
            (title, [(name, words) for name, words in offered.items() if name.startswith(begins)])
            for title, begins in SCOPE_GROUPS
        ]
        self.fields["scopes"].choices = [(title, found) for title, found in grouped if found]  # type: ignore[attr-defined]

    def scope_groups(self) -> list[tuple[Any, list[Mapping[str, Any]]]]:
        """Title and checkboxes of each group, for the page."""
        groups = self.fields["scopes"].widget.optgroups("scopes", self["scopes"].value() or [])
        return [(title, boxes) for title, boxes, _place in groups]

    def values(self) -> dict[str, Any]:
        """For `actions.create_api_key`; the last day counts in full, in UTC."""
        said = self.cleaned_data
        last_day = said["expires_on"]
        end = None
        if last_day:
            midnight = datetime.datetime.combine(last_day, datetime.time(), datetime.UTC)
            end = midnight + datetime.timedelta(days=1)
        return {"name": said["name"], "scopes": said["scopes"], "expires_at": end}


SCOPE_GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("People"), ("participants.",)),
    (_("Referrals and programs"), ("referrals.", "programs.")),
    (_("Rewards and payouts"), ("rewards.", "payouts.", "ledger.")),
    (_("Figures and files"), ("analytics.", "jobs.", "audit.")),
    (_("Organization"), ("tenants.",)),
)
# What a program may be allowed. Looking at a portal as somebody, and views of lists, are for people.
SCOPE_WORDS: Mapping[str, Any] = {
    "participants.view": _("Read participants"),
    "participants.edit": _("Create and change participants"),
    "participants.import": _("Import participants"),
    "participants.export": _("Export participants"),
    "participants.merge": _("Merge duplicates"),
    "referrals.view": _("Read referrals"),
    "referrals.create": _("Create referrals and conversions"),
    "referrals.move": _("Move referrals between stages"),
    "referrals.export": _("Export referrals"),
    "programs.view": _("Read programs"),
    "programs.edit": _("Change programs"),
    "rewards.view": _("Read rewards"),
    "rewards.approve": _("Approve and reject rewards"),
    "payouts.view": _("Read payouts"),
    "payouts.make": _("Make payout batches"),
    "payouts.approve": _("Approve payout batches"),
    "payouts.send": _("Send payout batches"),
    "payouts.accounts": _("Change payout accounts"),
    "ledger.view": _("Read the ledger"),
    "analytics.view": _("Read figures and reports"),
    "tenants.view": _("Read the organization"),
    "tenants.settings": _("Change settings"),
    "tenants.members": _("Manage the team"),
    "tenants.keys": _("Manage API keys"),
    "audit.view": _("Read the audit trail"),
    "jobs.view": _("Follow imports and exports"),
}
