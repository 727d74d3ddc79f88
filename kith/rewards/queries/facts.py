"""What the rules may know of a cause, and what they said about it in words."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from kith.kit.money import Money
from kith.programs import queries as programs
from kith.programs import rules as program_rules
from kith.programs.models import Program
from kith.referrals.models import Conversion, Referral
from kith.referrals.rules import UTM_FIELDS
from kith.rewards import rules
from kith.rewards.models import Decision
from kith.tenants.queries import current_tenant

Facts = dict[str, Any]


def ruleset(program: Program, *moments: datetime.datetime) -> rules.Ruleset:
    """What the program promised at the first of these moments at which it promised anything."""
    in_force: list[program_rules.PublishedRule] = []
    for moment in moments:
        in_force = programs.published_rules(program.id, moment)
        if in_force:
            break
    return rules.Ruleset(program.currency, program.conversion_window_days, tuple(in_force))


def facts_of_conversion(conversion: Conversion, referral: Referral, program: Program) -> Facts:
    """What the rules may know of a conversion. The amount is what was not refunded."""
    known, effective = _facts_of_referral(referral, conversion.occurred_at), conversion.effective_on
    zone = ZoneInfo(known["timezone"])
    effective_at = datetime.datetime.combine(effective, datetime.time(), zone) if effective else None
    comparable = conversion.currency == program.currency
    return known | {
        "trigger": f"conversion:{conversion.event}",
        "event": conversion.event,
        "amount_minor": conversion.gross_minor - conversion.refunded_minor if comparable else None,
        "currency": conversion.currency,
        "is_estimated": conversion.is_estimated,
        "days_since_referral": rules.days_between(
            referral.created_at.astimezone(zone), conversion.occurred_at.astimezone(zone)
        ),
        "counts_from": rules.counts_from(conversion.occurred_at, effective_at)
        .astimezone(datetime.UTC)
        .isoformat(),
    }


def facts_of_stage(referral: Referral, category: str, entered_at: datetime.datetime) -> Facts:
    """What the rules may know of a referral that entered a category."""
    return _facts_of_referral(referral, entered_at) | {
        "trigger": f"stage.entered:{category}",
        "category": category,
        "days_since_referral": None,
        "counts_from": entered_at.astimezone(datetime.UTC).isoformat(),
    }


def _facts_of_referral(referral: Referral, at: datetime.datetime) -> Facts:
    referrer, campaign = referral.referrer, referral.campaign
    return {
        "referrer_id": str(referrer.id),
        "referred_id": str(referral.referred_participant_id) if referral.referred_participant_id else None,
        "country": referral.referred_country or None,
        "category": referral.category,
        "campaign": campaign.code if campaign else None,
        "timezone": current_tenant().timezone,
        "multiplier_bps": programs.multiplier_bps(campaign, at),
        "source": referral.source or None,
        "method": referral.method,
        "visa_type": referral.visa_type or None,
        "has_booking_reference": bool(referral.booking_reference),
        "referrer_kind": referrer.kind,
        "referrer_country": referrer.country or None,
        "referrer_language": referrer.language or None,
        **{name: getattr(referral, name) or None for name in UTM_FIELDS},
    }


# --- in words -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Explanation:
    """One rule's part in a decision; `name` is what people call the rule."""

    rule: str
    name: str
    result: str
    sentence: str
    details: Mapping[str, Any]


def explanations(
    decision: Decision, locale: str, words: Mapping[str, str] = MappingProxyType({})
) -> list[Explanation]:
    """The decision's trace with a sentence for each rule in a language; `words` are the program's `rule_words`."""
    currency = decision.program.currency
    with override(locale):
        return [
            Explanation(
                line["rule"], words.get(line["rule"], line["rule"]), line["result"],
                _sentence(line, locale, currency, words), line,
            )
            for line in decision.trace
        ]  # fmt: skip


def _sentence(line: Mapping[str, Any], locale: str, currency: str, words: Mapping[str, str]) -> str:
    def money(minor: int) -> str:
        return Money(minor, currency).format(locale)

    match line["result"]:
        case "granted":
            return _("Granted: %(amount)s.") % {"amount": money(line["amount_minor"])}
        case "trigger":
            awaited = words.get(line["expected"]) or line["expected"].partition(":")[2]
            return _("Not for this: the rule waits for “%(expected)s”.") % {"expected": awaited}
        case "window":
            late = ngettext(
                "Too late: %(actual)d day after the referral; the limit is %(expected)d.",
                "Too late: %(actual)d days after the referral; the limit is %(expected)d.", line["actual"],
            )  # fmt: skip
            return late % line
        case "cap":
            earned = ngettext(
                "The participant has earned this %(actual)d time; the limit is %(expected)d.",
                "The participant has earned this %(actual)d times; the limit is %(expected)d.", line["actual"],
            )  # fmt: skip
            return earned % line
        case "budget":
            left, needed = money(line["actual"]), money(line["expected"])
            return _("The budget has %(left)s left; %(needed)s is needed.") % {"left": left, "needed": needed}
        case "beneficiary":
            return _("The referred person is not a participant.")
        case "amount":
            return _("The campaign leaves nothing of the amount.")
    return _("Not all conditions hold: %(count)d failed.") % {"count": len(line["failing"])}
