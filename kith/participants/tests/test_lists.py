"""The list of people: filters, order, columns, and what is done to many."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.kit.models import Job
from kith.participants import actions, queries
from kith.participants import jobs as tasks
from kith.participants.models import Participant
from kith.participants.queries import Filters
from kith.participants.tests.factories import AT, make_participant

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def at(name: str, *args: Any) -> str:
    return reverse(f"participants:{name}", args=args)


def text(response: Any) -> str:
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


@pytest.fixture
def three(acme: Any) -> list[Participant]:
    """Dana of June, Eli the Belgian company of July who referred somebody, and Finn who was suspended."""
    with tenancy.use(acme.id):
        dana = make_participant(name="Dana Jansen", country="NL")
        july = datetime.datetime(2026, 7, 1, 9, tzinfo=datetime.UTC)
        eli = make_participant(name="Eli BV", country="BE", kind="company", source="import", now=july)
        Participant.objects.filter(pk=eli.pk).update(first_referral_at=july)
        finn = make_participant(name="Finn Bakker", country="NL")
        actions.suspend_participant(participant=finn, actor=SYSTEM, now=AT)
        return [dana, eli, finn]


def names(acme: Any, **wanted: Any) -> set[str]:
    with tenancy.use(acme.id):
        return {row.name for row in queries.page_of(Filters(**wanted)).items}


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        ({}, {"Dana Jansen", "Eli BV", "Finn Bakker"}),
        ({"status": "suspended"}, {"Finn Bakker"}),
        ({"kind": "company"}, {"Eli BV"}),
        ({"country": "NL", "status": "active"}, {"Dana Jansen"}),
        ({"source": "import"}, {"Eli BV"}),
        ({"referred": "yes"}, {"Eli BV"}),
        ({"referred": "no"}, {"Dana Jansen", "Finn Bakker"}),
        ({"since": datetime.date(2026, 7, 1)}, {"Eli BV"}),
        ({"until": datetime.date(2026, 6, 30)}, {"Dana Jansen", "Finn Bakker"}),
        ({"search": "jansen"}, {"Dana Jansen"}),
    ],
)
def test_each_filter_leaves_whom_it_says(acme: Any, three: Any, wanted: dict, who: set) -> None:
    assert names(acme, **wanted) == who


def test_filters_survive_a_job() -> None:
    kept = Filters(search="x", since=datetime.date(2026, 7, 1), ids=(uuid7(),))
    assert Filters.of_json(kept.as_json()) == kept
    assert Filters.of_json({"search": "x", "unknown": 1}) == Filters(search="x")


def test_the_address_says_filters_order_and_columns(acme: Any, alice: Any, three: Any, browse: Any) -> None:
    client, url = browse(alice), at("list", acme.slug)
    shown = text(client.get(url, {"country": "BE", "sort": "name", "columns": "kind"}))
    assert "Eli BV" in shown
    assert "Dana Jansen" not in shown
    head = shown[shown.index("<thead") : shown.index("</thead")]
    assert "Kind" in head
    assert "Country" not in head
    assert client.get(url, {"since": "yesterday"}).status_code == 422
    page = text(client.get(url, {"sort": "name"}))
    assert page.index("Dana Jansen") < page.index("Eli BV") < page.index("Finn Bakker")


def test_columns_and_views_are_kept_per_member(
    acme: Any, alice: Any, bob: Any, three: Any, browse: Any
) -> None:
    client, url = browse(alice), at("list", acme.slug)
    kept = {"page": "participants:list", "columns": ["language"]}
    client.post(reverse("tenants:columns", args=[acme.slug]), kept)
    view = {"page": "participants:list", "name": "Belgians", "query": "country=BE"}
    client.post(reverse("tenants:view_save", args=[acme.slug]), view)
    own, other = text(client.get(url)), text(browse(bob).get(url))
    assert '<th scope="col" class="wide">Language</th>' in own
    assert '<th scope="col" class="wide">Language</th>' not in other
    assert "Belgians" in own
    assert "Belgians" not in other


def test_ticked_people_are_shown_before_anything_is_done(
    acme: Any, alice: Any, bob: Any, three: Any, browse: Any
) -> None:
    dana, _eli, finn = three
    client, url = browse(alice), at("bulk", acme.slug)
    form = {"do": "suspend", "ids": [dana.pk, finn.pk]}
    shown = text(client.post(url, form))
    assert "Suspend 2 people?" in shown
    assert names(acme, status="suspended") == {"Finn Bakker"}
    assert browse(bob).post(url, form).status_code == 403
    assert client.post(url, {**form, "sure": "1", "reason": "odd"}).status_code == 303
    assert names(acme, status="suspended") == {"Dana Jansen", "Finn Bakker"}
    assert "1 person suspended. 1 stayed as it was." in text(client.get(at("list", acme.slug)))


@pytest.mark.parametrize(
    ("form", "status"),
    [({"do": "suspend"}, 422), ({"do": "forget", "all": "1"}, 422), ({"do": "suspend", "ids": "x"}, 404)],
)
def test_a_selection_that_is_none_changes_nothing(
    acme: Any, alice: Any, three: Any, browse: Any, form: dict, status: int
) -> None:
    assert browse(alice).post(at("bulk", acme.slug), {**form, "sure": "1"}).status_code == status
    assert names(acme, status="suspended") == {"Finn Bakker"}


def test_everybody_who_matches_is_a_job_when_they_are_many(
    acme: Any, alice: Any, three: Any, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kith.participants.actions.bulk.AT_ONCE", 1)
    client = browse(alice)
    form = {"do": "suspend", "all": "1", "query": "country=NL", "sure": "1"}
    answer = client.post(at("bulk", acme.slug), form)
    with tenancy.use(acme.id):
        job = Job.objects.get()
    assert answer["Location"] == at("job", acme.slug, job.id)
    assert 'hx-trigger="every 1s"' in text(client.get(answer["Location"]))
    tasks.bulk(tenant_id=acme.id, job_id=str(job.id))
    assert names(acme, status="suspended") == {"Dana Jansen", "Finn Bakker"}
    with tenancy.use(acme.id):
        job = Job.objects.get()
    assert (job.state, job.counts) == ("succeeded", {"changed": 1, "unchanged": 1})
    assert "1 person" in text(client.get(answer["Location"]))


def test_the_selection_is_exported_and_nothing_else(acme: Any, alice: Any, three: Any, browse: Any) -> None:
    client = browse(alice)
    client.post(at("export_chosen", acme.slug), {"ids": [three[0].pk]})
    with tenancy.use(acme.id):
        job = Job.objects.get()
    tasks.export(tenant_id=acme.id, job_id=str(job.id))
    file = b"".join(client.get(at("job_result", acme.slug, job.id)).streaming_content).decode()
    assert "Dana Jansen" in file
    assert "Finn Bakker" not in file


def test_likely_duplicates_are_found_by_phone_and_by_name(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), at("duplicates", acme.slug)
    assert "Nobody seems to be here twice" in text(client.get(url))
    with tenancy.use(acme.id):
        one = make_participant(name="Dana Jansen", phone="+31612345678")
        two = make_participant(name="D. Jansen", phone="0612345678", country="NL")
        make_participant(name="Eli Evers", country="NL")
        make_participant(name="eli evers", country="NL")
        make_participant(name="Eli Evers", country="BE")
        found = queries.duplicates()
    assert [(group.reason, len(group.people)) for group in found] == [("phone", 2), ("name", 2)]
    assert [person.pk for person in found[0].people] == [one.pk, two.pk]
    shown = text(client.get(url))
    assert reverse("payouts:merge", args=[acme.slug, one.pk, two.pk]) in shown


def test_strangers_find_nothing(acme: Any, charlie: Any, browse: Any) -> None:
    for name in ("bulk", "export_chosen"):
        assert browse(charlie).post(at(name, acme.slug)).status_code == 404
        assert Client().post(at(name, acme.slug)).status_code == 302
    assert browse(charlie).get(at("duplicates", acme.slug)).status_code == 404


def test_who_was_told_apart_is_not_suggested_until_somebody_takes_it_back(
    acme: Any, alice: Any, browse: Any
) -> None:
    client = browse(alice)
    with tenancy.use(acme.id):
        dana, dani, mike = (make_participant(name=f"D{at} Jansen", phone="+31612345678") for at in range(3))
    for one, other in ((dani, dana), (dana, dani)):
        assert client.post(at("apart", acme.slug, one.pk, other.pk)).status_code == 303
    with tenancy.use(acme.id):
        (group,) = queries.duplicates()
        assert [(person.pk, twin and twin.pk) for person, twin in group.rows] == [
            (dana.pk, None), (dani.pk, None), (mike.pk, dana.pk)
        ]  # fmt: skip
        assert queries.likely_same(dana) == [mike]
        assert len(queries.told_apart()) == 1
    client.post(at("apart", acme.slug, dana.pk, mike.pk))
    with tenancy.use(acme.id):
        (group,) = queries.duplicates()
        assert [person.pk for person in group.people] == [dani.pk, mike.pk]
    client.post(at("apart", acme.slug, dani.pk, mike.pk))
    assert "Nobody seems to be here twice" in text(client.get(at("duplicates", acme.slug)))
    client.post(at("alike", acme.slug, dani.pk, dana.pk))
    with tenancy.use(acme.id):
        (group,) = queries.duplicates()
        assert [person.pk for person in group.people] == [dana.pk, dani.pk]


def test_only_who_may_merge_tells_apart(acme: Any, bob: Any, alice: Any, browse: Any) -> None:
    with tenancy.use(acme.id):
        one, other = make_participant(), make_participant()
    for name in ("apart", "alike"):
        assert browse(bob).post(at(name, acme.slug, one.pk, other.pk)).status_code == 403
    assert browse(alice).post(at("apart", acme.slug, one.pk, one.pk)).status_code == 409
