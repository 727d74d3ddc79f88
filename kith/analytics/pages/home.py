"""The first page of the console: what waits, the figures of a period, and what happened."""

import datetime
from collections.abc import Callable
from typing import Any

from babel.dates import format_timedelta
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kith.analytics import queries, rules
from kith.analytics.pages.news import lines as news_lines
from kith.analytics.pages.places import address
from kith.kit import charts, clock, html
from kith.kit.errors import Invalid
from kith.kit.money import Money
from kith.kit.templatetags.kit import day, locale, money, month, number, percent
from kith.tenants.access import requires
from kith.tenants.queries import current_tenant, label

PERIODS = (
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("12 months")),
)


@requires("analytics.view")
def dashboard(request: Any, tenant: str) -> HttpResponse:
    """What waits for this member, figures against the period before, the way from click to booking, what happened."""
    chosen = request.GET.get("days", "30")
    if chosen not in dict(PERIODS):
        raise Invalid(fields={"days": _("Choose one of the periods.")})
    found = queries.dashboard(int(chosen))
    health = queries.health(found.totals, found.before, found.period, found.currency)
    latest = queries.news(request.actor, limit=5, own=True)
    context = {
        "board": found, "days": chosen, "periods": PERIODS, "figures": _figures(found), "chart": _chart(found),
        "funnel": _funnel(found), "hello": _hello(),
        "tasks": [(task, address(tenant, task.target)) for task in queries.tasks(request.actor)],
        "health": health, "deciding": _long(health.deciding), "latest": news_lines(tenant, latest),
        "legend": [(1, _("Referrals")), (2, _("Completed"))],
        "is_new": not (found.top or found.totals.referrals or found.totals.clicks),
    }  # fmt: skip
    return html.page(request, "analytics/dashboard.html", context)


def _hello() -> str:
    """A greeting by the organization's clock."""
    hour = timezone.localtime(clock.now()).hour
    if hour < 12:
        return _("Good morning")
    return _("Good afternoon") if hour < 18 else _("Good evening")


def _long(time: datetime.timedelta | None) -> str:
    """A length of time in its largest unit."""
    return "–" if time is None else format_timedelta(time, locale=locale(), threshold=1)


# --- figures ------------------------------------------------------------------------------------------


def _figures(found: queries.Dashboard) -> list[dict[str, Any]]:
    """Four figures with their change and their line over the period."""

    def amount(minor: int) -> str:
        return money(Money(minor, found.currency))

    now, before = found.totals, found.before
    lines = rules.grouped(found.series, found.period.days)
    return [
        _figure(_("Referrals"), "inbox", now.referrals, before.referrals, number, lines, "referrals"),
        _figure(_("Completed"), "check-check", now.completed, before.completed, number, lines, "completed"),
        _figure(
            _("Revenue"), "shopping-bag", now.net_revenue_minor, before.net_revenue_minor, amount, lines,
            "revenue_minor",
        ),
        _figure(_("Rewards"), "gift", now.net_reward_minor, before.net_reward_minor, amount, lines, "reward_minor"),
    ]  # fmt: skip


def _figure(
    label: str,
    icon: str,
    now: int,
    before: int,
    write: Callable[[Any], str],
    lines: list[dict[str, Any]],
    name: str,
) -> dict[str, Any]:
    change = rules.change(now, before)
    tone = "" if not change else ("ok" if change > 0 else "bad")
    sign = "+" if change and change > 0 else ""
    return {
        "label": label, "icon": icon, "number": write(now), "tone": "" if name == "reward_minor" else tone,
        "delta": f"{sign}{percent(change)}" if change is not None else "",
        "note": _("on the period before") if change is not None else _("no figures before"),
        "spark": [line[name] for line in lines],
    }  # fmt: skip


def _chart(found: queries.Dashboard) -> Any:
    lines = rules.grouped(found.series, found.period.days)
    label = month if found.period.days > rules.BY_WEEK else day
    return charts.line(
        [_short(label(line["day"])) for line in lines],
        [
            charts.Series(_("Referrals"), [line["referrals"] for line in lines], 1),
            charts.Series(_("Completed"), [line["completed"] for line in lines], 2),
        ],
        title=_("Referrals and completed referrals over time"),
    )


def _short(words: str) -> str:
    """Without the year, which the heading of the card says."""
    return words.rsplit(" ", 1)[0]


def _funnel(found: queries.Dashboard) -> list[dict[str, Any]]:
    """From click to reward; each step with its share of the one before."""
    now = found.totals
    steps = [
        (_("Clicks"), now.clicks), (_("Visitors"), now.visitors), (_("Referrals"), now.referrals),
        (label(current_tenant(), "conversion", get_language() or "en", _("Conversion")), now.conversions),
        (_("Completed"), now.completed),
    ]  # fmt: skip
    largest = max(count for _words, count in steps) or 1
    shown = []
    for place, (words, count) in enumerate(steps):
        earlier = steps[place - 1][1] if place else 0
        share = percent(count / earlier) if 0 < count <= earlier else ""
        shown.append({"label": words, "count": count, "share": share, "of": largest})
    return shown
