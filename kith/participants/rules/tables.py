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
MOST_COLUMNS = 500

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
# Columns of an export beside those above. A file with all of them is one: they change nothing,
# and its column “extra” holds the kept columns.
_OURS = frozenset(
    [
        "status",
        "code",
        "referredbycode",
        "emailverifiedat",
        "lastloginat",
        "source",
        "createdat",
        "updatedat",
        "id",
    ]
)
# What a spreadsheet shows where a formula went wrong.
_CELL_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#N/B", "#VERW!")
)
_BLANKS = "\u200b\u200e\u200f\u2060\ufeff"
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
    """What the heading line says: per column its heading and its field; None if unknown, empty if never read.

    With `keep`, columns that mean nothing here are stored as they are. Phones without a country are read in
    `region`; `month_first` reads 3/2/2026 as the second of March.
    """

    headings: tuple[str, ...]
    fields: tuple[str | None, ...]
    keep: bool = False
    region: str = ""
    month_first: bool = False

    @property
    def others(self) -> list[str]:
        """Headings that mean nothing here."""
        return [
            heading
            for heading, field in zip(self.headings, self.fields, strict=True)
            if field is None and heading
        ]

    def heading(self, field: str) -> str:
        """The heading the file uses for a field; the field's own name when it has none."""
        return self.headings[self.fields.index(field)] if field in self.fields else field


def split_headings(line: str) -> tuple[str, list[str]]:
    """The separator with which most headings are known, and the headings. `line` may span several."""
    found = [(mark, next(csv.reader(line.splitlines(True), delimiter=mark), [])) for mark in DELIMITERS]
    return max(found, key=lambda pair: (sum(_key(cell) in _FIELD_OF for cell in pair[1]), len(pair[1])))


def find_layout(
    headings: Sequence[str], *, keep: bool = False, region: str = "", month_first: bool = False
) -> Layout:
    """Recognize the columns. Raises BadTable: no_name, no_key, column_twice, too_many_columns."""
    cleaned = [plain(_bare(heading)) for heading in headings]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    if len(cleaned) > MOST_COLUMNS:
        raise BadTable("too_many_columns", most=str(MOST_COLUMNS))
    keys = [_key(heading) for heading in cleaned]
    ours = {**dict.fromkeys(_OURS, ""), "extra": "extra"} if _OURS.issubset(keys) else {}
    found = tuple(_FIELD_OF.get(key, ours.get(key)) for key in keys)
    layout = Layout(tuple(cleaned), found, keep, region, month_first)
    meanings = [field or (heading if keep else None) for heading, field in zip(cleaned, found, strict=True)]
    for place, meaning in enumerate(meanings):
        if meaning and meaning in meanings[:place]:
            first = meanings.index(meaning)
            raise BadTable(
                "column_twice", first=cleaned[first], first_place=str(first + 1), second=cleaned[place],
                second_place=str(place + 1),
            )  # fmt: skip
    if "name" not in found and "last_name" not in found:
        raise BadTable("no_name", headings=_shown(cleaned))
    if "email" not in found and "external_id" not in found:
        raise BadTable("no_key", headings=_shown(cleaned))
    return layout


def _key(heading: str) -> str:
    """A heading without case, accents, spaces and punctuation."""
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", heading) if not unicodedata.combining(mark))
    return re.sub(r"[\W_]+", "", bare.casefold())


def _bare(cell: str) -> str:
    """The cell without blanks around it, those that nobody sees included."""
    return cell.strip().strip(_BLANKS).strip()


def _shown(headings: Sequence[str]) -> str:
    return ", ".join(heading[:40] for heading in headings[:10])


def check_row(layout: Layout, cells: Sequence[str], *, line: int) -> dict[str, Any] | list[BadRow]:
    """The stored forms of the filled cells, or every reason against the row.

    An empty cell says nothing: it is left out, so that it does not wipe out what is known.
    """
    if len(cells) > len(layout.fields) and any(cell.strip() for cell in cells[len(layout.fields) :]):
        value = next(cell for cell in cells[len(layout.fields) :] if cell.strip())
        return [BadRow(line, "", value, "too_many_cells")]
    written: dict[str, str] = {}
    kept: dict[str, str] = {}
    wrong: list[BadRow] = []
    for heading, field, cell in zip(layout.headings, layout.fields, cells, strict=False):
        bare = cell and plain(_bare(cell))
        if not bare or field == "" or not (field or (layout.keep and heading)):
            continue
        if bare in _CELL_ERRORS:
            wrong.append(BadRow(line, heading, bare, "cell_error"))
        elif field:
            written[field] = bare
        else:
            kept[heading] = bare
    return wrong or _checked(layout, _with_whole_name(written), kept, line)


def _checked(
    layout: Layout, named: dict[str, Any], kept: Mapping[str, str], line: int
) -> dict[str, Any] | list[BadRow]:
    checked = fields.check(named, region=layout.region, month_first=layout.month_first)
    bad = [
        BadRow(
            line, layout.heading(field if field in layout.fields else "last_name"), named.get(field, ""), word
        )
        for field, word in checked.problems.items()
    ]
    for heading, text in kept.items():
        found = fields.check({"extra": {heading: text}})
        bad += [BadRow(line, heading, text, word) for word in found.problems.values()]
        if found.values:
            checked.values["extra"] = {**checked.values.get("extra", {}), **found.values["extra"]}
    if "email" not in named and "external_id" not in named:
        key = "email" if "email" in layout.fields else "external_id"
        bad.append(BadRow(line, layout.heading(key), "", "key_missing"))
    return bad or checked.values


def _with_whole_name(written: Mapping[str, str]) -> dict[str, str]:
    values = {field: value for field, value in written.items() if field not in ("first_name", "last_name")}
    parts = (written.get("first_name", ""), written.get("last_name", ""))
    values.setdefault("name", " ".join(part for part in parts if part))
    return values
