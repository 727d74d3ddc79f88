"""The console's pages about participants."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.models import Job
from kith.participants import jobs as tasks
from kith.participants.models import Participant
from kith.participants.tests.factories import make_participant

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def at(name: str, *args: Any) -> str:
    return reverse(f"participants:{name}", args=args)


@pytest.fixture
def dana(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Dana <Jansen>", email="dana@example.com", phone="+31612345678")


def test_the_list_greets_finds_filters_and_says_when_nothing_matches(
    acme: Any, alice: Any, browse: Any
) -> None:
    client, url = browse(alice), at("list", acme.slug)
    assert "Nobody is enrolled yet" in text(client.get(url))
    with tenancy.use(acme.id):
        make_participant(name="Dana Jansen")
    assert "Dana Jansen" in text(client.get(url))
    assert "Dana Jansen" in text(client.get(url, {"q": "jansen"}))
    assert "Nobody matches" in text(client.get(url, {"q": "zzzz"}))
    assert "Nobody matches" in text(client.get(url, {"status": "suspended"}))
    assert client.get(url, {"page": "x"}).status_code == 422


def test_htmx_gets_only_the_rows(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    url = at("list", acme.slug)
    part = text(browse(alice).get(url, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="list">')
    assert "<html" not in part
    assert "<html" in text(browse(alice).get(url))


def test_a_long_list_costs_as_many_statements_as_a_short_one(acme: Any, alice: Any, browse: Any) -> None:
    client, url, counts = browse(alice), at("list", acme.slug), []
    for number in (3, 27):
        with tenancy.use(acme.id):
            for _each in range(number):
                make_participant()
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_heading_is_the_organizations_own_word(acme: Any, alice: Any, browse: Any) -> None:
    acme.labels = {"participant_plural": {"en": "Travelers"}}
    acme.save()
    assert "<h1>Travelers</h1>" in text(browse(alice).get(at("list", acme.slug)))


def test_somebody_is_enrolled_with_a_code(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), at("create", acme.slug)
    assert text(client.get(url))
    bad = client.post(url, {"name": "", "kind": "person", "phone": "12"})
    assert bad.status_code == 422
    assert 'id="id_name_error"' in text(bad)
    assert client.post(url, {"name": "Eli", "kind": "person", "email": "no"}).status_code == 422
    done = client.post(url, {"name": "Eli", "kind": "person", "email": "eli@example.com", "country": "NL"})
    assert done.status_code == 303
    with tenancy.use(acme.id):
        eli = Participant.objects.get(email="eli@example.com")
    assert done["Location"] == at("detail", acme.slug, eli.id)
    twice = client.post(url, {"name": "Eli", "kind": "person", "email": "eli@example.com"})
    assert twice.status_code == 422
    assert 'id="id_email_error"' in text(twice)


def test_the_page_of_one_person_shows_facts_and_link(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    shown = text(browse(alice).get(at("detail", acme.slug, dana.id)))
    assert "Dana &lt;Jansen&gt;" in shown
    assert f"/r/{dana.code}" in shown
    assert "+31612345678" in shown


def test_facts_change(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    client, url = browse(alice), at("edit", acme.slug, dana.id)
    assert "+31612345678" in text(client.get(url))
    good = {"name": "Dana Smit", "kind": "company", "email": "dana@example.com", "phone": "", "country": ""}
    assert client.post(url, {**good, "name": " "}).status_code == 422
    assert client.post(url, {**good, "phone": "nothing"}).status_code == 422
    assert client.post(url, good).status_code == 303
    with tenancy.use(acme.id):
        dana.refresh_from_db()
    assert (dana.name, dana.kind, dana.phone_enc) == ("Dana Smit", "company", None)


def test_somebody_is_suspended_and_may_refer_again(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    client = browse(alice)
    for name, status in (("suspend", "suspended"), ("reactivate", "active")):
        assert client.post(at(name, acme.slug, dana.id), {"reason": "odd"}).status_code == 303
        with tenancy.use(acme.id):
            dana.refresh_from_db()
        assert dana.status == status
    assert client.get(at("suspend", acme.slug, dana.id)).status_code == 405


def test_viewers_look_and_strangers_find_nothing(
    acme: Any, bob: Any, charlie: Any, dana: Any, browse: Any
) -> None:
    for name in ("list", "detail"):
        args = [acme.slug] + ([dana.id] if name == "detail" else [])
        assert browse(bob).get(at(name, *args)).status_code == 200
        assert browse(charlie).get(at(name, *args)).status_code == 404
        assert Client().get(at(name, *args)).status_code == 302
    for name in ("create", "edit", "suspend", "reactivate"):
        args = [acme.slug] + ([] if name == "create" else [dana.id])
        assert browse(bob).post(at(name, *args), {"name": "X"}).status_code == 403
        assert browse(charlie).post(at(name, *args), {"name": "X"}).status_code == 404


def test_an_id_of_another_organization_is_not_found(rival: Any, charlie: Any, dana: Any, browse: Any) -> None:
    for name in ("detail", "edit"):
        assert browse(charlie).get(at(name, rival.slug, dana.id)).status_code == 404
    assert browse(charlie).post(at("suspend", rival.slug, dana.id)).status_code == 404


# --- tables in and out --------------------------------------------------------------------------------


def the_job(acme: Any) -> Job:
    with tenancy.use(acme.id):
        found: Job = Job.objects.latest("created_at")
        return found


def work(row: Job) -> None:
    """What the worker does with a queued job; outside the request's transaction as there."""
    tasks.export(tenant_id=row.tenant_id, job_id=str(row.id))


def test_a_list_is_exported(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    client, url = browse(alice), at("export", acme.slug)
    assert text(client.get(url))
    assert client.post(url, {"format": "pdf"}).status_code == 422
    assert client.post(url, {"format": "csv"}).status_code == 303
    row = the_job(acme)
    work(row)
    assert "1 row." in text(client.get(at("job", acme.slug, row.id)))
    file = client.get(at("job_result", acme.slug, row.id))
    assert b"dana@example.com" in b"".join(file.streaming_content)


def test_jobs_are_for_those_who_may_and_their_own_organization(
    acme: Any, alice: Any, bob: Any, charlie: Any, rival: Any, browse: Any
) -> None:
    browse(alice).post(at("export", acme.slug), {"format": "csv"})
    row = the_job(acme)
    for name, *args in (
        ("import",),
        ("export",),
        ("job", row.id),
        ("job_errors", row.id),
        ("job_result", row.id),
    ):
        assert browse(bob).get(at(name, acme.slug, *args)).status_code == 403
        assert browse(charlie).get(at(name, acme.slug, *args)).status_code == 404
        if args:
            assert browse(charlie).get(at(name, rival.slug, *args)).status_code == 404
