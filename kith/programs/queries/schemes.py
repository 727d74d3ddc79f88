"""Programs, campaigns, rules in force and what is left of a budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from kith.kit.money import Money
from kith.ledger.models import Account, Transfer
from kith.programs import rules
from kith.programs.models import Campaign, Program, ProgramStatus, Rule, RuleVersion, Sponsor, VersionStatus
from kith.programs.rules import Condition, Leaf, PublishedRule, RuleSpec
from kith.tenants import queries as tenants


def programs(*, status: str = "", search: str = "") -> QuerySet[Program]:
    """The organization's programs, newest first."""
    found: QuerySet[Program] = Program.objects.select_related("sponsor", "pipeline")
    if status:
        found = found.filter(status=status)
    if search:
        found = found.filter(Q(name__icontains=search) | Q(code__icontains=search))
    return found.order_by("-created_at", "-id")


def default_program() -> Program | None:
    """The program of a personal code without a link: the one marked so, else the oldest live one."""
    live = Program.objects.filter(status=ProgramStatus.LIVE).select_related("pipeline")
    found: Program | None = live.order_by("-is_default", "created_at", "id").first()
    return found


def campaigns(program_id: UUID) -> QuerySet[Campaign]:
    """The program's campaigns, the latest start first."""
    found: QuerySet[Campaign] = Campaign.objects.filter(program_id=program_id).order_by("-starts_at", "-id")
    return found


def campaign_of(campaign_id: UUID | None) -> Campaign | None:
    """The campaign of that id; None for no id."""
    return Campaign.objects.filter(pk=campaign_id).first() if campaign_id else None


def sponsors() -> QuerySet[Sponsor]:
    """The organization's sponsors, by name."""
    found: QuerySet[Sponsor] = Sponsor.objects.order_by("name", "id")
    return found


def multiplier_bps(campaign: Campaign | None, at: datetime) -> int:
    """By how much a campaign multiplies rewards at a time; 10,000 when it does not take part."""
    running = campaign is not None and rules.is_running(
        campaign.status, campaign.starts_at, campaign.ends_at, at
    )
    return campaign.multiplier_bps if running and campaign is not None else 10_000


def rules_of(program_id: UUID) -> QuerySet[Rule]:
    """The program's rules that are not archived, by code."""
    found: QuerySet[Rule] = Rule.objects.filter(program_id=program_id, archived_at=None).order_by("code")
    return found


def versions(rule_id: UUID) -> QuerySet[RuleVersion]:
    """Every version of a rule, newest first."""
    found: QuerySet[RuleVersion] = RuleVersion.objects.filter(rule_id=rule_id).order_by("-version")
    return found


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule with what it promises now and what is being prepared."""

    rule: Rule
    published: RuleVersion | None
    draft: RuleVersion | None


def rule_lines(program_id: UUID) -> list[RuleLine]:
    """The program's rules with their present versions, in two statements."""
    listed = list(rules_of(program_id))
    present = RuleVersion.objects.filter(rule__in=listed).exclude(status=VersionStatus.RETIRED)
    found = {(version.rule_id, version.status): version for version in present}
    return [
        RuleLine(
            rule, found.get((rule.id, VersionStatus.PUBLISHED)), found.get((rule.id, VersionStatus.DRAFT))
        )
        for rule in listed
    ]


def published_rules(program_id: UUID, at: datetime) -> list[PublishedRule]:
    """What the program promised at a time, by rule code."""
    in_force = (
        RuleVersion.objects.filter(rule__program_id=program_id, rule__archived_at=None, valid_from__lte=at)
        .exclude(status=VersionStatus.DRAFT)
        .filter(Q(valid_to=None) | Q(valid_to__gt=at))
        .select_related("rule")
        .order_by("rule__code")
    )
    return [PublishedRule(row.id, row.rule.code, RuleSpec.parse(row.spec)) for row in in_force]


def default_spec(program: Program, *, event: str = "booking") -> RuleSpec:
    """The rule that the settings describe: a fixed amount to the referrer for each event.

    The amount, the cap (0 for none), the hold and automatic approval are settings of the program, else of
    the organization.
    """
    names = ("default_amount", "max_per_participant", "hold_days", "auto_approve")
    stored = tenants.settings_in_force([f"rewards.{name}" for name in names], program_id=program.id)
    amount, cap, hold_days, auto_approve = stored.values()
    return RuleSpec(
        trigger=f"conversion:{event}",
        fixed_minor=Money.parse(amount.text, program.currency).amount_minor,
        cap_per_participant=cap,
        hold_days=hold_days,
        auto_approve=auto_approve,
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """What a program was given, has promised and may still spend.

    `left` may be negative when there is no cap; `promised` is everything accrued and not given back.
    """

    account_id: int
    is_capped: bool
    funded: Money
    promised: Money
    left: Money


def budget(program: Program) -> Budget | None:
    """The program's budget, or None when none was opened."""
    account = Account.objects.filter(kind="budget", owner_id=program.id, currency=program.currency).first()
    if account is None:
        return None
    moved = Transfer.objects.filter(journal__kind__in=["fund", "unfund"])
    given = moved.filter(credit_account=account).aggregate(total=Sum("amount"))["total"] or 0
    taken = moved.filter(debit_account=account).aggregate(total=Sum("amount"))["total"] or 0
    funded = Money(int(given) - int(taken), program.currency)
    return Budget(account.id, account.floor is not None, funded, funded - account.money, account.money)


@dataclass(frozen=True, slots=True)
class Room:
    """The account a program promises from, and how much it has left; None without a cap."""

    account_id: int
    left_minor: int | None


def room(program: Program) -> Room | None:
    """How much the program may still promise, in one statement; None when no budget was opened."""
    wanted = Account.objects.filter(kind="budget", owner_id=program.id, currency=program.currency)
    found = wanted.values_list("id", "floor", "balance").first()
    return Room(found[0], None if found[1] is None else found[2] - found[1]) if found else None


# ---- rules in words

_FIELD_NAMES: Mapping[str, str | Promise] = {
    "amount_minor": gettext_lazy("the amount"),
    "currency": gettext_lazy("the currency"),
    "event": gettext_lazy("the event"),
    "is_estimated": gettext_lazy("the amount is an estimate"),
    "country": gettext_lazy("the country of the referred person"),
    "category": gettext_lazy("the state of the referral"),
    "campaign": gettext_lazy("the campaign"),
    "source": gettext_lazy("the source"),
    "method": gettext_lazy("the way of attribution"),
    "visa_type": gettext_lazy("the visa type"),
    "has_booking_reference": gettext_lazy("there is a booking reference"),
    "days_since_referral": gettext_lazy("the number of days since the referral"),
    "utm_source": "utm_source",
    "utm_medium": "utm_medium",
    "utm_campaign": "utm_campaign",
    "utm_term": "utm_term",
    "utm_content": "utm_content",
    "referrer_kind": gettext_lazy("the kind of referrer"),
    "referrer_country": gettext_lazy("the country of the referrer"),
    "referrer_language": gettext_lazy("the language of the referrer"),
}

_COMPARISONS: Mapping[str, str | Promise] = {
    "eq": gettext_lazy("%(field)s is %(value)s"),
    "ne": gettext_lazy("%(field)s is not %(value)s"),
    "gt": gettext_lazy("%(field)s is more than %(value)s"),
    "gte": gettext_lazy("%(field)s is at least %(value)s"),
    "lt": gettext_lazy("%(field)s is less than %(value)s"),
    "lte": gettext_lazy("%(field)s is at most %(value)s"),
    "in": gettext_lazy("%(field)s is one of %(value)s"),
    "not_in": gettext_lazy("%(field)s is none of %(value)s"),
}


def describe(spec: RuleSpec, locale: str, *, currency: str, word: str = "") -> str:
    """The rule as one sentence in a language; `word` is what the organization calls what the rule waits for."""
    with override(locale):
        parts = [_promise(spec, locale, currency, word)]
        if spec.conditions is not None:
            said = _said(spec.conditions, locale, currency)
            parts.append(_("if %(conditions)s") % {"conditions": said})
        if spec.cap_per_participant:
            parts.append(
                ngettext("at most %(count)d time per participant", "at most %(count)d times per participant",
                         spec.cap_per_participant) % {"count": spec.cap_per_participant}
            )  # fmt: skip
        if spec.hold_days:
            held = ngettext("held for %(count)d day", "held for %(count)d days", spec.hold_days)
            parts.append(held % {"count": spec.hold_days})
        parts.append(_("approved automatically") if spec.auto_approve else _("approved by staff"))
        return ", ".join(parts) + "."


def conditions_in_words(spec: RuleSpec, currency: str) -> str:
    """The rule's conditions in the active language; empty when it has none."""
    return "" if spec.conditions is None else _said(spec.conditions, get_language() or "en", currency)


def _promise(spec: RuleSpec, locale: str, currency: str, called: str) -> str:
    kind, _sep, word = spec.trigger.partition(":")
    templates = {
        ("conversion", "referrer"): _("The referrer earns %(amount)s for each “%(word)s”"),
        ("conversion", "referred"): _("The referred person earns %(amount)s for each “%(word)s”"),
        ("stage.entered", "referrer"): _("The referrer earns %(amount)s when the referral is “%(word)s”"),
        ("stage.entered", "referred"): _(
            "The referred person earns %(amount)s when the referral is “%(word)s”"
        ),
    }
    amount = Money(spec.fixed_minor, currency).format(locale)
    return templates[kind, spec.beneficiary] % {"amount": amount, "word": called or word}


def _said(condition: Condition, locale: str, currency: str) -> str:
    if isinstance(condition, Leaf):
        template = str(_COMPARISONS[condition.op])
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        shown = ", ".join(_shown(condition.field, value, locale, currency) for value in values)
        return template % {"field": str(_FIELD_NAMES[condition.field]), "value": shown}
    word = _(" and ") if condition.kind == "all" else _(" or ")
    said = [
        f"({_said(member, locale, currency)})"
        if isinstance(member, rules.Group)
        else _said(member, locale, currency)
        for member in condition.members
    ]
    return word.join(said)


def _shown(field: str, value: Any, locale: str, currency: str) -> str:
    if isinstance(value, bool):
        return _("true") if value else _("false")
    if rules.FIELDS[field] == "amount":
        return Money(value, currency).format(locale)
    return f"“{value}”" if isinstance(value, str) else str(value)
