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
KEEP, LEAVE_OUT = "keep", "ignore"
"""What a mapping may say of a column besides a field: store it as it is, or never read it."""

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
TARGETS = (*_HEADINGS, KEEP, LEAVE_OUT)
"""Everything a column may be mapped to."""
# What is wrong with a row, in the file of rows to repair, which is imported again as it is.
REMEDY_HEADING = "kith_remedy"


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
    left_out: tuple[str, ...] = ()
    """Headings of columns that a mapping leaves out."""

    @property
    def others(self) -> list[str]:
        """Headings that mean nothing here."""
        return [
            heading
            for heading, field in zip(self.headings, self.fields, strict=True)
            if field is None and heading
        ]

    @property
    def ignored(self) -> list[str]:
        """Headings of columns that are not read, though they hold something of the organization's."""
        return [*self.left_out, *([] if self.keep else self.others)]

    @property
    def meanings(self) -> list[str]:
        """What becomes of each column, as a mapping says it."""
        unknown = KEEP if self.keep else LEAVE_OUT
        return [unknown if field is None else field or LEAVE_OUT for field in self.fields]

    def heading(self, field: str) -> str:
        """The heading the file uses for a field; the field's own name when it has none."""
        return self.headings[self.fields.index(field)] if field in self.fields else field


def split_headings(line: str) -> tuple[str, list[str]]:
    """The separator with which most headings are known, and the headings. `line` may span several."""
    found = [(mark, next(csv.reader(line.splitlines(True), delimiter=mark), [])) for mark in DELIMITERS]
    return max(found, key=lambda pair: (sum(_key(cell) in _FIELD_OF for cell in pair[1]), len(pair[1])))


def find_layout(
    headings: Sequence[str],
    *,
    keep: bool = False,
    region: str = "",
    month_first: bool = False,
    mapping: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Layout:
    """Recognize the columns, or take them as the `mapping` says: heading, or `#3` for the third, to a target.

    Columns that it does not name are recognized as ever. Raises BadTable: no_name, no_key, column_twice,
    no_such_column, no_such_target, too_many_columns; a `lenient` look only the last three.
    """
    cleaned = [plain(_bare(heading)) for heading in headings]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    if len(cleaned) > MOST_COLUMNS:
        raise BadTable("too_many_columns", most=str(MOST_COLUMNS))
    keys = [_key(heading) for heading in cleaned]
    ours = {**dict.fromkeys(_OURS, ""), "extra": "extra"} if _OURS.issubset(keys) else {}
    ours[_key(REMEDY_HEADING)] = ""
    found = [_FIELD_OF.get(key, ours.get(key)) for key in keys]
    wanted = _wanted(cleaned, mapping or {})
    for place, target in wanted.items():
        found[place] = {KEEP: None, LEAVE_OUT: ""}.get(target, target)
    if KEEP in wanted.values() and not keep:  # then only what is named is kept
        keep = True
        found = ["" if field is None and place not in wanted else field for place, field in enumerate(found)]
    left_out = tuple(
        heading
        for heading, field, key in zip(cleaned, found, keys, strict=True)
        if heading and field == "" and key not in ours
    )
    layout = Layout(tuple(cleaned), tuple(found), keep, region, month_first, left_out)
    if not lenient:
        _refuse(layout)
    return layout


def _refuse(layout: Layout) -> None:
    meanings = [
        field or (heading if layout.keep and field is None else None)
        for heading, field in zip(layout.headings, layout.fields, strict=True)
    ]
    for place, meaning in enumerate(meanings):
        if meaning and meaning in meanings[:place]:
            first = meanings.index(meaning)
            raise BadTable(
                "column_twice", first=layout.headings[first], first_place=str(first + 1),
                second=layout.headings[place], second_place=str(place + 1),
            )  # fmt: skip
    if "name" not in layout.fields and "last_name" not in layout.fields:
        raise BadTable("no_name", headings=_shown(layout.headings))
    if "email" not in layout.fields and "external_id" not in layout.fields:
        raise BadTable("no_key", headings=_shown(layout.headings))


def _wanted(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[int, str]:
    """Place of a column -> what it is mapped to."""
    wanted = {}
    for name, target in mapping.items():
        if target not in TARGETS:
            raise BadTable("no_such_target", target=target[:40], targets=", ".join(TARGETS))
        by_place = re.fullmatch(r"#(\d{1,4})", name, re.ASCII)
        places = (
            [int(by_place[1]) - 1]
            if by_place
            else [place for place, heading in enumerate(headings) if heading == name.strip()]
        )
        if not places or not 0 <= places[0] < len(headings):
            raise BadTable("no_such_column", column=name[:40], headings=_shown(headings))
        wanted.update(dict.fromkeys(places, target))
    return wanted


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
