"""What all fields share: the refusal, and text on one line."""

import re
import unicodedata

# Controls, lone surrogates, and the marks that reverse the direction of the text around them.
UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# What a spreadsheet makes of a long number: the last digits are lost.
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+\d+", re.ASCII)


class BadValue(ValueError):
    """A value cannot be stored; `code` is a stable word saying why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def line(value: str, length: int) -> str:
    """The text on one line, composed (NFC), any script and emoji kept. Raises BadValue: long, characters."""
    value = " ".join(value.split())
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if len(value) > length:
        raise BadValue("long")
    if UNWANTED.search(value):
        raise BadValue("characters")
    return value


def whole_number(value: str) -> str:
    """The value, unless a spreadsheet has rounded it. Raises BadValue: scientific."""
    if _SCIENTIFIC.fullmatch(value.strip()):
        raise BadValue("scientific")
    return value
