"""What participants keep about themselves in the portal, the people of a company, and the app on the phone."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.participants import actions, jobs
from kith.participants.models import CompanyPerson, Consent, Participant
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules
from kith.participants.tests.factories import make_participant, portal_client

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
MAIL = "dana@example.com"


def at(name: str, *args: Any) -> str:
    return reverse(f"participants:portal_{name}", args=args)


@pytest.fixture
def dana(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Dana Jansen", email=MAIL)


def add(company: Participant, name: str, email: str) -> CompanyPerson:
    return actions.add_company_person(company=company, name=name, email=email, actor=SYSTEM, now=clock.now())


def way_in(body: str) -> str:
    found = re.search(r"https?://[^/]+(/p/\S+)", body)
    assert found
    return found[1]


# --- what people keep about themselves ----------------------------------------------------------------


def test_a_profile_is_changed_and_bad_fields_are_named(acme: Any, dana: Participant) -> None:
    client = portal_client(dana)
    bad = client.post(at("profile", acme.slug), {"name": "Dana", "phone": "12"})
    assert bad.status_code == 422
    assert 'id="id_phone_error"' in bad.content.decode()
    good = {"name": "Dana de Wit", "phone": "+31612345678", "language": "nl"}
    assert client.post(at("profile", acme.slug), good).status_code == 303
    page = client.get(at("profile", acme.slug)).content.decode()
    assert "+31612345678" in page
    assert 'lang="nl"' in page


def test_every_yes_and_no_is_kept_once(acme: Any, dana: Participant) -> None:
    client, url = portal_client(dana), at("messages", acme.slug)
    letters = dict.fromkeys(rules.LETTER_KINDS, "on")
    for said in ({}, {"news": "on"}, {"news": "on"}, {}, {"news": "on"}):
        assert client.post(url, {**letters, **said}).status_code == 303
    with tenancy.use(acme.id):
        kept = list(Consent.objects.order_by("at", "id").values_list("kind", "given", "source", "version"))
        assert queries.choices_of(dana.pk) == {"news": True, "progress": True, "earnings": True}
    version = rules.CONSENT_VERSION
    assert kept == [("news", given, "portal", version) for given in (True, False, True)]
    assert "checked" in client.get(at("profile", acme.slug)).content.decode()


def test_people_download_what_is_known_of_them(acme: Any, dana: Participant) -> None:
    with tenancy.use(acme.id):
        make_participant(name="Eli Evers")
    found = portal_client(dana).get(at("data", acme.slug))
    assert found["Content-Disposition"].endswith('my-data.json"')
    assert found.json()["email"] == MAIL
    assert "Eli" not in found.content.decode()


# --- companies ----------------------------------------------------------------------------------------


@pytest.fixture
def agency(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Agency", kind="company", email="agency@example.com")


def test_a_company_adds_people_who_sign_in_by_their_own_address(acme: Any, agency: Participant) -> None:
    boss, url = portal_client(agency), at("people", acme.slug)
    assert boss.post(url, {"name": "Fay", "email": "fay@example.com", "role": "member"}).status_code == 303
    with tenancy.use(acme.id):
        fay = CompanyPerson.objects.get()
    jobs.invite_to_portal(tenant_id=acme.id, participant_id=str(agency.pk), person_id=str(fay.pk))
    assert mail.outbox[-1].to == ["fay@example.com"]
    client = Client()
    assert client.post(way_in(mail.outbox[-1].body)).status_code == 303
    page = client.get(url).content.decode()
    assert "Agency" in page
    assert client.post(url, {"name": "Gus", "email": "gus@example.com", "role": "member"}).status_code == 403
    assert client.post(at("remove", acme.slug, fay.pk)).status_code == 403
    assert boss.post(at("remove", acme.slug, fay.pk)).status_code == 303
    assert client.get(url).status_code == 302


def test_an_address_lets_one_in_only(acme: Any, agency: Participant, dana: Participant) -> None:
    boss, url = portal_client(agency), at("people", acme.slug)
    taken = boss.post(url, {"name": "Dana", "email": MAIL, "role": "member"})
    assert taken.status_code == 422
    assert 'id="id_email_error"' in taken.content.decode()
    with tenancy.use(acme.id):
        add(agency, "Fay", "fay@example.com")
        with pytest.raises(actions.PersonRefused):
            add(agency, "Fay", "Fay@Example.com")
        with pytest.raises(actions.NotACompany):
            add(dana, "Gus", "gus@example.com")
        assert CompanyPerson.objects.count() == 1


def test_persons_have_no_people_and_nobody_removes_another_companys(
    acme: Any, agency: Participant, dana: Participant
) -> None:
    assert portal_client(dana).get(at("people", acme.slug)).status_code == 404
    with tenancy.use(acme.id):
        other = make_participant(name="Other", kind="company")
        gus = add(other, "Gus", "gus@example.com")
    assert portal_client(agency).post(at("remove", acme.slug, gus.pk)).status_code == 404


# --- an app on the phone ------------------------------------------------------------------------------


def test_the_app_has_a_manifest_icons_and_a_worker_of_its_organization(acme: Any) -> None:
    client = Client()
    found = client.get(at("manifest", acme.slug))
    assert found["Content-Type"] == "application/manifest+json"
    said = found.json()
    assert (said["scope"], said["start_url"], said["theme_color"]) == (
        f"/p/{acme.slug}/",
        f"/p/{acme.slug}/",
        acme.brand,
    )
    for picture in said["icons"]:
        drawn = client.get(picture["src"])
        assert drawn.content.startswith(b"\x89PNG")
    assert client.get(at("icon", acme.slug, 7)).status_code == 404
    worker = client.get(at("worker", acme.slug))
    assert worker["Cache-Control"] == "no-cache"
    assert worker["Service-Worker-Allowed"] == f"/p/{acme.slug}/"
    assert f'HOME = "/p/{acme.slug}/"' in worker.content.decode()
    assert client.get(at("offline", acme.slug)).status_code == 200


def test_an_organization_nobody_has_is_not_found() -> None:
    for name in ("sign_in", "manifest", "worker", "offline"):
        assert Client().get(at(name, "no-such")).status_code == 404
