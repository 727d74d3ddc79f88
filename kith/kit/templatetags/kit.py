"""Template tags and filters of the page frame: icons, amounts, dates, navigation, charts.

Every amount, number and date on a page goes through a filter here, so that one place decides how the
active language writes it. Filters print an en dash for a missing value.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any
from zlib import crc32

import lucide as lucide_icons
from babel.dates import format_date, format_skeleton, format_timedelta, get_datetime_format
from babel.numbers import format_decimal, format_percent
from django import template
from django.conf import settings
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    FileInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.http import QueryDict
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi, gettext

from kith.kit import charts, clock, html
from kith.kit.money import Money
from kith.kit.pagination import COUNTED

register = template.Library()

NOTHING = "–"
# CLDR's plain "en" writes dates the American way; Kith's readers are in Europe.
LOCALES = {"en": "en_GB"}


def locale() -> str:
    """The Babel locale of the active language."""
    language = get_language() or "en"
    return LOCALES.get(language, language.replace("-", "_"))


# --- icons --------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _icon(name: str, size: int, css: str) -> SafeString:
    attributes = {"aria-hidden": "true", "focusable": "false", "class": f"icon {css}".strip()}
    drawing = lucide_icons._render_icon(name, size, **attributes)
    return mark_safe(drawing)  # noqa: S308 - our own drawing out of the lucide package, nothing from outside


@register.simple_tag
def icon(name: str, size: int = 18, css: str = "") -> SafeString:
    """A lucide icon, inline and hidden from assistive technology. An unknown name raises."""
    return _icon(str(name), int(size), str(css))


# --- amounts, numbers, dates --------------------------------------------------------------------------


@register.filter
def money(amount: Any) -> str:
    """A `Money` or an `{amount_minor, currency}` mapping, as the active language writes it."""
    if amount in (None, ""):
        return NOTHING
    if isinstance(amount, Mapping):
        amount = Money(int(amount["amount_minor"]), str(amount["currency"]))
    return str(amount.format(locale()))


@register.filter
def minor(amount_minor: Any, currency: str) -> str:
    """An amount out of a row's two columns: {{ row.total_minor|minor:row.currency }}."""
    return NOTHING if amount_minor is None else money(Money(int(amount_minor), currency))


@register.filter
def number(value: Any) -> str:
    """12345 -> 12,345 or 12.345."""
    return NOTHING if value in (None, "") else format_decimal(value, locale=locale())


@register.filter
def percent(ratio: Any) -> str:
    """0.1842 -> 18.4 percent, with at most one decimal."""
    if ratio in (None, ""):
        return NOTHING
    return str(
        format_percent(
            round(Decimal(str(ratio)), 3), locale=locale(), format=None, decimal_quantization=False
        )
    )


@register.filter
def when(at: datetime | None) -> str:
    """19 Nov 2026, 19:30 in the tenant's time zone."""
    if not at:
        return NOTHING
    local = timezone.localtime(at)
    # Babel's own medium date-time has seconds, which tell nobody anything; its glue is still the right one.
    day_part = format_date(local.date(), "medium", locale=locale())
    time_part = format_skeleton("Hm", local, locale=locale(), tzinfo=local.tzinfo)
    glue = str(get_datetime_format("medium", locale=locale()))
    return glue.replace("{1}", day_part).replace("{0}", time_part)


@register.filter
def ago(at: datetime | None) -> str | SafeString:
    """2 days ago, as a <time> element whose title is the exact moment."""
    if not at:
        return NOTHING
    distance = at - clock.now()
    if abs(distance) < timedelta(seconds=45):
        words = gettext("just now")
    else:
        words = format_timedelta(distance, add_direction=True, locale=locale(), threshold=1)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), when(at), words)


@register.filter
def day(value: date | datetime | None) -> str:
    """19 Nov 2026."""
    if not value:
        return NOTHING
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return _day_in(locale(), value)


@lru_cache(maxsize=4096)
def _day_in(language: str, value: date) -> str:
    return format_date(value, "medium", locale=language)


@register.filter
def month(value: date | datetime | None) -> str:
    """November 2026."""
    if not value:
        return NOTHING
    return format_skeleton("yMMMM", datetime(value.year, value.month, 1), locale=locale())  # noqa: DTZ001


@register.filter
def iso(at: datetime | date | None) -> str:
    """For the datetime attribute of <time>."""
    return at.isoformat() if at else ""


# --- people -------------------------------------------------------------------------------------------


@register.filter
def initials(name: Any) -> str:
    """Sanne de Vries -> SV."""
    words = [word for word in str(name or "").split() if word[:1].isalnum()]
    capitals = [word for word in words if word[:1].isupper()] or words
    if not capitals:
        return "?"
    letters = capitals[0][0] + (capitals[-1][0] if len(capitals) > 1 else capitals[0][1:2])
    return letters.upper()


@register.filter
def first_name(name: Any) -> str:
    """Sanne de Vries -> Sanne."""
    return next(iter(str(name or "").split()), "")


@register.filter
def hue(name: Any) -> str:
    """The avatar colour class h0…h7 of a name: the same name always gets the same one."""
    return f"h{crc32(str(name or '').casefold().encode()) % 8}"


# --- links that keep filters --------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """This page's query string with changes: {% query page=2 %}. None or "" removes a key.

    Unlike Django's own tag it also works inside components, which see no RequestContext.
    """
    wanted = _query_of(context)
    for key, value in changes.items():
        if value in (None, ""):
            wanted.pop(key, None)
        elif isinstance(value, (list, tuple)):
            wanted.setlist(key, [str(each) for each in value])
        else:
            wanted[key] = str(value)
    return "?" + wanted.urlencode()


@register.simple_tag(takes_context=True)
def segment(context: Context, param: str, value: Any) -> str:
    """The query string that sets one filter and returns to the first page: {% segment "status" code %}."""
    return query(context, **{"page": None, "cursor": None, str(param): value})


@register.simple_tag
def page_span(page: Any) -> dict[str, int]:
    """Where a `kit.pagination.Page` stands: first and last row, the pages around it, rows counted."""
    number = page.page or 1
    first = (number - 1) * page.limit
    return {
        "first": first + 1,
        "last": first + len(page.items),
        "before": number - 1,
        "after": number + 1,
        "counted": min(page.total or 0, COUNTED),
    }


@register.simple_tag
def steps(step: Any, of: Any) -> SafeString:
    """The <li> of a progress bar: the first `step` of them are on."""
    return format_html_join("", "<li{}></li>", ((_on(at < int(step)),) for at in range(int(of))))


def _on(yes: bool) -> SafeString:
    return mark_safe(' class="on"' if yes else "")  # noqa: S308 - a constant


@register.simple_tag(takes_context=True)
def keep(context: Context, *without: str) -> SafeString:
    """Hidden inputs for all present query keys but these, so that a GET form keeps the other filters."""
    pairs = [
        (key, value) for key, values in _query_of(context).lists() if key not in without for value in values
    ]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


def _query_of(context: Context) -> QueryDict:
    request = context.get("request")
    return request.GET.copy() if request is not None else QueryDict(mutable=True)


@register.simple_tag(takes_context=True)
def nav_active(context: Context, url: str) -> SafeString:
    """aria-current="page" when this navigation entry is the best match for the page shown."""
    request, frame = context.get("request"), context.get("frame")
    if request is None:
        return SafeString("")
    entries = [item.url for item in frame.nav] if frame else [url]
    # Everything is below the first page, which is therefore only itself.
    home = frame.brand.home_url if frame else ""
    inside = [
        entry
        for entry in entries
        if request.path == entry or (entry != home and request.path.startswith(entry.rstrip("/") + "/"))
    ]
    best = max(inside, key=len, default=None)
    return mark_safe(' aria-current="page"') if best == url else SafeString("")


# --- the frame ----------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """system, light or dark: what the reader chose, kept in a cookie."""
    request = context.get("request")
    chosen = request.COOKIES.get(settings.THEME_COOKIE_NAME, "system") if request is not None else "system"
    return chosen if chosen in html.THEMES else "system"


@register.simple_tag
def direction() -> str:
    """ltr or rtl of the active language."""
    return "rtl" if get_language_bidi() else "ltr"


@register.simple_tag
def page_language() -> str:
    """The active language, for <html lang>; set even where no request is at hand (500 page, e-mail)."""
    return get_language() or "en"


@register.simple_tag(takes_context=True)
def repeat_block(context: Context, name: str) -> SafeString:
    """Print a block a second time: a page writes its title once, the frame shows it in <title> and <h1>."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks is not None else None
    # What a block renders is escaped already; stripped, a SafeString is none any more.
    return SafeString(block.render(context).strip() if block is not None else "")


@register.simple_tag
def spark(values: Any, label: str = "") -> SafeString:
    """A sparkline of the numbers."""
    return charts.sparkline(list(values), label=str(label))


@register.simple_tag
def ring(value: Any, of: Any) -> SafeString:
    """Progress as a ring: 7/10."""
    return charts.ring(float(value), float(of), text=f"{number(value)}/{number(of)}")


# --- form fields --------------------------------------------------------------------------------------


@register.simple_tag
def options(pairs: Iterable[tuple[Any, Any]], value: Any = "") -> SafeString:
    """<option>s of (code, words), both plain text, the one whose code is `value` selected.

    Written here because a loop in a template takes 15 ms for every country there is.
    """
    chosen = str(value)
    written = (
        f'<option value="{escape(str(code))}"{" selected" * (str(code) == chosen)}>{escape(str(words))}</option>'
        for code, words in pairs
    )
    return mark_safe("\n".join(written))  # noqa: S308 - every text in it was escaped a line above


@register.filter
def field_kind(bound: BoundField) -> str:
    """Which control a field is: text, textarea, select, check, checks, radios or file."""
    widget = bound.field.widget
    kinds = (
        (CheckboxSelectMultiple, "checks"),
        (RadioSelect, "radios"),
        (CheckboxInput, "check"),
        (FileInput, "file"),
        (Textarea, "textarea"),
        (Select, "select"),
    )
    return next((kind for widget_class, kind in kinds if isinstance(widget, widget_class)), "text")


CONTROL_CLASS = {
    "text": "input",
    "textarea": "input",
    "select": "input select",
    "file": "input",
    "check": "tick",
}


@register.simple_tag
def control(bound: BoundField, css: str = "") -> SafeString:
    """The field's own widget, with our class and tied to its help text and error for screen readers."""
    described = [
        part_id
        for part_id, there in (
            (f"{bound.auto_id}_help", bound.help_text),
            (f"{bound.auto_id}_error", bound.errors),
        )
        if there
    ]
    attributes: dict[str, Any] = {"class": f"{CONTROL_CLASS.get(field_kind(bound), '')} {css}".strip()}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return bound.as_widget(attrs=attributes)


@register.simple_tag
def digits_of(amount: str) -> str:
    """The pattern of an input that takes the digits of an amount, however signs and separators are typed.

    Cents that are zero may be left out.
    """
    digits = [each for each in amount if each.isdigit()]
    whole = re.search(r"[.,]00\D*$", amount) is not None
    kept, end = (digits[:-2], r"(0\D*0\D*)?") if whole else (digits, "")
    return r"\D*" + "".join(rf"{each}\D*" for each in kept) + end


@register.simple_tag
def form_faults(form: Any) -> list[tuple[str, str, str]]:
    """(id of the control, label, message) of every error, form-wide ones first with an empty id."""
    faults = [("", "", str(message)) for message in form.non_field_errors()]
    for bound in form:
        faults += [
            (bound.id_for_label or bound.auto_id, str(bound.label).rstrip("."), str(each))
            for each in bound.errors
        ]
    return faults
