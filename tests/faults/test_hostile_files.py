"""Names of uploaded files lead nowhere, names of downloads are ours, and no cell of a file is run as a formula."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from conftest import api_client, signed_in
from kith.analytics import actions as analytics
from kith.compat import queries as compat
from kith.kit import files as stores
from kith.kit import tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.errors import NotFound
from kith.kit.models import Job
from kith.kit.money import Money
from kith.participants import actions as participants
from kith.payouts.providers import csv as payments
from kith.payouts.queries import Line, Statement, statement_csv
from kith.payouts.queries.statements import Line as Movement
from kith.referrals import actions as referrals
from kith.referrals.tests.factories import NOW, make_scene, refer
from tests.guards.source import KITH, product

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

FILE_NAMES = (
    "../../../../etc/passwd", "..\\..\\windows\\system.ini", "/etc/passwd", "C:\\boot.ini", "a\0.csv",
    "x" * 300 + ".csv", "\u202evsc.exe", 'a"; filename="b.exe', "a\r\nSet-Cookie: a=b", "", ".", "..",
    "con", "a/b/c.csv", "%2e%2e%2fx.csv",
    "~/.ssh/authorized_keys", "tenant-1/imports/x.csv", "<script>.csv", "=cmd|' /C calc'!A0.csv",
)  # fmt: skip
OURS = re.compile(r"tenant-\d+/imports/[\w-]{40,}(\.\w{1,5})?", re.ASCII)
PLAIN = re.compile(r'attachment; filename="[a-z0-9-]+\.(csv|json|xml)"', re.ASCII)
FORMULAS = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "|calc", "%0", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", " =1", "\u00a0=1",
    "'=1", "''=1", '=HYPERLINK("http://evil.example","x")', "=cmd|' /C calc'!A0",
)  # fmt: skip
RUN = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20\t\r\n]")


def uploaded(root: Path) -> set[Path]:
    return {path for path in root.parent.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", FILE_NAMES)
def test_an_uploaded_file_is_stored_under_a_name_of_ours(
    acme: Any, alice: Actor, files: Path, name: str
) -> None:
    before = uploaded(files)
    head = f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    raw = head.encode() + b"name,email\r\nJan,jan@example.com\r\n--B--\r\n"
    kind = "multipart/form-data; boundary=B"
    answer = api_client(alice).generic("POST", "/api/v1/participants/import", raw, content_type=kind)
    form = head.replace(
        "--B", '--B\r\nContent-Disposition: form-data; name="mode"\r\n\r\nskip-bad-rows\r\n--B', 1
    )
    raw = form.encode() + b"name,email\r\nJan,jan@example.com\r\n--B--\r\n"
    page = reverse("participants:import", args=[acme.slug])
    shown = signed_in(alice).generic("POST", page, raw, content_type=kind)
    for each in (answer, shown):
        assert each.status_code in (202, 303, 400, 422), each.content[:300]
    with tenancy.use(acme.id):
        kept = list(Job.objects.values_list("input_file", flat=True))
        assert kept or not name.strip("./"), "nothing was taken: nothing was tried"
        assert all(OURS.fullmatch(each) and each.startswith(f"tenant-{acme.id}/") for each in kept), kept
    assert {str(path.relative_to(files)) for path in uploaded(files) - before} == set(kept)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "/etc/passwd", "tenant-1/../tenant-2/imports/x", "tenant-1/imports/x", "", ".", "a\0b",
        "payout-batches/1/x.xml.sealed",
        "tenant-1/imports/" + "a" * 43 + "/../x", "tenant-1/imports/" + "a" * 43 + "\n",
    ],
)  # fmt: skip
def test_a_name_that_is_not_ours_is_not_opened(acme: Any, name: str) -> None:
    with tenancy.use(acme.id):
        for one in (
            stores.opened,
            stores.remove,
            lambda each: stores.download(each, as_name="x", content_type="x"),
        ):
            if one is stores.remove and not name:
                continue
            with pytest.raises(NotFound):
                one(name)


def test_every_download_has_a_plain_name(acme: Any, alice: Actor) -> None:
    """Whatever people named what is in it."""
    with tenancy.use(acme.id, actor=alice):
        refer(make_scene(), name='a"; filename="b.exe')
        participants.request_export(format="csv", search='x"\r\nA: b', actor=alice, now=NOW)
        participants.request_export(format="json", actor=alice, now=NOW)
        referrals.request_export(format="csv", actor=alice, now=NOW)
        bad = SimpleUploadedFile('x"; a.csv', b"name,email\nJan,nobody\n")
        participants.request_import(file=bad, mode="skip-bad-rows", actor=alice, now=NOW)
        made = list(Job.objects.all())
    with tenancy.use(acme.id, actor=alice):
        results = [
            referrals.export_referrals(format="csv")[0] if job.kind.startswith("referrals.")
            else participants.export_participants(format=job.params.get("format", "csv"))[0]
            for job in made
        ]  # fmt: skip
        for job, name in zip(made, results, strict=True):
            Job.objects.filter(pk=job.pk).update(result_file=name, error_file=name, state="succeeded")
    client, pages = api_client(alice), signed_in(alice)
    seen = []
    for job in made:
        for answer in (
            client.get(f"/api/v1/jobs/{job.id}/result"), client.get(f"/api/v1/jobs/{job.id}/errors"),
            pages.get(reverse("participants:job_result", args=[acme.slug, job.id])),
            pages.get(reverse("participants:job_errors", args=[acme.slug, job.id])),
        ):  # fmt: skip
            if answer.status_code == 200:
                seen.append(answer["Content-Disposition"])
    for what in ("customers", "referrals"):
        for kind in ("csv", "json"):
            seen.append(client.get(f"/api/export/{what}?format={kind}")["Content-Disposition"])
    assert len(seen) >= 16
    assert not [each for each in seen if not PLAIN.fullmatch(each)]


# --- formulas -----------------------------------------------------------------------------------------

# Every module that writes a table, and what proves its cells below.
WRITERS = {
    "kith/kit/tables.py": "all of them",
    "kith/kit/files.py": "keeps what kit/tables.py makes",
    "kith/participants/actions/exporting.py": "participants",
    "kith/participants/actions/reporting.py": "bad rows",
    "kith/analytics/actions.py": "trail",
    "kith/payouts/queries/statements.py": "statements",
    "kith/referrals/actions/exporting.py": "referrals",
    "kith/payouts/providers/csv.py": "payments",
    "kith/compat/queries.py": "older customers and referrals",
    "kith/presets/demo/people.py": "invented people, whom no caller names",
}


def test_every_writer_of_tables_is_tried() -> None:
    writing = re.compile(r"csv\.writer\(|tables\.as_csv\(|tables\.as_file\(|keep_table\(|\.to_csv|Workbook\(")
    found = {each.path for each in product() if writing.search((KITH.parent / each.path).read_text())}
    assert found == set(WRITERS)


def stored(name: str) -> bytes:
    with stores.opened(name) as file:
        return file.read()


def statement() -> Statement:
    """One in which whoever made a payment wrote formulas."""
    none = Money(0, "EUR")
    lines = [Movement(NOW, text, text, none, none) for text in FORMULAS]
    return Statement("EUR", NOW.date(), NOW.date(), none, lines, none, {}, none)


def everything_written(acme: Any, alice: Actor) -> dict[str, bytes]:
    """Every kind of CSV file, with formulas wherever people can write text."""
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        for number, text in enumerate(FORMULAS):
            person = {"external_id": f"{text}{number}", "visa_type": text, "visa_stage": text}
            participants.create_participant(name=text, **person, extra={text: text}, actor=SYSTEM, now=NOW)
            refer(scene, name=text, booking_reference=f"{text}{number}", visa_type=text)
        lines = [Line(text, text, text, text, text, Money(1, "EUR")) for text in FORMULAS]
        found = {
            "participants": stored(participants.export_participants(format="csv")[0]),
            "everybody": b"".join(participants.everybody(format="csv")),
            "trail": stored(analytics.export_trail(format="csv")[0]),
            "statements": statement_csv([statement()]),
            "referrals": stored(referrals.export_referrals(format="csv")[0]),
            "payments": payments.write(lines, language="nl"),
            "older customers": compat.as_csv(compat.CUSTOMER_COLUMNS, compat.all_customers()),
            "older referrals": compat.as_csv(compat.REFERRAL_COLUMNS, compat.all_referrals()),
        }
    table = io.StringIO()
    csv.writer(table).writerows([["name", "email"], *([text, text] for text in FORMULAS)])
    done = participants.import_customers(
        tenant_id=acme.id,
        stream=io.BytesIO(table.getvalue().encode()),
        mode="skip-bad-rows",
        actor=SYSTEM,
        now=NOW,
    )
    with tenancy.use(acme.id):
        return {**found, "bad rows": stored(done.error_file)}


def test_no_cell_of_any_file_is_run_as_a_formula(acme: Any, alice: Actor) -> None:
    for what, content in everything_written(acme, alice).items():
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        cells = [cell for row in rows for cell in row]
        assert sum("HYPERLINK" in cell for cell in cells) >= 1, f"{what} has no formula in it"
        assert not [cell for cell in cells if RUN.match(cell)], what
        assert len({len(row) for row in rows}) == 1, f"{what}: a cell became two"
