"""Attacks by files: small uploads that cost a worker hours or all of its memory; who on the machine reads them."""

import io
import itertools
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from kith.kit.processes import own_data_dir
from kith.participants.actions import reading, unreadable, workbooks

MB = 1 << 20
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEADINGS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>email</t></is></c></row>'
)


def sheet(rows: str = "") -> bytes:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{_HEADINGS}{rows}</sheetData></worksheet>'.encode()


def workbook(
    parts: dict[str, Iterable[bytes]], *, sheet_at: str = "xl/worksheets/sheet1.xml", texts_at: str = ""
) -> io.BytesIO:
    """A workbook whose lists of contents name its parts wherever the attacker put them."""
    kinds = {"xl/workbook.xml": "sheet.main", sheet_at: "worksheet", texts_at: "sharedStrings"}
    named = "".join(
        f'<Override PartName="/{part}" ContentType="{_KIND}.{kind}+xml"/>'
        for part, kind in kinds.items()
        if part
    )
    fixed = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{named}</Types>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="/{sheet_at}"/></Relationships>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in fixed.items():
            archive.writestr(name, content)
        for name, pieces in parts.items():
            with archive.open(name, "w", force_zip64=True) as part:
                for piece in pieces:
                    part.write(piece)
    made.seek(0)
    return made


def read(file: io.BytesIO) -> int:
    return sum(1 for _row in reading.open_sheet(file, region="NL"))


def test_a_workbook_of_our_own_making_is_read() -> None:
    """Or every refusal below would prove nothing."""
    row = '<row r="2"><c r="A2" t="inlineStr"><is><t>Jan</t></is></c></row>'
    assert read(workbook({"xl/worksheets/sheet1.xml": [sheet(row)]})) == 1


@pytest.mark.parametrize("place", ["xl/texts.dat", "xl/worksheets/texts.xml", "xl/media/image1.png", "texts"])
def test_the_table_of_texts_is_bounded_wherever_it_lies(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pass: 0 of 4 names let a table of texts beyond the bound into memory (a gigabyte of it would fit in 4 MB)."""
    monkeypatch.setattr(workbooks, "MOST_TEXTS", MB)
    monkeypatch.setattr(workbooks, "MOST_RATIO", 10_000)
    texts = [b'<sst xmlns="%s">' % _MAIN.encode(), *[b"<si><t>aaaaaaaa</t></si>" * 1000] * 100, b"</sst>"]
    file = workbook({"xl/worksheets/sheet1.xml": [sheet()], place: texts}, texts_at=place)
    with pytest.raises((unreadable.FileTooBigInside, unreadable.FileDamaged)):
        read(file)


@pytest.mark.parametrize("place", ["xl/sheet.dat", "xl/worksheets/sheet1.XML", "sheet"])
def test_no_part_declares_a_document_type_whatever_it_is_called(place: str) -> None:
    """Pass: 0 of 3 names let entities of the attacker's own into a sheet or the table of texts."""
    texts = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><sst xmlns="%s"><si><t>&a;</t></si></sst>'
    with pytest.raises(unreadable.FileDamaged):
        read(
            workbook({"xl/worksheets/sheet1.xml": [sheet()], place: [texts % _MAIN.encode()]}, texts_at=place)
        )
    row = '<row r="2"><c r="A2" t="inlineStr"><is><t>&amp;</t></is></c></row>'
    content = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + sheet(row.replace("&amp;", "&a;&a;"))
    with pytest.raises(unreadable.FileDamaged):
        read(workbook({place: [content]}, sheet_at=place))


def test_rows_that_reach_to_the_last_column_are_bounded() -> None:
    """Pass: 20,000 rows with one cell each, in column 18,278, are refused before 2,000 of them are read.

    Each would be filled up with empty cells: an upload of some megabytes kept a worker busy for a quarter of an hour.
    """
    written = "".join(f'<row r="{n}"><c r="ZZZ{n}"><v>1</v></c></row>' for n in range(2, 20_002))
    file = workbook({"xl/worksheets/sheet1.xml": [sheet(written)]})
    rows = iter(reading.open_sheet(file, region="NL"))
    with pytest.raises(unreadable.FileTooBigInside):
        list(itertools.islice(rows, 2_000))


@pytest.mark.parametrize("name", ["files", "mail"])
def test_nobody_else_on_the_machine_reads_uploads_and_letters(name: str, tmp_path: Path) -> None:
    """Pass: 0 bits for group and others on the folder of customers' lists and on that of letters with links in them,
    also where an earlier version made them. Root's data directory itself can be entered, as PostgreSQL needs it.
    """
    (tmp_path / name).mkdir(mode=0o755)
    for folder in (tmp_path, tmp_path / "new"):
        inside = own_data_dir(folder) / name
        assert stat.S_IMODE(inside.stat().st_mode) & 0o077 == 0
