"""Fields and tables as tables of cases."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.participants import rules
from kith.participants.rules import BadRow, BadTable, BadValue, fields


def find_layout(first_line, **how):
    return rules.find_layout(rules.split_headings(first_line)[1], **how)


@pytest.mark.parametrize(
    ("field", "written", "stored"),
    [
        ("name", "  Jan   de\tVries ", "Jan de Vries"),
        ("name", "Zoe\u0308", "Zoë"),
        ("name", "x" * 200, "x" * 200),
        ("email", " Jan.Jansen+x@Example.COM ", "jan.jansen+x@example.com"),
        ("email", "jan@bücher.example", "jan@bücher.example"),
        ("email", "", ""),
        ("country", "nl", "NL"),
        ("country", "Duitsland", "DE"),
        ("country", "Germany", "DE"),
        ("country", "the netherlands", "NL"),
        ("country", "Türkiye", "TR"),
        ("language", "NL", "nl"),
        ("language", "pt_br", "pt-BR"),
        ("language", "Engels", "en"),
        ("language", "Dutch", "nl"),
        ("timezone", "europe/amsterdam", "Europe/Amsterdam"),
        ("timezone", "America/New York", "America/New_York"),
        ("kind", "Bedrijf", "company"),
        ("kind", "", "person"),
        ("picture_url", "https://example.com/a.png", "https://example.com/a.png"),
        ("visa_number", "ab 12-3", "AB12-3"),
        ("application_on", "2026-02-28", datetime.date(2026, 2, 28)),
        ("application_on", "3-2-2026", datetime.date(2026, 2, 3)),
        ("application_on", "03/02/2026", datetime.date(2026, 2, 3)),
        ("application_on", "", None),
        ("application_on", datetime.date(2026, 2, 3), datetime.date(2026, 2, 3)),
    ],
)
def test_good_values_get_their_stored_form(field, written, stored):
    assert fields.FIELDS[field](written) == stored


@pytest.mark.parametrize(
    ("field", "written", "word"),
    [
        ("name", "  ", "missing"),
        ("name", "x" * 201, "long"),
        ("name", "Jan\x00", "characters"),
        ("name", "Jan\u202e", "characters"),
        ("name", "Jan\ud800", "characters"),
        ("email", "jan", "email"),
        ("email", "jan@localhost", "email"),
        ("email", "jan..x@example.com", "email"),
        ("email", "jan@exa_mple.com", "email"),
        ("email", "a@b@example.com", "email"),
        ("email", "x" * 65 + "@example.com", "email"),
        ("email", "jan@" + "a." * 124 + "example.com", "email"),
        ("country", "Narnia", "country"),
        ("country", "EU", "country"),
        ("language", "xx", "language"),
        ("language", "nl-ZZ", "language"),
        ("timezone", "Mars/Olympus", "timezone"),
        ("kind", "robot", "kind"),
        ("picture_url", "http://example.com/a.png", "picture_url"),
        ("picture_url", "https://user:pw@example.com/", "picture_url"),
        ("picture_url", "javascript:alert(1)", "picture_url"),
        ("picture_url", "https://[", "picture_url"),
        ("visa_number", "A_1", "visa_number"),
        ("visa_number", "A" * 41, "visa_number"),
        ("visa_stage", "x" * 101, "long"),
        ("application_on", "31-02-2026", "date"),
        ("application_on", "20260228", "date"),
        ("application_on", "1-1-1800", "date"),
        ("application_on", "soon", "date"),
    ],
)
def test_bad_values_have_a_word(field, written, word):
    with pytest.raises(BadValue) as bad:
        fields.FIELDS[field](written)
    assert bad.value.code == word


@pytest.mark.parametrize(
    ("written", "region", "stored"),
    [
        ("06 12345678", "NL", "+31612345678"),
        ("+31 (0)6 1234 5678", "", "+31612345678"),
        ("0031612345678", "", "+31612345678"),
        ("098765 43210", "IN", "+919876543210"),
        ("+1 212 555 0123", "NL", "+12125550123"),
        ("", "", ""),
    ],
)
def test_phones_become_international(written, region, stored):
    assert rules.phone(written, region) == stored


@pytest.mark.parametrize(
    ("written", "region", "word"),
    [("0612345678", "", "phone_country"), ("06123", "NL", "phone"), ("call me", "NL", "phone_letters"),
     ("+31 6 12345678 ext 5", "", "phone_letters"), ("+999 123456", "", "phone")],
)  # fmt: skip
def test_phones_that_do_not_exist_are_refused(written, region, word):
    with pytest.raises(BadValue) as bad:
        rules.phone(written, region)
    assert bad.value.code == word


def test_a_phone_is_read_in_its_own_country_first():
    assert (
        rules.check({"phone": "09876543210", "country": "India"}, region="NL").values["phone"]
        == "+919876543210"
    )


def test_the_country_follows_from_the_time_zone():
    assert rules.country_of_timezone("Europe/Amsterdam") == "NL"
    assert rules.country_of_timezone("Asia/Kolkata") == "IN"
    assert rules.country_of_timezone("UTC") == ""


@pytest.mark.parametrize(
    "first_line",
    ["naam;e-mailadres;klantnummer", "Customer_ID,E-Mail,Name", "EMAIL\tName\tbebsy_customer_id",
     "name|E mail|External ID", '"Naam, volledig";"name";"email"', "email,voornaam,Achternaam,external id"],
)  # fmt: skip
def test_headings_are_known_in_two_languages_and_any_order(first_line):
    layout = find_layout(first_line)
    assert "email" in layout.fields
    assert {"name", "last_name"} & set(layout.fields)


@pytest.mark.parametrize(
    ("first_line", "word"),
    [
        ("email,land", "no_name"),
        ("naam;land", "no_key"),
        ("naam,name,email", "column_twice"),
        ("", "no_name"),
    ],
)
def test_tables_without_what_is_needed_are_refused(first_line, word):
    with pytest.raises(BadTable) as bad:
        find_layout(first_line)
    assert bad.value.code == word


LAYOUT = find_layout("klantnummer;naam;e-mail;telefoon;onbekend", region="NL")


def checked(*cells):
    return rules.check_row(LAYOUT, cells, line=7)


def test_a_row_gives_stored_forms_of_its_filled_cells():
    assert checked("C1", "Jan", "", "06 12345678", "x") == {
        "external_id": "C1", "name": "Jan", "phone": "+31612345678"
    }  # fmt: skip
    assert LAYOUT.others == ["onbekend"]
    assert checked("C1", "Jan") == {"external_id": "C1", "name": "Jan"}


@pytest.mark.parametrize(
    ("cells", "bad"),
    [
        (("C1", "", "jan@example.com"), [BadRow(7, "naam", "", "missing")]),
        (("C1", "Jan", "jan"), [BadRow(7, "e-mail", "jan", "email")]),
        (("", "Jan", ""), [BadRow(7, "e-mail", "", "key_missing")]),
        (("C1", "Jan", "", "", "", "more"), [BadRow(7, "", "more", "too_many_cells")]),
        (("C1", "Jan", "x", "12"), [BadRow(7, "e-mail", "x", "email"), BadRow(7, "telefoon", "12", "phone")]),
    ],
)
def test_each_reason_against_a_row_is_named(cells, bad):
    assert checked(*cells) == bad


def test_first_and_last_name_make_a_name():
    layout = find_layout("voornaam,achternaam,email")
    row = rules.check_row(layout, ["Jan", "de Vries", "jan@example.com"], line=2)
    assert row["name"] == "Jan de Vries"
    assert rules.check_row(layout, ["", "", "jan@example.com"], line=2) == [
        BadRow(2, "achternaam", "", "missing")
    ]


@given(st.text(max_size=300))
def test_checking_anything_ends_in_a_value_or_a_word(value):
    for field in rules.FIELDS:
        done = rules.check({field: value}, region="NL")
        assert (field in done.values) != (field in done.problems)


@given(st.sampled_from(["name", "email", "country", "language", "timezone", "phone"]), st.text(max_size=60))
def test_a_stored_form_is_its_own_stored_form(field, value):
    done = rules.check({field: value}, region="NL")
    if field in done.values:
        assert rules.check(done.values, region="NL").values == done.values
