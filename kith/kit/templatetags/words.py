"""Template filters that say a stored code in words: where something came from, a country, a language."""

from collections.abc import Mapping
from typing import Any

from babel import Locale
from django import template
from django.utils.translation import gettext_lazy as _

from kith.kit.templatetags.kit import locale

register = template.Library()

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
