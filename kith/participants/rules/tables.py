"""Reading customers from a table as spreadsheets save it: which column is which field, and each row checked."""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kith.kit.tables import plain
from kith.participants.rules import fields

DELIMITERS = ",;\t|"

# Headings in English and Dutch, without case, spaces and punctuation.
_HEADINGS: dict[str, str] = {
    "name": "name fullname customername customer client participant naam volledigenaam klantnaam klant",
    "first_name": "firstname givenname voornaam",
    "last_name": "lastname surname familyname achternaam familienaam",
    "email": "email emailaddress mail mailaddress emailadres mailadres",
    "phone": "phone phonenumber telephone telephonenumber mobile mobilenumber tel telefoon telefoonnummer mobiel"
    " mobielnummer gsm",
    "external_id": "externalid bebsycustomerid customerid customernumber customerno clientid clientnumber klantnummer"
    " klantid klantnr relatienummer debiteurnummer",
    "country": "country countrycode land landcode",
    "language": "language locale lang taal taalcode",
    "timezone": "timezone tz tijdzone",
    "kind": "kind type participanttype soort klanttype",
    "picture_url": "pictureurl picture photo photourl avatar avatarurl foto afbeelding",
    "visa_number": "visanumber visano visumnummer",
    "visa_stage": "visastage visastatus visumfase visumstatus",
    "visa_type": "visatype visumtype visumsoort",
    "application_on": "applicationon applicationdate dateofapplication aanvraagdatum datumaanvraag",
}
_FIELD_OF = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split()}


class BadTable(ValueError):
    """The file cannot be read as a table of customers; `code` is a stable word, `details` fill its sentence."""

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.code, self.details = code, details


@dataclass(frozen=True, slots=True)
class BadRow:
    """One cell that keeps a row out: line in the file, heading as written, the cell, a word for the remedy."""

    line: int
    column: str
    value: str
    code: str
    other_line: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """What the first line says: the separator, and per column its heading and its field, if known."""

    delimiter: str
    headings: tuple[str, ...]
    fields: tuple[str | None, ...]

    @property
    def ignored(self) -> list[str]:
        """Headings that mean nothing here."""
        return [
            heading
            for heading, field in zip(self.headings, self.fields, strict=True)
            if not field and heading
        ]

    def heading(self, field: str) -> str:
        """The heading the file uses for a field; the field's own name when it has none."""
        return self.headings[self.fields.index(field)] if field in self.fields else field


def find_layout(first_line: str) -> Layout:
    """Recognize separator and columns. Raises BadTable: no_name, no_key, column_twice.

    The separator is the one with which most headings are known.
    """
    layouts = [_layout(first_line, delimiter) for delimiter in DELIMITERS]
    best = max(
        layouts, key=lambda layout: (len([field for field in layout.fields if field]), len(layout.fields))
    )
    known = [field for field in best.fields if field]
    for field in known:
        if known.count(field) > 1:
            raise BadTable("column_twice", column=best.heading(field))
    if "name" not in known and "last_name" not in known:
        raise BadTable("no_name", headings=_shown(best.headings))
    if "email" not in known and "external_id" not in known:
        raise BadTable("no_key", headings=_shown(best.headings))
    return best


def _layout(first_line: str, delimiter: str) -> Layout:
    headings = tuple(plain(cell.strip()) for cell in next(csv.reader([first_line], delimiter=delimiter), []))
    return Layout(delimiter, headings, tuple(_FIELD_OF.get(_key(heading)) for heading in headings))


def _key(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", heading).casefold())


def _shown(headings: Sequence[str]) -> str:
    return ", ".join(heading[:40] for heading in headings[:10])


def check_row(
    layout: Layout, cells: Sequence[str], *, line: int, region: str
) -> dict[str, Any] | list[BadRow]:
    """The stored forms of the filled cells, or every reason against the row.

    An empty cell says nothing: it is left out, so that it does not wipe out what is known.
    """
    if len(cells) > len(layout.fields) and any(cell.strip() for cell in cells[len(layout.fields) :]):
        return [BadRow(line, "", cells[len(layout.fields)], "too_many_cells")]
    written = {
        field: plain(cell)
        for field, cell in zip(layout.fields, cells, strict=False)
        if field and cell.strip()
    }
    named = _with_whole_name(written)
    checked = fields.check(named, region=region)
    bad = [
        BadRow(
            line, layout.heading(field if field in layout.fields else "last_name"), named.get(field, ""), word
        )
        for field, word in checked.problems.items()
    ]
    if "email" not in named and "external_id" not in named:
        key = "email" if "email" in layout.fields else "external_id"
        bad.append(BadRow(line, layout.heading(key), "", "key_missing"))
    return bad or checked.values


def _with_whole_name(written: Mapping[str, str]) -> dict[str, str]:
    values = {field: value for field, value in written.items() if field not in ("first_name", "last_name")}
    parts = (written.get("first_name", ""), written.get("last_name", ""))
    values.setdefault("name", " ".join(part for part in parts if part))
    return values
