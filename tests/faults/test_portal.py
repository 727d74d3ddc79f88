"""No participant gets at another one's rows, of the same organization or of another; not by any page or id.

The pages come from the URL map, so a new one is tried without being named here.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.participants import actions
from kith.participants.models import CompanyPerson, Participant, PortalSession
from kith.payouts.models import PayoutAccount
from kith.referrals.models import Note, Referral
from kith.tenants.access import portal_cookie
from tests.faults.calls import browser, portal_pages, text
from tests.faults.worlds import CODE, MARK, THE_ID, World, build, rows_of, taken_back
from tests.guards.surface import Entry

ODD = ("\0", "x" * 5_000, "=cmd|' /C calc'!A0", "\u202egpj", "'\"><script>alert(1)</script>", "-1")
FIELDS = (
    "name",
    "email",
    "code",
    "phone",
    "language",
    "text",
    "role",
    "holder",
    "iban",
    "bic",
    "q",
    "show",
    "page",
)
ROWS = (Referral, CompanyPerson, PortalSession, PayoutAccount, Note)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    with django_db_blocker.unblock(), taken_back():
        yield build()


def inside(world: World, tenant: Any, kind: str = "person") -> Client:
    """The browser of a new participant, signed in to the portal of `tenant`; a company sees all there is."""
    with tenancy.use(tenant.id):
        dana = actions.create_participant(name="Dana", kind=kind, actor=SYSTEM, now=clock.now())
        opened = actions.start_portal_session(participant=dana, actor=SYSTEM, now=clock.now())
    client = Client(raise_request_exception=False)
    client.cookies[portal_cookie(tenant.slug)] = opened.token
    return client


def ask(client: Client, entry: Entry, slug: str, method: str, value: str = "Eli Evers") -> Any:
    """GET or POST the page of the organization `slug` with foreign ids in its path and in its fields."""
    named = {"uuid": THE_ID, "int": 1, "slug": CODE.lower()}
    url = entry.url(lambda kind, name: slug if name == "tenant" else named.get(kind, CODE))
    return getattr(client, method)(url, dict.fromkeys(FIELDS, value) | {"id": str(THE_ID)})


def shown(response: Any, world: World) -> str:
    """What the answer says beyond name and address of the organization, which everybody may know."""
    page = text(response)
    name = world.rival.name.lower()
    for known in (world.rival.slug, name, name[:12].strip()):
        page = page.replace(known, "")
    return page


@pytest.mark.parametrize("entry", portal_pages(), ids=str)
def test_a_portal_never_shows_or_changes_another_organization(world: World, entry: Entry) -> None:
    before, wrong = rows_of(world.rival), []
    for kind in ("person", "company"):
        for method in ("get", "post"):
            with taken_back():
                client = inside(world, world.acme, kind)
                elsewhere = ask(client, entry, world.rival.slug, method)
                # The token of one organization under the name of the other's cookie opens nothing either.
                client.cookies[portal_cookie(world.rival.slug)] = client.cookies[
                    portal_cookie(world.acme.slug)
                ].value
                borrowed = ask(client, entry, world.rival.slug, method)
                at_home = ask(client, entry, world.acme.slug, method)
                changed = rows_of(world.rival) != before
            for said in (elsewhere, borrowed, at_home):
                if said.status_code >= 500 or MARK in shown(said, world):
                    wrong.append(f"{kind} {method}: {said.status_code}: {shown(said, world)[:160]}")
            is_open = entry.reason is None or "participant's own" not in entry.reason
            if not is_open and elsewhere.status_code not in (302, 405):
                wrong.append(f"{kind} {method}: {elsewhere.status_code} without being signed in there")
            if names_rows(entry) and at_home.status_code not in (404, 405):
                wrong.append(f"{kind} {method}: {at_home.status_code} for a foreign row, not 404")
            wrong += [f"{kind} {method}: changed Rival's rows"] if changed else []
    assert not wrong, "\n".join([str(entry), *wrong])


def names_rows(entry: Entry) -> bool:
    return any(kind == "uuid" for kind, _name in entry.parameters)


@pytest.mark.parametrize("entry", portal_pages(), ids=str)
def test_a_portal_never_shows_another_participant_of_the_same_organization(
    world: World, entry: Entry
) -> None:
    before, wrong = rows_of(world.rival), []
    for kind in ("person", "company"):
        for method in ("get", "post"):
            with taken_back():
                said = ask(inside(world, world.rival, kind), entry, world.rival.slug, method)
                kept = {model.__name__: _exists(world, model) for model in ROWS}
            if said.status_code >= 500 or MARK in shown(said, world):
                wrong.append(f"{kind} {method}: {said.status_code}: {shown(said, world)[:160]}")
            if names_rows(entry) and said.status_code not in (404, 405):
                wrong.append(f"{kind} {method}: {said.status_code} for the row of somebody else, not 404")
            wrong += [
                f"{kind} {method}: {name} of somebody else is gone"
                for name, there in kept.items()
                if not there
            ]
    assert rows_of(world.rival) == before
    assert not wrong, "\n".join([str(entry), *wrong])


def _exists(world: World, model: Any) -> bool:
    """The planted row is there as it was: neither ended nor archived nor removed."""
    ends = [name for name in ("ended_at", "archived_at", "removed_at") if hasattr(model, name)]
    with tenancy.use(world.rival.id):
        row = model.objects.filter(pk=THE_ID).values(*ends, "id").first()
    return row is not None and not any(row[name] for name in ends)


@pytest.mark.parametrize("entry", portal_pages(), ids=str)
def test_the_staffs_own_sessions_open_no_portal(world: World, entry: Entry) -> None:
    is_open = entry.reason is None or "participant's own" not in entry.reason
    for role in ("owner", "viewer"):
        with taken_back():
            said = ask(browser(world, role), entry, world.acme.slug, "get")
        assert said.status_code < 500
        assert is_open or said.status_code in (302, 405)


@pytest.mark.parametrize("entry", portal_pages(), ids=str)
def test_odd_input_is_no_defect(world: World, entry: Entry) -> None:
    for value in ODD:
        for method in ("get", "post"):
            with taken_back():
                said = ask(inside(world, world.acme, "company"), entry, world.acme.slug, method, value)
                assert said.status_code < 500, (method, value[:20])
                assert "<script>alert(1)" not in text(said)


def test_the_planted_rows_are_real_their_owner_reaches_them(world: World) -> None:
    with taken_back():
        with tenancy.use(world.rival.id):
            owner = Participant.objects.get(pk=THE_ID)
            opened = actions.start_portal_session(participant=owner, actor=SYSTEM, now=clock.now())
        client = Client(raise_request_exception=False)
        client.cookies[portal_cookie(world.rival.slug)] = opened.token
        reached = client.get(f"/p/{world.rival.slug}/profile/")
        assert MARK in shown(reached, world)
