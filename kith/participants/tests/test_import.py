"""Importing customers: what is stored, what is refused by name, and that twice is once."""

import csv
import io
import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from kith.audit.models import AuditEntry
from kith.kit import files, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import Invalid
from kith.kit.models import OutboxEvent, SubjectKey
from kith.participants import actions, queries
from kith.participants.actions import unreadable
from kith.participants.models import Participant
from kith.participants.tests.factories import AT, make_participant

FILE = """klantnummer;naam;e-mailadres;telefoon;land;taal;opmerking
C1;Jan Jansen;Jan@example.com;06 12345678;Nederland;nl;x
C2;"Anna ""A"" de
Vries";anna@example.com;;België;Dutch;
;Priya Patel;priya@example.com;098765 43210;India;en;
"""


def bring_in(tenant, text, mode="all-or-nothing", encoding="utf-8", **more):
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return actions.import_customers(
        tenant_id=tenant.id, stream=io.BytesIO(content), mode=mode, actor=SYSTEM, now=AT, **more
    )


def people(tenant):
    with tenancy.use(tenant.id):
        return {row["email"]: row for row in queries.export_rows()}


def error_rows(tenant, name):
    with tenancy.use(tenant.id), files.opened(name) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")))


def trail(tenant):
    with tenancy.use(tenant.id):
        audited = AuditEntry.objects.filter(
            tenant_id=tenant.id, table_name="participants_participant"
        ).count()
        return audited, OutboxEvent.objects.count(), SubjectKey.objects.count()


def test_a_file_is_stored_with_phones_encrypted_and_everybody_announced(acme):
    done = bring_in(acme, FILE)
    assert done.counts == {"created": 3, "updated": 0, "unchanged": 0, "bad": 0}
    assert (done.error_file, done.reading) == ("", {"columns_ignored": ["opmerking"]})
    found = people(acme)
    jan, anna, priya = (found[f"{name}@example.com"] for name in ("jan", "anna", "priya"))
    assert (jan["name"], jan["external_id"], jan["phone"], jan["country"]) == (
        "Jan Jansen",
        "C1",
        "+31612345678",
        "NL",
    )
    assert (anna["name"], anna["country"], anna["language"]) == ('Anna "A" de Vries', "BE", "nl")
    assert (priya["phone"], priya["external_id"]) == ("+919876543210", "")
    assert trail(acme) == (3, 3, 2)
    with tenancy.use(acme.id):
        assert queries.find_by_email("jan@example.com").code == jan["code"]
        assert [event.type for event in OutboxEvent.objects.all()] == ["participant.created"] * 3
        assert not Participant.objects.filter(phone_enc__contains=b"12345678").exists()


def test_the_same_file_twice_changes_audits_and_announces_nothing(acme):
    bring_in(acme, FILE)
    before = people(acme), trail(acme)
    done = bring_in(acme, FILE)
    assert done.counts == {"created": 0, "updated": 0, "unchanged": 3, "bad": 0}
    assert (people(acme), trail(acme)) == before


def test_an_exported_file_comes_back_unchanged(acme):
    bring_in(acme, FILE)
    with tenancy.use(acme.id):
        make_participant(
            name="=cmd|' /C calc'!A0", phone="+31612345679", visa_number="AB12", application_on="2026-01-02"
        )
        exported = b"".join(actions.everybody(format="csv"))
    assert b"'=cmd|" in exported
    assert bring_in(acme, exported).counts["unchanged"] == 4


def test_changed_cells_are_stored_and_empty_ones_leave_what_is_known(acme):
    bring_in(acme, FILE)
    done = bring_in(
        acme,
        "name,email,external id,phone,country\nJan J,jan@example.com,,,\nAnna,an@example.com,C2,06 87654321,",
    )
    assert done.counts == {"created": 0, "updated": 2, "unchanged": 0, "bad": 0}
    found = people(acme)
    jan, anna = found["jan@example.com"], found["an@example.com"]
    assert (jan["name"], jan["phone"], jan["external_id"], jan["country"]) == (
        "Jan J",
        "+31612345678",
        "C1",
        "NL",
    )
    assert (anna["external_id"], anna["phone"], anna["country"]) == ("C2", "+31687654321", "BE")
    with tenancy.use(acme.id):
        assert queries.find_by_email("anna@example.com") is None
        assert queries.find_by_email("an@example.com").external_id == "C2"
        assert sorted(event.data["fields"] for event in OutboxEvent.objects.filter(type="participant.updated")) == [
            ["email", "name", "phone"], ["name"]
        ]  # fmt: skip


BAD = """external_id,name,email,phone,date of application,note
C1,Dana,dana@example.com,,,
C2,,eli@example.com,,,
C3,Eli,eli@,,,
C4,Eli,e4@example.com,0612,,
C5,Eli,e5@example.com,,31-02-2026,
,Eli,,,,
C7,Eli,DANA@example.com,,,
C1,Eli,e8@example.com,,,
C9,Eli,e9@example.com,,,a,b
C10,Eli,taken@example.com,,,
KNOWN,Eli,other@example.com,,,
KNOWN2,"=HYPERLINK(""x"")\x01",e12@example.com,,,
"""
REASONS = [
    ("3", "name", "", "Fill in a name"),
    ("4", "email", "eli@", "not an e-mail"),
    ("5", "phone", "0612", "phone number"),
    ("6", "date of application", "31-02-2026", "15-06-2026"),
    ("7", "email", "", "e-mail address or a customer number"),
    ("8", "email", "dana@example.com", "line 2"),
    ("9", "external_id", "C1", "line 2"),
    ("10", "", "b", "more cells"),
    ("13", "name", '\'=HYPERLINK("x")\x01', "cannot be printed"),
    ("11", "external_id", "C10", "another customer number"),
    ("12", "email", "other@example.com", "another customer"),
]


@pytest.fixture
def known(acme):
    with tenancy.use(acme.id):
        make_participant(email="taken@example.com", external_id="T1", name="Taken")
        make_participant(email="k@example.com", external_id="KNOWN", name="Known")
        make_participant(email="other@example.com", name="Other")


def test_each_bad_row_is_named_with_its_remedy_and_the_good_ones_stored(acme, known):
    done = bring_in(acme, BAD, "skip-bad-rows")
    assert done.counts == {"created": 1, "updated": 0, "unchanged": 0, "bad": 11}
    rows = error_rows(acme, done.error_file)
    assert [(row["line"], row["column"], row["value"]) for row in rows] == [reason[:3] for reason in REASONS]
    for row, reason in zip(rows, REASONS, strict=True):
        assert reason[3] in row["remedy"]
    assert people(acme)["dana@example.com"]["external_id"] == "C1"


def test_all_or_nothing_stores_nothing_and_names_every_bad_row(acme, known):
    before = people(acme), trail(acme)
    with pytest.raises(actions.RowsRefused) as refusal:
        bring_in(acme, BAD)
    job = refusal.value.details["job"]
    assert job["counts"] == {"created": 0, "updated": 0, "unchanged": 0, "bad": 9}
    assert len(error_rows(acme, job["error_file"])) == 9
    # Rows that only clash with what is stored are found when the rest is in order.
    with pytest.raises(actions.RowsRefused) as refusal:
        bring_in(acme, "external_id,name,email\nN1,New,new@example.com\nC10,Eli,taken@example.com")
    assert refusal.value.details["job"]["counts"]["bad"] == 1
    assert (people(acme), trail(acme)) == before


def test_remedies_are_in_the_organizations_language_if_translated(acme):
    done = bring_in(acme, "naam,email\n,x@example.com", "skip-bad-rows")
    assert error_rows(acme, done.error_file)[0]["remedy"]


def test_two_rows_about_one_person_are_one_too_many(acme):
    with tenancy.use(acme.id):
        make_participant(email="a@example.com", external_id="A")
    done = bring_in(acme, "external_id,name,email\nA,One,b@example.com\n,Two,a@example.com", "skip-bad-rows")
    assert done.counts["bad"] == 1
    assert "line 2" in error_rows(acme, done.error_file)[0]["remedy"]


def test_an_erased_customer_does_not_come_back(acme):
    with tenancy.use(acme.id):
        erased = make_participant(external_id="GONE", email="")
        Participant.objects.filter(pk=erased.pk).update(status="erased")
    done = bring_in(acme, "external_id,name\nGONE,Dana", "skip-bad-rows")
    assert done.counts == {"created": 0, "updated": 0, "unchanged": 0, "bad": 1}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("naam;email\nZoë;z@example.com".encode(), "Zoë"),
        ("naam;email\nZoë;z@example.com".encode("utf-8-sig"), "Zoë"),
        ("naam;email\r\nZoë €;z@example.com\r\n".encode("cp1252"), "Zoë €"),
        ("naam\temail\nZoë\tz@example.com".encode("utf-16"), "Zoë"),
        (b"sep=|\nnaam|email\n\n|\nZoe|z@example.com\n\n", "Zoe"),
        (b'"naam","email"\r"Zoe, Z","z@example.com"\r', "Zoe, Z"),
    ],
)
def test_encodings_separators_and_line_ends_are_recognized(acme, content, name):
    assert bring_in(acme, content).counts["created"] == 1
    assert people(acme)["z@example.com"]["name"] == name


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", unreadable.FileEmpty),
        (b"\xef\xbb\xbf\n", unreadable.FileEmpty),
        (b"PK\x03\x04\x81\x8d\x00naam,email\n\x81", unreadable.FileDamaged),
        (b"mail,land\nx,y", unreadable.NameColumnMissing),
        (b"naam,land\nx,y", unreadable.KeyColumnMissing),
        (b"naam,name,email\nx,y,z", unreadable.ColumnTwice),
        (b'naam,email\n"x,y\n' + b"more,more\n" * 20_000, unreadable.QuoteNotClosed),
    ],
)
def test_a_file_that_is_no_table_of_customers_is_refused(acme, content, refusal):
    with pytest.raises(refusal) as refused:
        bring_in(acme, content)
    assert isinstance(refused.value, Invalid)
    assert "%" not in refused.value.text
    assert people(acme) == {}


def test_customers_of_two_organizations_do_not_meet(acme, rival):
    for tenant in (acme, rival):
        assert bring_in(tenant, FILE).counts["created"] == 3
    assert people(acme).keys() == people(rival).keys()
    assert people(acme)["jan@example.com"]["id"] != people(rival)["jan@example.com"]["id"]


def test_a_code_that_another_organization_has_is_drawn_again(acme, rival, monkeypatch):
    with tenancy.use(rival.id):
        taken = make_participant().code
    drawn = iter([taken, "FRESH234", "FRESH235", "FRESH236"])
    monkeypatch.setattr("kith.kit.codes.referral_code", lambda: next(drawn))
    assert bring_in(acme, FILE).counts["created"] == 3
    assert {row["code"] for row in people(acme).values()} == {"FRESH234", "FRESH235", "FRESH236"}


def test_thirty_rows_cost_as_many_statements_as_three(acme, rival):
    def cost(tenant, rows):
        lines = "".join(f"C{n},N{n},n{n}@example.com,+3161234{n:04}\n" for n in range(rows))
        with CaptureQueriesContext(connection) as seen:
            bring_in(tenant, f"external_id,name,email,phone\n{lines}")
        return len(seen)

    assert cost(acme, 3) == cost(rival, 30)


def test_progress_ends_at_the_whole(acme):
    steps = []
    bring_in(acme, FILE, progress=lambda done, of: steps.append((done, of)))
    assert steps[-1][0] == steps[-1][1]
    assert all(done <= of for done, of in steps)


def test_two_imports_of_one_file_at_once_store_everybody_once(committed):
    tenant = committed("acme")
    outcomes = []

    def run():
        try:
            outcomes.append(bring_in(tenant, FILE).counts)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts["created"] for counts in outcomes) == [0, 3]
    assert len(people(tenant)) == 3


def test_somebody_enrolled_while_the_file_is_stored_is_found_on_the_second_look(committed, monkeypatch):
    tenant = committed("acme")
    finish = actions.importing.Merge.finish
    met = []

    def enroll():
        try:
            with tenancy.use(tenant.id):
                make_participant(email="jan@example.com", name="Jan of the console")
        finally:
            connections.close_all()

    def slow_finish(merge):
        if not met:
            met.append(True)
            other = threading.Thread(target=enroll)
            other.start()
            other.join()
        finish(merge)

    monkeypatch.setattr(actions.importing.Merge, "finish", slow_finish)
    assert bring_in(tenant, FILE).counts == {"created": 2, "updated": 1, "unchanged": 0, "bad": 0}
    assert people(tenant)["jan@example.com"]["external_id"] == "C1"
