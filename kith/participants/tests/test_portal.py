"""Into the portal and out again: codes, links, sessions, staff who look in, people of companies."""

import datetime
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import reverse

from kith.kit import clock, limits, tenancy
from kith.kit.errors import TooMany
from kith.participants import actions, jobs
from kith.participants.models import Participant, PortalSession, SignInCode
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules
from kith.participants.tests.factories import make_participant, portal_client
from kith.tenants.access import portal_cookie

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
MAIL = "dana@example.com"


def at(name: str, *args: Any) -> str:
    return reverse(f"participants:portal_{name}", args=args)


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    for key in ("portal|letters|127.0.0.1", "portal|tries|127.0.0.1"):
        limits.clear(key)


@pytest.fixture
def dana(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Dana Jansen", email=MAIL)


def letter(participant: Participant) -> tuple[str, str]:
    """(the code, the path of the link) of the letter that the worker sends."""
    jobs.send_sign_in(
        tenant_id=participant.tenant_id, participant_id=str(participant.pk), person_id="", language="en"
    )
    return read(mail.outbox[-1].body)


def read(body: str) -> tuple[str, str]:
    found = re.search(r"\b(\d{3} \d{3})\b", body)
    link = re.search(r"https?://[^/]+(/p/\S+)", body)
    assert link
    return (found[1] if found else "", link[1])


def asked(acme: Any, email: str = MAIL) -> Client:
    """A browser whose owner asked for a code."""
    client = Client()
    answer = client.post(at("sign_in", acme.slug), {"email": email})
    assert (answer.status_code, answer["Location"]) == (303, at("code", acme.slug))
    return client


def is_inside(client: Client, slug: str) -> bool:
    return bool(client.get(at("profile", slug)).status_code == 200)


# --- by code ------------------------------------------------------------------------------------------


def test_a_code_lets_its_owner_in_once(acme: Any, dana: Participant) -> None:
    client = asked(acme)
    code, _link = letter(dana)
    assert not is_inside(client, acme.slug)
    done = client.post(at("code", acme.slug), {"code": code})
    assert (done.status_code, done["Location"]) == (303, f"/p/{acme.slug}/")
    cookie = done.cookies[portal_cookie(acme.slug)]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert is_inside(client, acme.slug)
    with tenancy.use(acme.id):
        dana.refresh_from_db()
        session = PortalSession.objects.get()
    assert dana.email_verified_at is not None
    assert bytes(session.token_hash) != cookie.value.encode()
    again = asked(acme)
    assert again.post(at("code", acme.slug), {"code": code}).status_code == 422


def test_a_wrong_code_is_refused_five_times_and_then_nothing_is_looked_at(
    acme: Any, dana: Participant
) -> None:
    client = asked(acme)
    code, _link = letter(dana)
    wrong = "111 111" if code != "111 111" else "222 222"
    for _try in range(rules.CODE_TRIES):
        answer = client.post(at("code", acme.slug), {"code": wrong})
        assert answer.status_code == 422
        assert "not right" in answer.content.decode()
    right = client.post(at("code", acme.slug), {"code": code})
    assert right.status_code == 422
    assert "Too many tries" in right.content.decode()
    assert not is_inside(client, acme.slug)


def test_of_many_tries_at_once_five_are_looked_at(committed: Any) -> None:
    tenant = committed("acme")
    with tenancy.use(tenant.id):
        dana = make_participant(email=MAIL)
        actions.make_sign_in_code(
            participant=dana, person=None, lifetime=rules.CODE_LIFETIME, now=clock.now()
        )

    def guess(number: int) -> str:
        try:
            with tenancy.use(tenant.id):
                actions.sign_in_with_code(
                    email=MAIL,
                    code=f"{number:06}",
                    device="",
                    address=f"198.51.100.{number}",
                    now=clock.now(),
                )
        except actions.CodeWrong:
            return "wrong"
        except actions.SignInPaused:
            return "paused"
        finally:
            connections.close_all()
        return "in"

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(guess, range(12)))
    assert said.count("wrong") + said.count("in") <= rules.CODE_TRIES
    assert said.count("paused") >= 12 - rules.CODE_TRIES


def test_a_code_grows_old(acme: Any, dana: Participant, frozen: Any) -> None:
    client = asked(acme)
    code, _link = letter(dana)
    frozen.advance(datetime.timedelta(minutes=10, seconds=1))
    assert client.post(at("code", acme.slug), {"code": code}).status_code == 422


def test_an_address_nobody_has_gets_the_same_answers(acme: Any, dana: Participant) -> None:
    known, unknown = asked(acme), asked(acme, "nobody@example.com")
    pages = [client.get(at("code", acme.slug)).content.decode() for client in (known, unknown)]
    assert _told(pages[0].replace(MAIL, "")) == _told(pages[1].replace("nobody@example.com", ""))
    answers = [client.post(at("code", acme.slug), {"code": "000 000"}) for client in (known, unknown)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert "not right" in answers[1].content.decode()


def _told(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", main)


def test_letters_are_rationed_for_everybody_alike(acme: Any, dana: Participant) -> None:
    for email in (MAIL, "nobody@example.com"):
        for _letter in range(rules.LETTERS):
            asked(acme, email)
        more = Client().post(at("sign_in", acme.slug), {"email": email})
        assert more.status_code == 422


def test_the_digits_of_a_letter_are_not_to_be_found_in_the_database(acme: Any, dana: Participant) -> None:
    code, _link = letter(dana)
    with tenancy.use(acme.id):
        row = SignInCode.objects.get()
    assert code.replace(" ", "").encode() not in bytes(row.code_hash)
    assert len(bytes(row.code_hash)) == 32


# --- by link ------------------------------------------------------------------------------------------


def test_a_link_lets_in_by_a_button_and_once(acme: Any, dana: Participant) -> None:
    _code, path = letter(dana)
    client = Client()
    for _look in range(3):  # programs that look into e-mails open links, and must not use them up
        assert "Dana" in client.get(path).content.decode()
    assert not is_inside(client, acme.slug)
    assert client.post(path).status_code == 303
    assert is_inside(client, acme.slug)
    assert Client().post(path).status_code == 404
    assert Client().get(path).status_code == 404


def test_letters_greet_people_by_their_first_name_and_companies_by_all_of_theirs(
    acme: Any, dana: Participant
) -> None:
    letter(dana)
    assert "Hello Dana, here is your code" in mail.outbox[-1].body
    with tenancy.use(acme.id):
        agency = make_participant(name="Agency Jansen", kind="company", email="agency@example.com")
    letter(agency)
    jobs.invite_to_portal(tenant_id=acme.id, participant_id=str(agency.pk))
    for sent in mail.outbox[-2:]:
        assert "Hello Agency Jansen, " in sent.body


def test_a_link_of_another_organization_is_unknown(acme: Any, rival: Any, dana: Participant) -> None:
    _code, path = letter(dana)
    elsewhere = path.replace(acme.slug, rival.slug)
    assert Client().get(elsewhere).status_code == 404
    assert Client().post(elsewhere).status_code == 404


def test_an_invitation_has_no_digits_to_guess_and_lasts_a_week(
    acme: Any, alice: Any, dana: Participant, frozen: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        actions.invite_to_portal(participant=dana, actor=alice, now=clock.now())
    jobs.invite_to_portal(tenant_id=acme.id, participant_id=str(dana.pk))
    code, path = read(mail.outbox[-1].body)
    assert not code
    frozen.advance(datetime.timedelta(days=6))
    assert Client().post(path).status_code == 303


def test_invitations_spare_mailboxes_and_need_one(acme: Any, alice: Any, dana: Participant) -> None:
    with tenancy.use(acme.id, actor=alice):
        for _letter in range(rules.INVITATIONS_A_DAY):
            actions.invite_to_portal(participant=dana, actor=alice, now=clock.now())
        with pytest.raises(TooMany):
            actions.invite_to_portal(participant=dana, actor=alice, now=clock.now())
        nobody = make_participant(email="")
        with pytest.raises(actions.NoAddress):
            actions.invite_to_portal(participant=nobody, actor=alice, now=clock.now())


# --- sessions -----------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_clears_what_was_kept(acme: Any, dana: Participant) -> None:
    client = portal_client(dana)
    token = client.cookies[portal_cookie(acme.slug)].value
    done = client.post(at("sign_out", acme.slug))
    assert done.status_code == 303
    assert done["Clear-Site-Data"] == '"storage"'
    thief = Client()
    thief.cookies[portal_cookie(acme.slug)] = token
    assert not is_inside(thief, acme.slug)


def test_one_device_or_all_are_signed_out(acme: Any, dana: Participant) -> None:
    phone, laptop, tablet = (portal_client(dana) for _each in range(3))
    with tenancy.use(acme.id):
        of_phone = PortalSession.objects.order_by("created_at", "id").first()
    assert of_phone
    assert laptop.post(at("end_one", acme.slug, of_phone.pk)).status_code == 303
    assert [is_inside(each, acme.slug) for each in (phone, laptop, tablet)] == [False, True, True]
    assert laptop.post(at("end_all", acme.slug)).status_code == 303
    assert not is_inside(tablet, acme.slug)


def test_nobody_ends_the_session_of_somebody_else(acme: Any, dana: Participant) -> None:
    with tenancy.use(acme.id):
        eli = make_participant()
    portal_client(eli)
    with tenancy.use(acme.id):
        of_eli = PortalSession.objects.get(participant=eli)
    assert portal_client(dana).post(at("end_one", acme.slug, of_eli.pk)).status_code == 404


def test_a_session_ends_unused_for_a_month_and_goes_on_when_used(
    acme: Any, dana: Participant, frozen: Any
) -> None:
    client = portal_client(dana)
    for _visit in range(3):
        frozen.advance(datetime.timedelta(days=20))
        assert is_inside(client, acme.slug)
    frozen.advance(rules.SESSION_UNUSED)
    assert not is_inside(client, acme.slug)


def test_a_session_of_one_organization_opens_no_other(acme: Any, rival: Any, dana: Participant) -> None:
    client = portal_client(dana)
    client.cookies[portal_cookie(rival.slug)] = client.cookies[portal_cookie(acme.slug)].value
    assert is_inside(client, acme.slug)
    assert not is_inside(client, rival.slug)


def test_the_way_in_leads_to_the_page_that_was_asked_for_and_nowhere_else(
    acme: Any, dana: Participant
) -> None:
    wanted = f"/p/{acme.slug}/earnings/"
    home = f"/p/{acme.slug}/"
    for asked_for, reached in ((wanted, wanted), ("https://evil.example/", home), ("/t/x/", home)):
        client = Client()
        client.post(f"{at('sign_in', acme.slug)}?next={asked_for}", {"email": MAIL})
        code, _link = letter(dana)
        assert client.post(at("code", acme.slug), {"code": code})["Location"] == reached


def test_what_ended_long_ago_is_forgotten(acme: Any, dana: Participant, frozen: Any) -> None:
    letter(dana)
    client = portal_client(dana)
    jobs.forget_old()
    with tenancy.use(acme.id):
        assert (SignInCode.objects.count(), PortalSession.objects.count()) == (1, 1)
    frozen.advance(datetime.timedelta(days=2))
    assert is_inside(client, acme.slug)
    jobs.forget_old()
    with tenancy.use(acme.id):
        assert (SignInCode.objects.count(), PortalSession.objects.count()) == (0, 1)
    frozen.advance(rules.SESSION_UNUSED + rules.SESSIONS_KEPT + datetime.timedelta(days=1))
    jobs.forget_old()
    with tenancy.use(acme.id):
        assert not PortalSession.objects.exists()


# --- staff who look in --------------------------------------------------------------------------------


def test_staff_look_but_change_nothing_and_for_half_an_hour(
    acme: Any, alice: Any, dana: Participant, frozen: Any
) -> None:
    client = portal_client(dana, actor=alice)
    page = client.get(at("profile", acme.slug)).content.decode()
    assert "Stop looking" in page
    changed = client.post(at("profile", acme.slug), {"name": "Somebody else"})
    assert changed.status_code == 403
    with tenancy.use(acme.id):
        dana.refresh_from_db()
        assert dana.name == "Dana Jansen"
        assert dana.last_login_at is None
        assert PortalSession.objects.get().read_only
    frozen.advance(rules.STAFF_SESSION)
    assert not is_inside(client, acme.slug)


def test_staff_who_look_are_not_among_the_participants_devices(
    acme: Any, alice: Any, dana: Participant
) -> None:
    portal_client(dana, actor=alice)
    with tenancy.use(acme.id):
        assert not queries.portal_sessions(dana.pk, now=clock.now()).exists()


def test_a_place_on_the_staff_opens_no_portal(acme: Any, alice: Any, dana: Participant, browse: Any) -> None:
    assert browse(alice).get(at("profile", acme.slug)).status_code == 302
