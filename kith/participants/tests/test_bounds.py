"""Files made to fill memory or disk are refused before they do; large honest ones are read in little memory."""

import io
import itertools
import tracemalloc
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import TooLarge
from kith.participants import actions
from kith.participants.actions import reading, texts, unreadable, workbooks
from kith.participants.tests.factories import AT
from kith.participants.tests.test_import import bring_in, people

MB = 1 << 20


def changed(part, content):
    """A workbook with one part replaced, without that part in memory."""
    book, file = io.BytesIO(), io.BytesIO()
    made = openpyxl.Workbook()
    made.active.append(["name", "email"])
    made.save(book)
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        with new.open(part, "w") as into:
            for piece in content:
                into.write(piece)
    return file


BILLION = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
    + b"&a;" * 999
    + b'"><!ENTITY c "'
    + b"&b;" * 999
    + b'">]><x>&c;</x>'
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("part", "content", "refusal"),
    [
        ("xl/worksheets/sheet1.xml", [b" " * MB] * 20, unreadable.FileTooBigInside),
        ("xl/theme/theme1.xml", [bytes(range(256)) * 4096] * 17, unreadable.FileTooBigInside),
        ("xl/sharedStrings.xml", [bytes(range(256)) * 4096] * 129, unreadable.FileTooBigInside),
        ("xl/styles.xml", [BILLION], unreadable.FileDamaged),
        ("xl/worksheets/sheet1.xml", [OUTSIDE], unreadable.FileDamaged),
        ("xl/worksheets/sheet1.xml", [b"<!-- x -->" * 9000, BILLION], unreadable.FileDamaged),
        ("xl/workbook.xml", [OUTSIDE.decode().encode("utf-16")], unreadable.FileDamaged),
        ("xl/worksheets/sheet1.xml", [b"no xml"], unreadable.FileDamaged),
    ],
)
def test_a_workbook_that_grows_is_refused_while_it_is_small(part, content, refusal):
    file = changed(part, content)
    tracemalloc.start()
    with pytest.raises(refusal):
        list(reading.open_sheet(file, region="NL"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MB


def test_a_row_far_below_the_others_ends_the_reading(monkeypatch):
    monkeypatch.setattr(workbooks, "_MOST_ROWS", 1000)
    far = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
    row = b'<row r="%d"><c r="A%d" t="str"><v>name</v></c><c r="B%d" t="str"><v>email</v></c></row>'
    content = far % (row % (1, 1, 1) + row % (9_999_999, 9_999_999, 9_999_999))
    with pytest.raises(unreadable.FileDamaged):
        list(reading.open_sheet(changed("xl/worksheets/sheet1.xml", [content]), region="NL"))


def test_a_gigabyte_that_is_one_line_is_refused_without_being_held(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"name,email\n" + b"x" * 5000)
        file.truncate(1 << 30)
    tracemalloc.start()
    with path.open("rb") as file, pytest.raises(unreadable.LineTooLong):
        list(reading.open_sheet(file, region="NL"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 * MB


def test_rows_are_held_one_by_one(tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(b"name,email\n" + b"Jan,jan@example.com\n" * 120_000)
    with path.open("rb") as file:
        rows = iter(reading.open_sheet(file, region="NL"))
        next(rows)
        tracemalloc.start()
        read = sum(1 for _row in itertools.islice(rows, 10_000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert read == 10_000
    assert peak < 3 * MB


def test_an_upload_beyond_the_limit_is_refused_by_its_size(acme, settings):
    settings.MAX_UPLOAD_BYTES = 1000
    with tenancy.use(acme.id), pytest.raises(TooLarge):
        actions.request_import(
            file=SimpleUploadedFile("x.csv", b"x" * 1001), mode="all-or-nothing", actor=SYSTEM, now=AT
        )


def test_a_bad_byte_at_the_end_of_the_file_leaves_nothing_half_done(acme):
    rows = "".join(f"N{n},n{n}@example.com\n" for n in range(6000))
    with pytest.raises(unreadable.QuoteNotClosed):
        bring_in(acme, "name,email\n" + rows + '"' + "x\n" * texts.LONGEST_LINE, "skip-bad-rows")
    assert people(acme) == {}
