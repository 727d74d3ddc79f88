"""A payment list for spreadsheets and banks without SEPA: RFC 4180, UTF-8, safe to open."""

from collections.abc import Sequence

from kith.kit import tables
from kith.payouts.queries import Line

HEADERS = {
    "en": ("reference", "participant", "account holder", "IBAN", "BIC", "amount", "currency"),
    "nl": ("kenmerk", "deelnemer", "rekeninghouder", "IBAN", "BIC", "bedrag", "valuta"),
}


def write(lines: Sequence[Line], *, language: str) -> bytes:
    """The list with a header in the language (English for unknown ones); amounts with a point, "25.00"."""
    header = HEADERS.get(language[:2], HEADERS["en"])
    rows = (dict(zip(header, _cells(line), strict=True)) for line in lines)
    return b"".join(tables.as_csv(header, rows))


def _cells(line: Line) -> tuple[str, ...]:
    amount = line.amount
    return line.reference, line.name, line.holder, line.iban, line.bic, amount.text, amount.currency
