"""The import wizard: a file, what Kith makes of it, the start, and the rows that come back to be mended."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from kith.kit import clock, files, tenancy
from kith.kit.models import Job, JobState
from kith.participants import actions
from kith.participants import jobs as tasks
from kith.participants.models import Participant

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

ODD = "Wie;Waar bereikbaar;Nr.;Schoenmaat\nEli Evers;eli@example.com;7;43\nFay Faber;geen adres;8;38\n"
ODD_COLUMNS = {"column_1": "name", "column_2": "email", "column_3": "external_id", "column_4": "keep"}


def at(name: str, *args: Any) -> str:
    return reverse(f"participants:{name}", args=args)


def text(response: Any) -> str:
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def file(content: str | bytes, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def latest(tenant: Any) -> Job:
    with tenancy.use(tenant.id):
        found: Job = Job.objects.latest("created_at", "id")
        return found


def uploaded(client: Any, tenant: Any, content: str | bytes, name: str = "people.csv") -> Job:
    answer = client.post(at("import", tenant.slug), {"file": file(content, name)})
    row = latest(tenant)
    assert (answer.status_code, answer["Location"]) == (303, at("import_look", tenant.slug, row.id))
    return row


def work(row: Job) -> None:
    tasks.import_customers(tenant_id=row.tenant_id, job_id=str(row.id))


def names(tenant: Any) -> set[str]:
    with tenancy.use(tenant.id):
        return set(Participant.objects.values_list("name", flat=True))


def test_columns_of_any_name_are_chosen_and_the_start_follows_the_choice(
    acme: Any, alice: Any, browse: Any
) -> None:
    client = browse(alice)
    row = uploaded(client, acme, ODD)
    assert row.state == JobState.DRAFT
    shown = text(client.get(at("import_look", acme.slug, row.id)))
    assert "split by semicolons" in shown
    assert "No column is called" in shown
    assert 'formaction="' not in shown, "what cannot be imported cannot be started"
    part = text(
        client.post(at("import_look", acme.slug, row.id), ODD_COLUMNS | {"mode": "skip-bad-rows"},
                    headers={"HX-Request": "true"})
    )  # fmt: skip
    assert "<html" not in part
    assert "Eli Evers" in part
    assert "1 row of 2 cannot be stored like this" in part
    assert "geen adres" in part
    assert names(acme) == set(), "looking stores nothing"
    answer = client.post(at("import_start", acme.slug, row.id), ODD_COLUMNS | {"mode": "skip-bad-rows"})
    assert answer["Location"] == at("job", acme.slug, row.id)
    follows = text(client.get(at("job", acme.slug, row.id), headers={"HX-Request": "true"}))
    assert 'hx-trigger="every 1s"' in follows
    work(row)
    assert "The table is imported" in text(client.get(at("job", acme.slug, row.id)))
    with tenancy.use(acme.id):
        eli = Participant.objects.get()
    assert (eli.name, eli.email, eli.external_id) == ("Eli Evers", "eli@example.com", "7")
    assert eli.extra == {"Schoenmaat": "43"}


def test_the_rows_to_repair_are_imported_again_once_mended(acme: Any, alice: Any, browse: Any) -> None:
    client = browse(alice)
    row = uploaded(client, acme, "name,email,phone\nEli,eli@example.com,\nFay,fay at home,+31612345678\n")
    client.post(at("import_start", acme.slug, row.id), {"mode": "skip-bad-rows"})
    work(row)
    errors = b"".join(client.get(at("job_errors", acme.slug, row.id)).streaming_content).decode()
    assert "fay at home" in errors
    back = b"".join(client.get(at("job_repair", acme.slug, row.id)).streaming_content).decode()
    assert back.splitlines()[0] == "\ufeffname,email,phone,kith_remedy"
    assert len(back.splitlines()) == 2, "only the bad row comes back"
    assert "email: This is not an e-mail address" in back
    mended = uploaded(client, acme, back.replace("fay at home", "fay@example.com"))
    shown = text(client.get(at("import_look", acme.slug, mended.id)))
    assert "1 row was checked and is good" in shown
    client.post(at("import_start", acme.slug, mended.id), {"mode": "all-or-nothing"})
    work(mended)
    assert names(acme) == {"Eli", "Fay"}
    with tenancy.use(acme.id):
        assert Participant.objects.get(name="Fay").extra == {}


@pytest.mark.parametrize("mark", [";", "\t"])
def test_what_an_import_gives_back_is_separated_as_the_file_was(
    acme: Any, alice: Any, browse: Any, mark: str
) -> None:
    client = browse(alice)
    row = uploaded(client, acme, f'name{mark}email\n"Fay, Fo"{mark}no\n'.encode("cp1252"))
    client.post(at("import_start", acme.slug, row.id), {"mode": "all-or-nothing"})
    work(row)
    for name, head in (("job_errors", "line"), ("job_repair", "name")):
        lines = (
            b"".join(client.get(at(name, acme.slug, row.id)).streaming_content)
            .decode("utf-8-sig")
            .splitlines()
        )
        assert lines[0].split(mark)[0] == head
        assert [len(next(csv.reader([line], delimiter=mark))) for line in lines] == [
            lines[0].count(mark) + 1
        ] * 2


def test_all_or_nothing_stores_nothing_and_gives_the_rows_back(acme: Any, alice: Any, browse: Any) -> None:
    client = browse(alice)
    row = uploaded(client, acme, "name,email\nEli,eli@example.com\nFay,no\n")
    client.post(at("import_start", acme.slug, row.id), {"mode": "all-or-nothing"})
    work(row)
    shown = text(client.get(at("job", acme.slug, row.id)))
    assert "Nothing was imported." in shown
    assert "Download the rows to repair" in shown
    assert names(acme) == set()


def test_another_sheet_is_looked_at_without_the_choices_for_the_first(
    acme: Any, alice: Any, browse: Any
) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["Remember", "the milk"])
    people = book.create_sheet("People")
    people.append(["name", "email"])
    people.append(["Eli", "eli@example.com"])
    content = io.BytesIO()
    book.save(content)
    client = browse(alice)
    row = uploaded(client, acme, content.getvalue(), "book.xlsx")
    assert '<option value="People">' in text(client.get(at("import_look", acme.slug, row.id)))
    wishes = {"mode": "skip-bad-rows", "sheet": "People", "seen_sheet": "Notes", "column_1": "phone"}
    shown = text(client.post(at("import_look", acme.slug, row.id), wishes))
    assert "eli@example.com" in shown
    assert "good" in shown


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "empty"), (b"%PDF-1.7", "PDF"), (b"PK\x03\x04broken", "damaged")],
)
def test_an_unreadable_file_says_what_to_do(
    content: str | bytes, said: str, acme: Any, alice: Any, browse: Any
) -> None:
    client = browse(alice)
    if not content:
        assert client.post(at("import", acme.slug), {"file": file(content)}).status_code == 422
        return
    row = uploaded(client, acme, content)
    shown = client.get(at("import_look", acme.slug, row.id))
    assert shown.status_code == 422
    assert said in text(shown)
    assert "Choose another file" in text(shown)


def test_a_made_up_target_is_refused_at_both_doors(acme: Any, alice: Any, browse: Any, call: Any) -> None:
    client = browse(alice)
    row = uploaded(client, acme, ODD)
    wishes = {"mode": "skip-bad-rows", "column_1": "password"}
    for name in ("import_look", "import_start"):
        assert client.post(at(name, acme.slug, row.id), wishes).status_code == 422
    assert latest(acme).state == JobState.DRAFT
    for mapping in ('{"Wie": "password"}', "[1]", "{"):
        answer = call(alice).post("/api/v1/participants/import", {"file": file(ODD), "mapping": mapping})
        assert answer.status_code == 422, mapping
        assert "mapping" in answer.json()["details"]["fields"]


def test_the_api_takes_the_same_mapping(acme: Any, alice: Any, call: Any) -> None:
    mapping = '{"Wie": "name", "#2": "email", "Nr.": "external_id"}'
    answer = call(alice).post(
        "/api/v1/participants/import", {"file": file(ODD), "mapping": mapping, "mode": "skip-bad-rows"}
    )
    assert answer.status_code == 202
    work(latest(acme))
    assert names(acme) == {"Eli Evers"}


def test_a_start_counts_once_and_a_new_draft_replaces_the_one_before(
    acme: Any, alice: Any, browse: Any
) -> None:
    client = browse(alice)
    first = uploaded(client, acme, "name,email\nEli,eli@example.com\n")
    second = uploaded(client, acme, "name,email\nFay,fay@example.com\n")
    assert client.get(at("import_look", acme.slug, first.id)).status_code == 404
    with tenancy.use(acme.id):
        with pytest.raises(files.NotFound):
            files.opened(first.input_file)
    for _twice in range(2):
        answer = client.post(at("import_start", acme.slug, second.id), {"mode": "skip-bad-rows"})
        assert answer["Location"] == at("job", acme.slug, second.id)
    work(second)
    assert client.get(at("import_look", acme.slug, second.id))["Location"] == at("job", acme.slug, second.id)
    assert names(acme) == {"Fay"}


def test_only_those_who_import_see_drafts_and_only_their_own_organization_s(
    acme: Any, alice: Any, bob: Any, charlie: Any, rival: Any, browse: Any
) -> None:
    row = uploaded(browse(alice), acme, ODD)
    for name in ("import_look", "import_start", "job_repair"):
        assert browse(bob).post(at(name, acme.slug, row.id)).status_code == 403
        assert browse(charlie).post(at(name, acme.slug, row.id)).status_code == 404
        assert browse(charlie).post(at(name, rival.slug, row.id)).status_code == 404


def test_a_look_checks_the_beginning_of_a_long_file_and_says_so(in_acme: Any, alice: Any) -> None:
    rows = "".join(f"Name {n},n{n}@example.com\n" for n in range(actions.looking.MOST_CHECKED + 5))
    found = actions.look_into(io.BytesIO(f"name,email\n{rows}".encode()))
    assert (found.checked, found.bad, found.is_all) == (actions.looking.MOST_CHECKED, 0, False)
    assert len(found.rows) == actions.looking.SHOWN


def test_twice_the_same_address_is_seen_while_looking(in_acme: Any) -> None:
    found = actions.look_into(io.BytesIO(b"name,email\nEli,e@example.com\nFay,E@example.com\n"))
    assert found.bad == 1
    assert "line 2" in found.faults[0].remedies[0]


def test_drafts_nobody_starts_lose_their_file_after_a_week(acme: Any, alice: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        long_ago = clock.now() - files.KEPT * 2
        row = actions.prepare_import(file=io.BytesIO(b"name\n"), name="x", actor=alice, now=long_ago)
        assert files.remove_old(clock.now()) == 1
        with pytest.raises(files.NotFound):
            files.opened(row.input_file)
