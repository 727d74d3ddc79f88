"""Files as people have them, made on the spot: each is imported whole, or refused with its remedy."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from kith.kit import tenancy
from kith.kit.errors import Invalid
from kith.participants import rules
from kith.participants.actions import texts, unreadable
from kith.participants.models import Participant
from kith.participants.tests.test_import import bring_in, error_rows, people

HEAD = ["Klantnummer", "Naam", "E-mailadres", "Telefoon", "Datum aanvraag"]
ROW = ["00012", "Zoë de Vries", "zoe@example.com", "06 12345678", "03-02-2026"]


def lines(*rows, delimiter=",", end="\r\n"):
    return end.join(delimiter.join(row) for row in rows) + end


def workbook(*rows, change=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def reason(tenant, content, **how):
    """The one remedy that an import with one bad row gives."""
    done = bring_in(tenant, content, "skip-bad-rows", **how)
    assert done.counts["bad"] == 1, done
    (row,) = error_rows(tenant, done.error_file)
    return row


def the_one(tenant):
    (row,) = people(tenant).values()
    return row


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)  # fmt: skip
def test_every_usual_text_says_the_same(acme, encoding, delimiter, end):
    bring_in(acme, lines(HEAD, ROW, delimiter=delimiter, end=end).encode(encoding))
    row = the_one(acme)
    assert (row["name"], row["external_id"], row["phone"]) == ("Zoë de Vries", "00012", "+31612345678")
    assert row["application_on"] == datetime.date(2026, 2, 3)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_names_of_any_script_arrive_as_they_are(acme, encoding):
    names = ["王小明", "محمد بن علي", "Ирина Соколова", "नेहा शर्मा", "Ola 🎈", "Nguyễn Văn A", "יעל כהן"]
    rows = [[f"C{n}", name] for n, name in enumerate(names)]
    bring_in(acme, lines(["customer id", "name"], *rows).encode(encoding))
    with tenancy.use(acme.id):
        assert list(Participant.objects.order_by("external_id").values_list("name", flat=True)) == names


def test_quotes_hold_separators_line_ends_and_quotes(acme):
    text = 'sep=;\r\n"Full\nname";"E mail"\r\n\r\n"Jan ""J"";\r\nJansen";jan@example.com\r\n;;\r\n'
    bring_in(acme, text.encode())
    assert the_one(acme)["name"] == 'Jan "J"; Jansen'


def test_rows_shorter_and_longer_than_the_heading(acme):
    text = "name,email,phone,,\nJan,jan@example.com\nAnna,anna@example.com,,,,,\nEli,eli@example.com,,,,x\n,,,,\n"
    row = reason(acme, text)
    assert (row["line"], row["value"]) == ("4", "x")
    assert people(acme).keys() == {"jan@example.com", "anna@example.com"}


def test_two_hundred_columns_are_kept_or_left_out_by_choice(acme):
    others = [f"Vraag {n}" for n in range(198)]
    content = lines(["naam", "email", *others], ["Jan", "jan@example.com", *map(str, range(198))]).encode()
    left = bring_in(acme, content)
    assert left.reading == {"columns_ignored": others}
    assert the_one(acme)["extra"] == {}
    kept = bring_in(acme, content, keep_columns=True)
    assert (kept.counts["updated"], kept.reading) == (1, {"columns_kept": others})
    assert the_one(acme)["extra"] == {f"Vraag {n}": str(n) for n in range(198)}
    assert bring_in(acme, content, keep_columns=True).counts["unchanged"] == 1
    bring_in(acme, b"naam,email,Vraag 1,Nieuw\nJan,jan@example.com,anders,ja\n", keep_columns=True)
    assert the_one(acme)["extra"] == {f"Vraag {n}": str(n) for n in range(198)} | {
        "Vraag 1": "anders",
        "Nieuw": "ja",
    }


def test_kept_columns_are_in_the_trail_as_digests_only(acme):
    from kith.audit.models import AuditEntry

    bring_in(acme, b"name,email,diet\nJan,jan@example.com,plumcake\n", keep_columns=True)
    with tenancy.use(acme.id):
        (entry,) = AuditEntry.objects.filter(tenant_id=acme.id, table_name="participants_participant")
    assert entry.diff["extra"].startswith("digest:")


@pytest.mark.parametrize(
    ("heading", "keep", "named"),
    [
        ("E-mail,Naam,e_mailadres", False, ("1", "E-mail", "3", "e_mailadres")),
        ("naam,email,Dieet,Dieet", True, ("3", "Dieet", "4", "Dieet")),
    ],
)
def test_a_heading_twice_is_refused_with_both_columns(acme, heading, keep, named):
    with pytest.raises(unreadable.ColumnTwice) as refused:
        bring_in(acme, heading + "\nx,y,z,z\n", keep_columns=keep)
    assert all(word in refused.value.text for word in named)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("customer id", "6.12E+10", "format the column as text"),
        ("phone", "3,16123E+10", "format the column as text"),
        ("phone", "+31 6 1234 KITH", "no letters"),
        ("phone", "0612", "does not exist"),
        ("email", '"jan jansen"@example.com', "not an e-mail"),
        ("date of application", "2026-13-01", "2026-06-15"),
        ("visa type", "#N/A", "shows an error"),
        ("name", "x" * 201, "too long"),
        ("name", "Jan\x00", "cannot be printed"),
    ],
)
def test_a_bad_cell_is_named_with_line_column_value_and_remedy(acme, column, value, said):
    cells = {"name": "Jan", "email": "jan@example.com"} | {column: value}
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells.values()]
    row = reason(acme, lines(list(cells), quoted))
    assert (row["line"], row["column"]) == ("2", column)
    assert row["value"].removeprefix("'")[:20] == value[:20]
    assert said in row["remedy"].lower()


@pytest.mark.parametrize(
    ("column", "written", "field", "stored"),
    [
        ("email", "Jan.JANSEN+Travel@Example.COM", "email", "jan.jansen+travel@example.com"),
        ("email", "o'neil@example.com", "email", "o'neil@example.com"),
        ("email", "jan@BÜCHER.example", "email", "jan@bücher.example"),
        ("email", "jan@xn--bcher-kva.example", "email", "jan@bücher.example"),
        ("email", "\u00a0jan@example.com\u00a0\u200b", "email", "jan@example.com"),
        ("phone", "0031 (0)6-1234 5678", "phone", "+31612345678"),
        ("phone", "'+31612345678", "phone", "+31612345678"),
        ("name", "\u00a0 Zoe\u0308 \u00a0de\u00a0Vries", "name", "Zoë de Vries"),
        ("klant-nr.", "007", "external_id", "007"),
        ("KLANT_NUMMER", "1E5", "external_id", "1E5"),
        ("Visum type", "1.234,56", "visa_type", "1.234,56"),
    ],
)
def test_values_as_people_write_them_get_one_form(acme, column, written, field, stored):
    cells = {"naam": "Jan", "nummer": "x", "e mail": "jan@example.com"}
    cells = {
        name: text for name, text in cells.items() if name != {"email": "e mail", "name": "naam"}.get(column)
    }
    bring_in(acme, lines([*cells, column], [*cells.values(), f'"{written}"']))
    assert the_one(acme)[field] == stored


@pytest.mark.parametrize(
    ("locale", "country", "month_first"),
    [("nl", "NL", False), ("en", "NL", False), ("en", "GB", False), ("en", "US", True), ("en-US", "", True),
     ("sv", "SE", False), ("xx", "NL", False)],
)  # fmt: skip
def test_which_way_round_a_date_is_follows_from_language_and_country(locale, country, month_first):
    assert rules.is_month_first(locale, country) == month_first


@pytest.mark.parametrize(
    ("written", "month_first", "day"),
    [("3-2-26", False, (2026, 2, 3)), ("03/02/2026", True, (2026, 3, 2)), ("3.2.99", False, (1999, 2, 3)),
     ("2026/02/03", True, (2026, 2, 3)), ("2026-02-03 00:00:00", True, (2026, 2, 3)),
     ("2026-02-03T10:00:00+01:00", False, (2026, 2, 3)), ("03-02-2026 10:15", False, (2026, 2, 3))],
)  # fmt: skip
def test_days_are_read_the_way_they_are_written(written, month_first, day):
    found = rules.check({"application_on": written}, month_first=month_first).values["application_on"]
    assert found == datetime.date(*day)
    assert rules.check({"application_on": "13/13/2026"}).problems == {"application_on": "date"}
    assert rules.check({"application_on": "31/01/2026"}, month_first=True).problems == {
        "application_on": "date_month"
    }


def test_the_import_says_how_it_read_dates(acme):
    assert bring_in(acme, lines(HEAD, ROW)).reading == {"dates": "DMY"}


def test_a_workbook_is_read_as_people_see_it(acme):
    def change(book):
        book.active.merge_cells("F1:G1")
        book.create_sheet("Archive").append(["secret"])
        book.create_sheet("Hidden", 0).sheet_state = "hidden"

    day = datetime.datetime(2026, 2, 3)  # noqa: DTZ001 - a workbook knows no time zones
    content = workbook(
        [*HEAD, "Extra", None], [12.0, "Zoë", "zoe@example.com", 31612345678, day, True, None], [],
        ["C2", "Jan", "jan@example.com", "06-87654321", "3-2-2026"], change=change,
    )  # fmt: skip
    done = bring_in(acme, content, "skip-bad-rows", keep_columns=True)
    assert done.reading == {
        "columns_kept": ["Extra"],
        "sheet": "Sheet",
        "other_sheets": ["Archive"],
        "dates": "DMY",
    }
    zoe, jan = (people(acme).get(f"{name}@example.com") for name in ("zoe", "jan"))
    assert (zoe["external_id"], zoe["application_on"], zoe["extra"]) == ("12", day.date(), {"Extra": "true"})
    assert (zoe["phone"], jan["phone"], jan["application_on"]) == ("+31612345678", "+31687654321", day.date())


def test_the_named_sheet_is_read_and_a_missing_one_refused_with_the_names(acme):
    def change(book):
        sheet = book.create_sheet("Klanten 2026")
        for row in (HEAD, ROW):
            sheet.append(row)

    content = workbook(["other"], change=change)
    assert bring_in(acme, content, sheet="klanten 2026").counts["created"] == 1
    with pytest.raises(unreadable.SheetMissing) as refused:
        bring_in(acme, content, sheet="2025")
    assert "Sheet, Klanten 2026" in refused.value.text


def test_formulas_count_by_what_they_last_showed_and_zeros_by_their_format(acme):
    def change(book):
        book.active["A2"], book.active["A2"].number_format = 42, "00000"
        book.active["B2"] = "=1+1"

    content = workbook(["customer id", "visa type", "name"], [None, None, "Jan"], change=change)
    bring_in(acme, content)
    assert (the_one(acme)["external_id"], the_one(acme)["visa_type"]) == ("00042", "")


def test_a_number_that_the_spreadsheet_rounded_is_refused(acme):
    row = reason(acme, workbook(["customer id", "name"], [12345678901234567, "Jan"]))
    assert (row["line"], row["value"]) == ("2", "1.234568E+16")


def archive(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/"), content)
    return file.getvalue()


OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (OLE + bytes(600), "before 2007"),
        (OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"%PDF-1.7\n", "PDF"),
        (archive(**{"content.xml": "<x/>"}), "OpenDocument"),
        (archive(**{"Index/Document.iwa": "x"}), "Numbers"),
        (archive(**{"word/document.xml": "<x/>"}), "text document"),
        (archive(**{"xl/workbook.bin": "x"}), ".xlsb"),
        (archive(**{"table.csv": "x"}), "Unpack"),
        (archive(**{"xl/workbook.xml": "<x/>"}), "damaged"),
        (workbook(HEAD, ROW)[:-200], "damaged"),
        (bytes(range(256)) * 20, "not a table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 9, "not a table"),
        (b"name,email\n" + b"x" * (texts.LONGEST_LINE + 5), "Line 2 is too long"),
        (b"[1, 2]", "Line 1 is not a row"),
        (b"{broken", "Line 1 is not a row"),
        (workbook(), "The file is empty"),
        (b"\xff\xfe", "The file is empty"),
        (",".join(["name", "email", *map(str, range(500))]).encode(), "more than 500 columns"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(acme, content, said):
    with pytest.raises(Invalid) as refused:
        bring_in(acme, content)
    assert said in refused.value.text
    assert people(acme) == {}


@pytest.mark.parametrize("content", [b"name,email\n", b"name,email", workbook(["name", "email"])])
def test_a_heading_alone_imports_nobody(acme, content):
    assert bring_in(acme, content).counts == {"created": 0, "updated": 0, "unchanged": 0, "bad": 0}
