"""Lists as members arranged them."""

from typing import Any

import pytest
from django.urls import reverse

from conftest import make_member
from kith.kit import clock, tenancy
from kith.kit.errors import Forbidden, NotFound
from kith.tenants import access, actions, queries, rules
from kith.tenants.models import SavedView

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
PEOPLE = "participants:list"


def kept(acme: Any, actor: Any, **values: Any) -> SavedView:
    with tenancy.use(acme.id, actor=actor):
        given = {"page": PEOPLE, "name": "Dutch", "query": "country=NL", **values}
        return actions.save_view(**given, actor=actor, now=clock.now())


def names(acme: Any, actor: Any, page: str = PEOPLE) -> list[str]:
    with tenancy.use(acme.id):
        return [row.name for row in queries.views_of(page, actor.id).views]


def test_a_view_keeps_filters_but_not_the_place_in_the_list() -> None:
    assert rules.view_query("?q=a%20b&page=3&cursor=xyz&country=NL&status=") == "q=a+b&country=NL"


def test_a_view_is_its_members_own_until_it_is_shared(acme: Any, alice: Any) -> None:
    agent = make_member(acme, "agnes", "agent")
    kept(acme, alice)
    assert (names(acme, alice), names(acme, agent)) == (["Dutch"], [])
    with tenancy.use(acme.id), pytest.raises(NotFound):
        access.view(agent, SavedView.objects.get().pk)
    again = kept(acme, alice, name=" Dutch ", query="country=BE", shared=True)
    assert (again.query, names(acme, agent)) == ("country=BE", ["Dutch"])
    assert names(acme, agent, "rewards:queue") == []


def test_who_looks_only_may_keep_views_but_not_share_them(acme: Any, bob: Any) -> None:
    kept(acme, bob)
    with pytest.raises(Forbidden):
        kept(acme, bob, name="For all", shared=True)
    assert names(acme, bob) == ["Dutch"]


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "x" * 61}, {"page": "tenants:team"}, {"query": "q=" + "x" * 1600}]
)
def test_what_cannot_be_kept_is_named_and_nothing_is_stored(acme: Any, alice: Any, wrong: dict) -> None:
    with pytest.raises(actions.ViewInvalid) as refused:
        kept(acme, alice, **wrong)
    assert list(refused.value.fields) == list(wrong)
    assert names(acme, alice) == []


def test_a_member_keeps_thirty_views_and_may_still_change_one(acme: Any, alice: Any) -> None:
    for number in range(rules.MOST_VIEWS):
        kept(acme, alice, name=f"View {number}")
    with pytest.raises(actions.ViewInvalid):
        kept(acme, alice, name="One more")
    assert kept(acme, alice, name="View 7", query="q=x").query == "q=x"


def test_views_are_removed_by_their_member_and_shared_ones_by_administrators(
    acme: Any, alice: Any, browse: Any
) -> None:
    agent, other = make_member(acme, "agnes", "agent"), make_member(acme, "otto", "agent")
    shared = kept(acme, agent, shared=True)
    with tenancy.use(acme.id), pytest.raises(Forbidden):
        actions.remove_view(view=access.view(other, shared.pk), actor=other)
    remove = reverse("tenants:view_remove", args=[acme.slug, shared.pk])
    assert browse(alice).post(remove).status_code == 303
    assert names(acme, agent) == []
    assert browse(alice).post(remove).status_code == 404


def test_the_forms_keep_a_view_and_the_columns_and_lead_back(acme: Any, alice: Any, browse: Any) -> None:
    client, people = browse(alice), reverse(PEOPLE, args=[acme.slug])
    form = {"page": PEOPLE, "name": "Dutch", "query": "?country=NL&page=2", "shared": "on"}
    answer = client.post(reverse("tenants:view_save", args=[acme.slug]), form)
    assert (answer.status_code, answer["Location"]) == (303, f"{people}?country=NL")
    chosen = {"page": PEOPLE, "columns": ["code", "country"], "query": "country=NL"}
    answer = client.post(reverse("tenants:columns", args=[acme.slug]), chosen)
    assert (answer.status_code, answer["Location"]) == (303, f"{people}?country=NL")
    with tenancy.use(acme.id):
        found = queries.views_of(PEOPLE, alice.id)
    assert ([row.shared for row in found.views], found.columns) == ([True], "columns=code%2Ccountry")
