"""Attacks on letters, proofs of identity and landing pages: stop links, sessions that prove themselves, pages made
by calls, two rows made one, and addresses made by hand."""

import base64
import datetime
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kith.kit import clock, tenancy
from kith.kit.actors import PUBLIC, SYSTEM, Actor
from kith.notifications import actions as letters
from kith.notifications.queries import stop_token, subscriber
from kith.participants import actions as people
from kith.participants.models import CompanyPerson, Participant
from kith.participants.queries import portal as inside
from kith.participants.tests.factories import make_participant, portal_client
from kith.payouts import actions as payouts
from kith.payouts.models import PayoutAccount
from kith.programs import rules
from kith.programs.jobs import forget_pictures
from kith.programs.tests.factories import make_program
from kith.tenants import actions as tenants
from kith.tenants.models import ApiKey, Invitation, Member

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
LATER = datetime.timedelta(minutes=16)


def at(name: str, *args: Any) -> str:
    return reverse(name, args=args)


# --- who it is ----------------------------------------------------------------------------------------


def test_a_second_place_proves_nobody(
    alice: Actor, acme: Any, rival: Any, charlie: Actor, browse: Any
) -> None:
    """Whoever sits at an unlocked screen invites its owner to an organization of their own, and accepts."""
    screen = browse(alice)
    with tenancy.use(rival.id, actor=charlie):
        offered = tenants.invite(email="x@example.com", role="viewer", actor=charlie, now=clock.now())
        link = at("tenants:invitation", tenants.renew_link(invitation=offered))
    with clock.frozen(clock.now() + LATER):
        screen.get("/")
        before = screen.session["ends_at"]
        assert screen.post(link).status_code == 303
        assert screen.get(at("tenants:settings", rival.slug)).status_code in (200, 403), "the place is taken"
        keys = at("tenants:keys", acme.slug)
        assert screen.post(keys, {"name": "Mine", "scopes": ["referrals.view"]}).status_code == 401
        assert screen.session["ends_at"] <= before
    with tenancy.use(acme.id):
        assert not ApiKey.objects.exists()


@pytest.mark.parametrize("code", ["\u00b2" * 6, "\u0661" * 6, "1 2 3", "\u2460", "0" * 9])
def test_digits_of_other_scripts_are_a_wrong_proof(alice: Actor, acme: Any, browse: Any, code: str) -> None:
    screen = browse(alice)
    with clock.frozen(clock.now() + LATER):
        answer = screen.post(at("tenants:keys", acme.slug), {"name": "Mine", "proof": code})
    assert answer.status_code == 401


def test_an_unlocked_screen_hands_out_no_places_and_turns_no_money(
    acme: Any, alice: Actor, bob: Actor, browse: Any
) -> None:
    """Each would do without a proof what a proof is asked for: by somebody else's hands, or to an own account."""
    screen = browse(alice)
    with tenancy.use(acme.id):
        dana = make_participant()
    tries = [
        ("tenants:team", [], {"emails": "mallory@example.com", "role": "owner"}),
        ("tenants:member_role", [bob.id], {"role": "owner"}),
        ("payouts:account_edit", [dana.pk], {"holder": "Mallory", "iban": "NL91ABNA0417164300"}),
    ]
    with clock.frozen(clock.now() + LATER):
        for name, args, sent in tries:
            assert screen.post(at(name, acme.slug, *args), sent).status_code == 401, name
    with tenancy.use(acme.id):
        assert not Invitation.objects.exists()
        assert Member.objects.get(pk=bob.id).role == "viewer"
        assert not PayoutAccount.objects.exists()
    for name, args, sent in tries:
        assert screen.post(at(name, acme.slug, *args), sent).status_code == 303, name


# --- letters ------------------------------------------------------------------------------------------


@pytest.fixture
def two(acme: Any) -> tuple[Participant, Participant]:
    with tenancy.use(acme.id):
        pair = make_participant(name="Dana Jansen"), make_participant(name="Dana Jansen")
        Participant.objects.filter(pk__in=[each.pk for each in pair]).update(last_login_at=clock.now())
        return pair


def merge(survivor: Participant, other: Participant, **choices: str) -> Participant:
    return payouts.merge_participants(
        survivor=survivor, other=other, choices=choices, actor=SYSTEM, now=clock.now()
    )


def test_letters_from_before_a_merge_can_still_be_stopped(acme: Any, two: Any) -> None:
    dana, twin = two
    old = stop_token(twin.pk, "earnings")
    with tenancy.use(acme.id):
        merge(dana, twin, email="other")
    assert Client().post(at("notifications:stop", acme.slug, old)).status_code == 200
    with tenancy.use(acme.id):
        assert inside.reader(dana.pk, "earnings") is None
        assert inside.reader(dana.pk, "progress") is not None


def test_who_said_no_gets_no_letters_after_a_merge(acme: Any, two: Any) -> None:
    dana, twin = two
    with tenancy.use(acme.id):
        who = subscriber(stop_token(twin.pk, "progress"))
        letters.stop_letters(subscriber=who, actor=PUBLIC, now=clock.now())
        merge(dana, twin, email="other")
        assert inside.reader(dana.pk, "progress") is None
        assert inside.reader(dana.pk, "earnings") is not None


# --- companies ----------------------------------------------------------------------------------------


def colleague(company: Participant, role: str = "member") -> CompanyPerson:
    return people.add_company_person(
        company=company, name="Cas", email=f"cas-{company.pk}@example.com", role=role, actor=SYSTEM, now=clock.now()
    )  # fmt: skip


def test_a_company_that_people_sign_in_for_does_not_become_a_person_by_a_merge(acme: Any, two: Any) -> None:
    with tenancy.use(acme.id):
        company = make_participant(name="Vlier", kind="company")
        colleague(company)
        with pytest.raises(people.CompanyWithPeople):
            merge(company, two[0], kind="other")
        company.refresh_from_db()
        assert company.kind == "company"


def test_nobody_signs_in_for_what_is_no_company_any_more(acme: Any) -> None:
    with tenancy.use(acme.id):
        company = make_participant(name="Vlier", kind="company")
        boss = colleague(company, "admin")
    client, home = portal_client(company, person=boss), at("rewards:portal_home", acme.slug)
    assert client.get(home).status_code == 200
    with tenancy.use(acme.id):
        people.update_participant(
            participant=company, changes={"kind": "person"}, actor=SYSTEM, now=clock.now()
        )
        assert inside.portal_identity(boss.email) is None
    assert client.get(home).status_code == 302


def test_a_plain_colleague_does_not_change_what_the_company_is_called_or_told(acme: Any) -> None:
    with tenancy.use(acme.id):
        company = make_participant(name="Vlier", kind="company")
        plain = colleague(company)
    client = portal_client(company, person=plain)
    renamed = {"name": "Mallory", "language": "en", "phone": ""}
    assert client.post(at("participants:portal_profile", acme.slug), renamed).status_code == 403
    assert client.post(at("participants:portal_messages", acme.slug), {}).status_code == 403
    assert client.get(at("participants:portal_profile", acme.slug)).status_code == 200
    with tenancy.use(acme.id):
        company.refresh_from_db()
        assert (company.name, inside.choices_of(company.pk)["earnings"]) == ("Vlier", True)


# --- landing pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", ["x", "../../x", ["a"], "\u0000", 7, "0" * 40])
def test_a_picture_that_is_none_is_refused(picture: Any) -> None:
    with pytest.raises(rules.LandingInvalid) as refusal:
        rules.checked_landing({"layout": {"picture": picture}})
    assert refusal.value.path == "layout.picture"


@pytest.mark.parametrize("layout", [{"order": ["form"] * 9}, {"hidden": ["steps"] * 99}, {"order": [["form"]]},
                                    {"order": [{}]}, {"hidden": [None]}])  # fmt: skip
def test_a_block_stands_on_a_page_once(layout: Any) -> None:
    try:
        stored = rules.checked_landing({"layout": layout})
    except rules.LandingInvalid:
        return
    order, hidden, _picture = rules.arranged(stored)
    assert sorted(order) == sorted(rules.BLOCKS)
    assert len(hidden) <= len(rules.BLOCKS)


def test_a_page_made_by_a_call_does_not_stop_the_work_for_all_others(
    acme: Any, alice: Actor, call: Any, browse: Any
) -> None:
    with tenancy.use(acme.id):
        program = make_program()
    answer = call(alice).patch(
        f"/api/v1/programs/{program.id}",
        json.dumps({"landing": {"layout": {"picture": "x"}}}),
        "application/json",
    )
    assert answer.status_code == 422, answer.content
    forget_pictures()
    assert browse(alice).get(at("programs:landing", acme.slug, program.id)).status_code == 200


def test_a_version_of_any_number_is_looked_for(acme: Any, alice: Actor, browse: Any) -> None:
    with tenancy.use(acme.id):
        program = make_program()
    address = at("programs:landing_restore", acme.slug, program.id, 10**30)
    assert browse(alice).post(address).status_code == 404


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-30", "9999-12-31"])
@pytest.mark.parametrize("end", ["since", "until"])
@pytest.mark.parametrize("name", ["rewards:queue", "participants:list", "analytics:trail"])
def test_the_first_and_the_last_day_there_are_narrow_a_list(
    acme: Any, alice: Actor, browse: Any, name: str, end: str, day: str
) -> None:
    assert browse(alice).get(at(name, acme.slug), {end: day}).status_code in (200, 422)


def test_half_a_letter_in_a_cursor_is_no_cursor(acme: Any, alice: Actor, browse: Any) -> None:
    values = ["name,id", ["s", "\ud800"], ["u", "00000000-0000-0000-0000-000000000000"]]
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    answer = browse(alice).get(at("participants:list", acme.slug), {"sort": "name", "cursor": cursor})
    assert answer.status_code == 400
