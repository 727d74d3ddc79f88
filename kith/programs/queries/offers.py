"""What a program promises, in the words of whoever is invited; always read from the rules in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise as Lazy
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from kith.kit.money import Money
from kith.pipelines import queries as pipelines
from kith.pipelines.models import Stage
from kith.programs.models import Campaign, Program
from kith.programs.queries.schemes import conditions_in_words, multiplier_bps, published_rules
from kith.programs.rules import RuleSpec

# What counts, as the friend would say it; other events are named as the organization names them.
_AFTER: Mapping[str, str | Lazy] = {
    "booking": gettext_lazy("after your booking"),
    "purchase": gettext_lazy("after your purchase"),
    "order": gettext_lazy("after your order"),
    "subscription": gettext_lazy("when you subscribe"),
    "signup": gettext_lazy("when you sign up"),
    "enrollment": gettext_lazy("when you enroll"),
    "payment": gettext_lazy("after your payment"),
}


@dataclass(frozen=True, slots=True)
class Earning:
    """One amount that one rule promises: to the friend, or to whoever invited."""

    to_friend: bool
    amount: Money
    after: str
    conditions: str
    cap: int
    hold_days: int

    def sentence(self, referrer: str) -> str:
        """Who gets how much, and for what."""
        said = (
            _("You get %(amount)s %(after)s.") if self.to_friend else _("%(who)s gets %(amount)s %(after)s.")
        )
        return said % {"amount": self.amount.format(), "after": self.after, "who": referrer}

    def notes(self) -> list[str]:
        """What else is to be known about it."""
        found = [_("Only if %(conditions)s.") % {"conditions": self.conditions}] if self.conditions else []
        if self.hold_days:
            found.append(
                ngettext("Ready to be paid %(count)d day later.", "Ready to be paid %(count)d days later.",
                         self.hold_days) % {"count": self.hold_days}
            )  # fmt: skip
        if self.cap:
            found.append(
                ngettext(
                    "At most %(count)d time per person.", "At most %(count)d times per person.", self.cap
                )
                % {"count": self.cap}
            )
        return found


@dataclass(frozen=True, slots=True)
class Offer:
    """What a program promises at a time, a campaign's multiplier included; `ends_at` is when that ends."""

    earnings: tuple[Earning, ...] = ()
    ends_at: datetime | None = None

    @property
    def friend(self) -> Money | None:
        """The most a friend gets for one event."""
        return max((each.amount for each in self.earnings if each.to_friend), default=None)

    @property
    def referrer(self) -> Money | None:
        """The most that whoever invited gets for one event."""
        return max((each.amount for each in self.earnings if not each.to_friend), default=None)

    @property
    def shared(self) -> str:
        """The offer as a person tells a friend about it, in the active language; empty when there is none."""
        said = {
            (True, True): _("You get %(friend)s and I get %(referrer)s."),
            (True, False): _("You get %(friend)s."),
            (False, True): _("It costs you nothing, and I get %(referrer)s as a thank-you."),
            (False, False): "",
        }[self.friend is not None, self.referrer is not None]
        amounts = {"friend": self.friend, "referrer": self.referrer}
        return said % {name: amount.short() if amount else "" for name, amount in amounts.items()}

    def headline(self, referrer: str) -> str:
        """The offer in a few words, for a picture; empty when there is none."""
        if self.friend is not None:
            return _("%(amount)s for you") % {"amount": self.friend.short()}
        if self.referrer is not None:
            return _("%(amount)s for %(who)s") % {"amount": self.referrer.short(), "who": referrer}
        return ""


def offer(program: Program, *, at: datetime, campaign: Campaign | None = None) -> Offer:
    """What the program promises at a time, in one statement for most programs. Texts in the active language."""
    times = multiplier_bps(campaign, at)
    earnings = tuple(
        Earning(
            to_friend=rule.spec.beneficiary == "referred",
            amount=Money(rule.spec.fixed_minor, program.currency).percent(times),
            after=_after(program, rule.spec),
            conditions=conditions_in_words(rule.spec, program.currency),
            cap=rule.spec.cap_per_participant,
            hold_days=rule.spec.hold_days,
        )
        for rule in published_rules(program.id, at)
    )
    ordered = sorted(earnings, key=lambda each: (not each.to_friend, -each.amount.amount_minor))
    return Offer(tuple(ordered), campaign.ends_at if campaign is not None and times > 10_000 else None)


def _after(program: Program, spec: RuleSpec) -> str:
    kind, _colon, word = spec.trigger.partition(":")
    if kind == "conversion":
        return str(_AFTER.get(word) or _("after “%(event)s”") % {"event": word})
    try:
        stage = pipelines.stage_for_category(program.pipeline_id, word)
    except Stage.DoesNotExist:
        return _("at “%(stage)s”") % {"stage": word}
    return _("at “%(stage)s”") % {"stage": pipelines.stage_label(stage, get_language() or "en")}
