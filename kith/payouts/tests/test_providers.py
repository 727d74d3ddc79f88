"""What banks and spreadsheets read."""

import csv as reader
import datetime
import io
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from sepaxml import validation

from kith.kit.money import Money
from kith.payouts import rules
from kith.payouts.providers import csv, sepa
from kith.payouts.queries import Debtor, Line
from kith.payouts.tests.factories import DEBTOR, IBANS, parsed

NS = {"p": f"urn:iso:std:iso:20022:tech:xsd:{sepa.SCHEMA}"}
ORDER = sepa.Order(
    "KITH-000001-ABC",
    datetime.datetime(2026, 6, 15, 10, tzinfo=datetime.UTC),
    datetime.date(2026, 6, 16),
    "Café Reizen",
)
ACME = Debtor("Acme & Zonen Reizen", DEBTOR, "")


def line(holder: str = "Dana", minor: int = 2500, number: int = 1, **more: str) -> Line:
    values = {"name": holder, "iban": IBANS[0], "bic": "", **more}
    return Line(
        f"KITH-000001-{number:04d}",
        values["name"],
        holder,
        values["iban"],
        values["bic"],
        Money(minor, "EUR"),
    )


def validated(content: bytes) -> ElementTree.Element:
    schema = xmlschema.XMLSchema(f"{validation.__file__.rsplit('/', 1)[0]}/schemas/{sepa.SCHEMA}.xsd")
    schema.validate(content.decode())
    return parsed(content)


def test_the_file_validates_and_sums_to_its_payments():
    lines = [
        line("Zoë Łukasz", 2500),
        line("李 Ming", 100_001, 2, iban=IBANS[1], bic="COBADEFFXXX"),
        line("O'Neil", 5, 3),
    ]
    root = validated(sepa.write(lines, debtor=ACME, order=ORDER))
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", namespaces=NS) == "3"
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=NS) == "1025.06"
    assert root.findtext(".//p:PmtInf/p:CtrlSum", namespaces=NS) == "1025.06"
    assert [found.text for found in root.iterfind(".//p:InstdAmt", NS)] == ["25.00", "1000.01", "0.05"]
    assert [found.text for found in root.iterfind(".//p:Cdtr/p:Nm", NS)] == [
        "Zoe Lukasz",
        "Li Ming",
        "O'Neil",
    ]
    assert [found.text for found in root.iterfind(".//p:EndToEndId", NS)] == [one.reference for one in lines]
    assert root.findtext(".//p:BtchBookg", namespaces=NS) == "true"
    assert root.findtext(".//p:ReqdExctnDt/p:Dt", namespaces=NS) == "2026-06-16"
    assert root.findtext(".//p:CreDtTm", namespaces=NS) == "2026-06-15T10:00:00Z"
    assert root.findtext(".//p:DbtrAgt//p:Othr/p:Id", namespaces=NS) == "NOTPROVIDED"
    assert root.findtext(".//p:Ustrd", namespaces=NS) == "Cafe Reizen KITH-000001-0001"
    assert root.findtext(".//p:Dbtr/p:Nm", namespaces=NS) == "Acme Zonen Reizen"


def test_a_debtors_bic_is_used_when_there_is_one():
    root = validated(sepa.write([line()], debtor=Debtor("Acme", DEBTOR, "INGBNL2A"), order=ORDER))
    assert root.findtext(".//p:DbtrAgt//p:BICFI", namespaces=NS) == "INGBNL2A"
    assert root.find(".//p:DbtrAgt//p:Othr", NS) is None


def test_the_same_input_gives_the_same_bytes():
    assert sepa.write([line()], debtor=ACME, order=ORDER) == sepa.write([line()], debtor=ACME, order=ORDER)


@settings(max_examples=40)
@given(st.text(max_size=90), st.integers(1, 99_999_999_999))
def test_any_name_makes_a_valid_file(name, minor):
    content = sepa.write([line(name, minor)], debtor=ACME, order=ORDER)
    assert parsed(content).findtext(".//p:CtrlSum", namespaces=NS) == Money(minor, "EUR").text


@given(st.text(max_size=200))
def test_cleaned_text_is_sepa_text(text):
    plain = sepa.clean(text, 70)
    assert rules.is_sepa_text(plain)
    assert len(plain) <= 70
    assert sepa.clean(plain, 70) == plain


@pytest.mark.parametrize(
    ("debtor", "fields"),
    [
        (Debtor("", "", ""), {"payouts.debtor_name", "payouts.debtor_iban"}),
        (Debtor("Acme", "NL00INGB0001234567", ""), {"payouts.debtor_iban"}),
        (Debtor("Acme", DEBTOR, "nope"), {"payouts.debtor_bic"}),
    ],
)
def test_an_organization_without_an_account_pays_nobody(debtor, fields):
    with pytest.raises(sepa.DebtorInvalid) as refusal:
        sepa.write([line()], debtor=debtor, order=ORDER)
    assert set(refusal.value.fields) == fields


def test_an_invalid_file_is_refused():
    with pytest.raises(sepa.FileRefused):
        sepa.write([line(iban="?")], debtor=ACME, order=ORDER)


def rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(reader.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_list_speaks_the_organizations_language():
    assert rows(csv.write([], language="nl"))[0][5] == "bedrag"
    assert rows(csv.write([], language="nl-be"))[0][5] == "bedrag"
    assert rows(csv.write([], language="xx"))[0][5] == "amount"


def test_the_list_has_amounts_with_all_decimals():
    lines = [line("Zoë", 2500), Line("R", "Yoko", "Yoko", "", "", Money(1500, "JPY"))]
    assert [row[5:] for row in rows(csv.write(lines, language="en"))[1:]] == [
        ["25.00", "EUR"],
        ["1500", "JPY"],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "|cmd", "%0"])
def test_names_that_are_formulas_are_shown_and_not_run(text):
    cells = rows(csv.write([line(text, name=text)], language="en"))[1]
    assert cells[1] == cells[2] == f"'{text}"


def test_quotes_commas_and_line_ends_stay_inside_their_cell():
    name = 'Dana "D", Jansen\nand sons'
    assert rows(csv.write([line(name, name=name)], language="en"))[1][1] == name
