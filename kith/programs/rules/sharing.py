"""Messages that people share: per channel and language, with places that Kith fills in."""

import re
from collections.abc import Mapping

CHANNELS: Mapping[str, int] = {
    "whatsapp": 700,
    "email_subject": 120,
    "email": 2000,
    "sms": 320,
    "copy": 500,
}
"""Part of a message -> how long it may be."""

PLACEHOLDERS = ("name", "link", "offer", "organization")
_PLACE = re.compile(r"\{([^{}]*)\}")


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is no placeholder, braces that match nothing included."""
    found = [f"{{{word}}}" for word in _PLACE.findall(text) if word not in PLACEHOLDERS]
    return found + re.findall(r"[{}]", _PLACE.sub("", text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; lines that end up empty twice in a row are closed up."""
    known = _PLACE.sub(lambda found: values.get(found[1], found[0]), text)
    closed = re.sub(r"[ \t]{2,}", " ", known)
    return re.sub(r"\n{3,}", "\n\n", closed).strip()
