"""What text may hold, wherever people or programs send it from.

What cannot be seen is taken out: zero-width characters and the marks that turn the direction of writing,
which come along when people copy, and let one name pass for another. Line breaks become spaces in all
fields but those of several lines. Control characters, lone surrogates and what is no character at all are
refused. Joiners stay, since Persian, Indic scripts and emoji are written with them.
"""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Malformed

DEEPEST = 20
"""Levels of lists and objects inside one another; what Kith takes has at most half as many."""

LARGEST = 2**63
"""No number counts further, either way: it is what a column holds."""

SEVERAL_LINES = frozenset({"landing", "reason", "text"})
"""Fields in which people write paragraphs."""

_BREAKS = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_REFUSED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class BadCharacter(Malformed):
    """A character that no text may hold; the field is named."""

    message = _("Remove the character %(character)s, which cannot be stored.")


class TooDeep(Malformed):
    """Lists or objects inside one another beyond what anything here needs."""

    message = _("Lists and objects may lie inside one another %(levels)s levels deep.")


class BadNumber(Malformed):
    """A number that no column could hold; the field is named."""

    message = _("Write a smaller number.")


def cleaned(value: Any, *path: str) -> Any:
    """A JSON value with its texts as they may be stored; `path` names where it stands.

    Raises BadCharacter and BadNumber naming the field, and TooDeep.
    """
    if isinstance(value, str):
        return line(value, *path)
    if isinstance(value, (int, float)) and not -LARGEST <= value < LARGEST:
        raise BadNumber(fields={named(*path): BadNumber.message})
    if isinstance(value, (dict, list)) and len(path) >= DEEPEST:
        raise TooDeep(levels=DEEPEST)
    if isinstance(value, dict):
        return {_name(name, *path): cleaned(each, *path, name) for name, each in value.items()}
    if isinstance(value, list):
        return [cleaned(each, *path, str(number)) for number, each in enumerate(value)]
    return value


def _name(value: str, *path: str) -> str:
    """The name of a field as it is: two that look the same must not become one."""
    if not value.isprintable():
        raise BadCharacter(fields={named(*path, value): _("Names of fields have visible characters only.")})
    return value


def line(value: str, *path: str) -> str:
    """The text as it may be stored in the field at `path`. Raises BadCharacter naming it."""
    if value.isprintable():
        return value
    refuse(value, *path)
    apart = "\n" if SEVERAL_LINES.intersection(path) else " "
    return _UNSEEN.sub("", _BREAKS.sub(apart, value))


def refuse(value: str, *path: str) -> None:
    """Raises BadCharacter naming the field when the text holds what cannot be stored."""
    found = _REFUSED.search(value.replace("\x85", " "))
    if found is not None:
        error = BadCharacter(character=f"U+{ord(found[0]):04X}")
        error.fields[named(*path)] = error.text
        raise error


def named(*path: str) -> str:
    """How an answer names the field, whatever its name was made of."""
    return ".".join(each.encode("ascii", "backslashreplace").decode() for each in path) or "body"
