"""A payment list for spreadsheets and banks without SEPA: RFC 4180, UTF-8, safe to open."""

import csv
import io
from collections.abc import Sequence

from kith.payouts.queries import Line

HEADERS = {
    "en": ("reference", "participant", "account holder", "IBAN", "BIC", "amount", "currency"),
    "nl": ("kenmerk", "deelnemer", "rekeninghouder", "IBAN", "BIC", "bedrag", "valuta"),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def write(lines: Sequence[Line], *, language: str) -> bytes:
    """The list with a header in the language (English for unknown ones); amounts with a point, "25.00"."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS.get(language[:2], HEADERS["en"]))
    for line in lines:
        cells = (line.reference, line.name, line.holder, line.iban, line.bic)
        writer.writerow([*map(neutral, cells), line.amount.text, line.amount.currency])
    # The mark at the start is how spreadsheets learn that this is UTF-8.
    return text.getvalue().encode("utf-8-sig")


def neutral(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it: formulas begin with an apostrophe."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text
