"""Programs, rewards, budgets, campaigns and sponsors as people type them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from kith.kit.currencies import CURRENCIES
from kith.kit.errors import DomainError
from kith.kit.money import Money
from kith.pipelines.queries import pipelines
from kith.programs.models import Campaign, Program, ProgramStatus
from kith.programs.queries import sponsors
from kith.programs.rules import RuleSpec

STATUSES = [
    (ProgramStatus.DRAFT, _("Draft")),
    (ProgramStatus.LIVE, _("Live")),
    (ProgramStatus.PAUSED, _("Paused")),
    (ProgramStatus.ENDED, _("Ended")),
]
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}
_MOMENT = "%Y-%m-%dT%H:%M"
BPS = 10_000


class FilterForm(forms.Form):
    """What narrows the list of programs; everything may be missing."""

    q = forms.CharField(required=False, max_length=120)
    status = forms.ChoiceField(required=False, choices=[("", ""), *STATUSES])

    def wanted(self) -> dict[str, str]:
        """The arguments of `queries.programs`; a filter that makes no sense is left out."""
        self.is_valid()
        return {
            "search": self.cleaned_data.get("q", ""),
            "status": self.cleaned_data.get("status", ""),
        }


class ProgramForm(forms.Form):
    """A program's facts. What cannot change later is asked for a new one only."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Your own staff and people see this.")
    )
    pipeline = forms.ChoiceField(
        label=_("Stages"), help_text=_("Which steps a referral goes through. This cannot be changed later.")
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in sorted(CURRENCIES)],
        help_text=_("In which rewards are promised and paid. This cannot be changed later."),
    )  # fmt: skip
    sponsor = forms.ChoiceField(
        label=_("Sponsor"), required=False, help_text=_("Who pays for the rewards, when it is not you.")
    )
    destination_url = forms.CharField(
        label=_("Where links lead"), max_length=200, required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://", **_PLAIN}),
        help_text=_("Leave this empty to use the landing page that you write here."),
    )  # fmt: skip
    is_default = forms.BooleanField(
        label=_("Personal codes lead to this program"), required=False,
        help_text=_("Everybody's own code needs one program; it takes the place of the one before."),
    )  # fmt: skip
    click_window_days = forms.IntegerField(
        label=_("Days from click to form"), min_value=1, max_value=3650, initial=90,
        help_text=_("How long a click counts as evidence."),
    )  # fmt: skip
    conversion_window_days = forms.IntegerField(
        label=_("Days from form to result"), min_value=1, max_value=3650, initial=365,
        help_text=_("How long after the referral a result still earns."),
    )  # fmt: skip
    report_window_days = forms.IntegerField(
        label=_("Days for late reports"), min_value=0, max_value=3650, initial=30,
        help_text=_("How long after that a result may still be reported."),
    )  # fmt: skip

    ONCE = ("pipeline", "currency")
    WINDOWS = ("click_window_days", "conversion_window_days", "report_window_days")

    def __init__(self, *args: Any, program: Program | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sponsors = {str(row.id): row for row in sponsors()}
        self.pipelines = {str(row.id): row for row in pipelines("referral")} if program is None else {}
        self.fields["sponsor"].choices = [  # type: ignore[attr-defined]
            ("", _("Your organization")), *((key, row.name) for key, row in self.sponsors.items())
        ]  # fmt: skip
        self.fields["pipeline"].choices = [(key, row.name) for key, row in self.pipelines.items()]  # type: ignore[attr-defined]
        if program is not None:
            for name in self.ONCE:
                del self.fields[name]

    @property
    def basics(self) -> list[forms.BoundField]:
        """Everything but the windows."""
        return [field for field in self if field.name not in self.WINDOWS]

    @property
    def windows(self) -> list[forms.BoundField]:
        """How long things count."""
        return [field for field in self if field.name in self.WINDOWS]

    def values(self) -> dict[str, Any]:
        """The arguments of `create_program`, or the changes of `update_program`."""
        given = dict(self.cleaned_data)
        given["sponsor"] = self.sponsors.get(given["sponsor"])
        if "pipeline" in given:
            given["pipeline"] = self.pipelines[given["pipeline"]]
            given["code"] = slugify(given["name"])[:60].strip("-") or "program"
        return given

    @staticmethod
    def of(program: Program) -> dict[str, Any]:
        """What the form shows of a program."""
        names = ("name", "destination_url", "is_default", *ProgramForm.WINDOWS)
        return {name: getattr(program, name) for name in names} | {"sponsor": str(program.sponsor_id or "")}


class AmountForm(forms.Form):
    """Something with an amount in a currency."""

    amount = forms.DecimalField(label=_("Amount"), min_value=0, max_digits=15, localize=True)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = _("In %(currency)s.") % {"currency": currency}

    def clean_amount(self) -> Money:
        """In the currency, above zero."""
        amount: Decimal = self.cleaned_data["amount"]
        try:
            found = Money.parse(f"{amount:f}", self.currency)
        except DomainError as error:
            raise forms.ValidationError(str(next(iter(error.fields.values()), error.text))) from None
        if found.amount_minor <= 0:
            raise forms.ValidationError(_("Give an amount above zero."))
        return found


class BudgetForm(AmountForm):
    """Money that a program may spend; `key` makes sure that one click counts once."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class RewardForm(AmountForm):
    """What a rule promises, as far as it is changed here."""

    hold_days = forms.IntegerField(
        label=_("Days on hold"), min_value=0, max_value=730,
        help_text=_("How long a reward waits before it can be paid, in case the result is taken back."),
    )  # fmt: skip
    cap_per_participant = forms.IntegerField(
        label=_("Most rewards per person"),
        min_value=0,
        max_value=1_000_000,
        help_text=_("0 means without end."),
    )
    auto_approve = forms.BooleanField(
        label=_("Approve without looking"), required=False,
        help_text=_("Otherwise somebody of your team decides about each reward."),
    )  # fmt: skip

    def changes(self) -> dict[str, Any]:
        """The fields of the rule's specification."""
        given = self.cleaned_data
        names = ("hold_days", "cap_per_participant", "auto_approve")
        return {"fixed_minor": given["amount"].amount_minor} | {name: given[name] for name in names}

    @staticmethod
    def of(spec: RuleSpec, currency: str) -> dict[str, Any]:
        """What the form shows of a rule."""
        return {
            "amount": Money(spec.fixed_minor, currency).decimal, "hold_days": spec.hold_days,
            "cap_per_participant": spec.cap_per_participant, "auto_approve": spec.auto_approve,
        }  # fmt: skip


class PromiseForm(RewardForm):
    """A first, simple rule."""

    name = forms.CharField(
        label=_("Name"), max_length=120, initial=_("Reward"), help_text=_("For your team only.")
    )
    beneficiary = forms.ChoiceField(
        label=_("Who gets it"), widget=forms.RadioSelect, initial="referrer",
        choices=[("referrer", _("Who invited")), ("referred", _("The friend"))],
    )  # fmt: skip
    trigger = forms.ChoiceField(label=_("When"), initial="conversion:booking")
    event = forms.SlugField(
        label=_("Name of the other result"), max_length=60, required=False, widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("As your system reports it, such as “purchase”."),
    )  # fmt: skip

    field_order = (
        "beneficiary",
        "amount",
        "trigger",
        "event",
        "hold_days",
        "cap_per_participant",
        "auto_approve",
    )

    def __init__(self, *args: Any, stages: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trigger"].choices = [  # type: ignore[attr-defined]
            ("conversion:booking", _("A booking comes in")), ("other", _("Another result comes in")),
            *((f"stage.entered:{category}", _("The referral reaches “%(stage)s”") % {"stage": words})
              for category, words in stages),
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Another result has a name."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("trigger") == "other" and not given.get("event") and "event" not in self.errors:
            self.add_error("event", _("Write how your system calls the result."))
        return given

    def rule(self) -> dict[str, Any]:
        """The arguments of `make_promise`."""
        given = self.cleaned_data
        trigger = f"conversion:{given['event'].lower()}" if given["trigger"] == "other" else given["trigger"]
        spec = RuleSpec(trigger=trigger, beneficiary=given["beneficiary"], **self.changes())
        code = slugify(f"{trigger.rpartition(':')[2]}-{spec.beneficiary}")[:60]
        return {"code": code, "name": given["name"], "spec": spec}


class CampaignForm(forms.Form):
    """A push within a program; times are in the organization's time zone, which is the active one."""

    name = forms.CharField(label=_("Name"), max_length=120)
    starts_at = forms.DateTimeField(
        label=_("From"), widget=forms.DateTimeInput(format=_MOMENT, attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=_("Until"), required=False,
        widget=forms.DateTimeInput(format=_MOMENT, attrs={"type": "datetime-local"}),
        help_text=_("Empty: until you end it."),
    )  # fmt: skip
    times = forms.DecimalField(
        label=_("Rewards are multiplied by"), min_value=Decimal("0.01"), max_value=100, decimal_places=2, initial=2,
        localize=True, help_text=_("2 doubles every reward, 1 changes nothing."),
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """The arguments of `create_campaign`, or the changes of `update_campaign`."""
        given = dict(self.cleaned_data)
        times = given.pop("times")
        return {**given, "multiplier_bps": int(times * BPS)}

    def code(self) -> str:
        """A code out of the name."""
        return slugify(self.cleaned_data["name"])[:60].strip("-") or "campaign"

    @staticmethod
    def of(campaign: Campaign) -> dict[str, Any]:
        """What the form shows of a campaign."""
        times = (Decimal(campaign.multiplier_bps) / BPS).normalize()
        return {
            "name": campaign.name, "starts_at": campaign.starts_at, "ends_at": campaign.ends_at, "times": f"{times:f}",
        }  # fmt: skip


class SponsorForm(forms.Form):
    """Who pays for a program."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.CharField(
        label=_("Kind"), max_length=60, help_text=_("Such as brand, university or branch.")
    )

    def code(self) -> str:
        """A code out of the name."""
        return slugify(self.cleaned_data["name"])[:60].strip("-") or "sponsor"
