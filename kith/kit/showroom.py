"""The page that shows every component in each of its states, for those who build pages and for tests."""

from datetime import timedelta

import segno
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kith.kit import charts, clock, html
from kith.kit.errors import NotFound
from kith.kit.money import Money
from kith.kit.pagination import Page

NAMES = ("Sanne de Vries", "Liv Bakker", "Youssef El Amrani", "Tim Hendriks", "Priya Patel")
CLICKS = (16, 18, 22, 15, 18, 33, 32, 24, 24, 23, 25, 26, 27, 34, 27, 27, 24, 25, 30, 27, 38, 37, 33, 34)
BOOKINGS = (2, 3, 0, 4, 1, 2, 2, 1, 4, 4, 0, 4, 0, 3, 5, 5, 5, 5, 1, 2, 3, 4, 6, 4)
LINK = "https://refer.example/r/SANNE234"


class Sample(forms.Form):
    """Fields of every kind; filled with what `WRONG` holds, some show an error."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), help_text=gettext_lazy("Only for this program.")
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    note = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea, required=False)
    terms = forms.BooleanField(label=gettext_lazy("I agree to the terms"))
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), widget=forms.RadioSelect, choices=[("link", "Link"), ("qr", "QR")]
    )


WRONG = {"name": "Sanne de Vries", "email": "sanne@", "language": "nl", "channel": "qr"}


def components(request: HttpRequest) -> HttpResponse:
    """Every component; `?dir=rtl` turns the page around. Raises NotFound where it is not switched on."""
    if not settings.COMPONENTS_PAGE:
        raise NotFound
    return html.page(request, "kit/components.html", {**_figures(), **_lists(), **_choices()})


def _figures() -> dict[str, object]:
    days = [str(number + 1) for number in range(len(CLICKS))]
    series = [charts.Series(_("Clicks"), CLICKS), charts.Series(_("Completed"), BOOKINGS, tone=2)]
    columns = [charts.Series(_("Clicks"), CLICKS[:8])]
    return {
        "spark": CLICKS[4:16], "sunk": BOOKINGS[::-1][:12], "amount": Money(45_000, "EUR"),
        "chart": charts.line(days, series, title=_("Over time")),
        "columns": charts.bar(days[:8], columns, title=_("Clicks")),
        "series": [(1, _("Clicks")), (2, _("Completed"))],
    }  # fmt: skip


def _lists() -> dict[str, object]:
    now = clock.now()
    stages = (
        (_("New"), "info", 1),
        (_("Approved"), "ok", 5),
        (_("Waiting"), "warn", 3),
        (_("Rejected"), "bad", 2),
    )
    rows = [
        {
            "name": name, "email": f"{name.split()[0].lower()}@example.com", "at": now - timedelta(hours=7 * place + 3),
            "stage": stages[place % 4][0], "tone": stages[place % 4][1], "step": stages[place % 4][2],
            "amount": Money(7_500 * (place + 1), "EUR"), "place": place + 1, "figure": 16 - 3 * place,
        }
        for place, name in enumerate(NAMES)
    ]  # fmt: skip
    return {
        "rows": rows, "now": now, "earlier": now - timedelta(hours=3), "day_ago": now - timedelta(days=1),
        "page": Page(items=rows, limit=5, page=2, total=42),
        "link": LINK, "picture": segno.make(LINK, error="m", micro=False).svg_data_uri(scale=8, dark="#0b0f17"),
    }  # fmt: skip


def _choices() -> dict[str, object]:
    people = [(str(place), name) for place, name in enumerate(NAMES)]
    periods = [("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days"))]
    tabs = [("?tab=1", _("Overview"), None), ("?tab=2", _("Referrals"), 41), ("?tab=3", _("Notes"), 0)]
    forms_ = {"plain": Sample(prefix="plain", initial={"channel": "link"}), "wrong": Sample(WRONG)}
    return {**forms_, "people": people, "periods": periods, "tabs": tabs, "trail": [("#", _("People"))]}
