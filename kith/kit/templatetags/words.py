"""Template filters for stored words: a code said in words, and an address that may break between lines."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from babel import Locale
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from kith.kit.templatetags.kit import locale

register = template.Library()

SHORT = 160
# By what people and referrals came in, and where consent was given.
ORIGINS: Mapping[str, Any] = {
    "console": _("By hand"),
    "import": _("Imported"),
    "api": _("Your own system"),
    "landing": _("Landing page"),
    "public": _("Signed up"),
    "site": _("Your own website"),
    "portal": _("The portal"),
    "letter": _("A link in an e-mail"),
    "merge": _("Merged"),
}


@register.filter
def origin(code: str) -> Any:
    """landing -> Landing page; a code that is nobody's word stays as it is."""
    return ORIGINS.get(code, code)


@register.filter
def country(code: str) -> str:
    """NL -> Netherlands or Nederland, as the active language names it."""
    return str(Locale.parse(locale()).territories.get(code, code))


@register.filter
def tongue(code: str) -> str:
    """nl -> Dutch or Nederlands, as the active language names it."""
    named = str(Locale.parse(locale()).languages.get(code.replace("-", "_"), code))
    return named[:1].upper() + named[1:]


@register.filter
def folded(text: str) -> str | SafeString:
    """A long text behind its beginning, to be opened; a short one as it is."""
    if len(text) <= SHORT:
        return text
    return format_html("<details><summary>{}…</summary>{}</details>", text[: SHORT // 2], text)


@register.filter
def address(email: Any) -> SafeString:
    """An e-mail address that breaks between lines after @ and dots rather than within a word."""
    return mark_safe(re.sub(r"([@.])(?=.)", r"\1<wbr>", escape(str(email or ""))))  # noqa: S308 - escaped here
