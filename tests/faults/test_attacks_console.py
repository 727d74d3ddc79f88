"""Attacks on console and portal: sessions that outlive their reason, colleagues who reach too far, letters to
strangers, pictures with a second load, addresses made by hand."""

import datetime
import io
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageCms

from conftest import make_member, user_of
from kith.kit import clock, images, jobs, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.errors import Invalid, TooMany
from kith.participants import actions as people
from kith.participants.models import Participant, PortalSession
from kith.participants.queries import portal as inside
from kith.participants.rules import portal as portal_rules
from kith.participants.tests.factories import make_participant, portal_client
from kith.payouts.models import PayoutAccount
from kith.presets import actions as presets
from kith.presets.rules import Reward
from kith.programs.tests.factories import make_program
from kith.tenants import actions as tenants
from kith.tenants.access import portal_cookie
from kith.tenants.models import Member, SavedView, Tenant, TokenFamily, User

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
IBAN = {"holder": "Mallory", "iban": "NL91ABNA0417164300", "bic": ""}


def at(name: str, *args: Any) -> str:
    return reverse(name, args=args)


def is_in(client: Client, tenant: Any) -> bool:
    return bool(client.get(at("rewards:portal_home", tenant.slug)).status_code == 200)


@pytest.fixture
def dana(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Dana Jansen")


@pytest.fixture
def agency(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Vlier Travel", kind="company")


def colleague(company: Participant, name: str, role: str = "member") -> Any:
    with tenancy.use(company.tenant_id):
        return people.add_company_person(
            company=company, name=name, email=f"{name}-{company.pk}@example.com", role=role, actor=SYSTEM,
            now=clock.now(),
        )  # fmt: skip


# --- ways into the portal -----------------------------------------------------------------------------


def _link_of(person: Participant) -> str:
    made = people.make_sign_in_code(
        participant=person, person=None, lifetime=portal_rules.INVITATION_LIFETIME, now=clock.now()
    )
    return at("participants:portal_link", person.tenant.slug, made.token)


def _by_hand(person: Participant, **changes: str) -> None:
    with tenancy.use(person.tenant_id):
        people.update_participant(participant=person, changes=changes, actor=SYSTEM, now=clock.now())


def _by_file(person: Participant, *, email: str) -> None:
    _by_hand(person, external_id="D-1")
    rows = io.BytesIO(f"name,email,external_id\nDana Jansen,{email},D-1\n".encode())
    done = people.import_customers(
        tenant_id=person.tenant_id or 0, stream=rows, actor=SYSTEM, now=clock.now()
    )  # fmt: skip
    assert done.counts["updated"] == 1


@pytest.mark.parametrize("correct", [_by_hand, _by_file])
def test_whoever_had_the_wrong_address_is_out_once_it_is_corrected(
    acme: Any, dana: Participant, correct: Any
) -> None:
    """An invitation to a mistyped address works for a week, and what it opened for half a year."""
    stranger = portal_client(dana)
    with tenancy.use(acme.id):
        link = _link_of(dana)
    assert is_in(stranger, acme)
    correct(dana, email="dana.right@example.com")
    assert not is_in(stranger, acme)
    assert Client().post(link).status_code == 404


def test_who_stays_at_the_same_address_stays_signed_in(acme: Any, dana: Participant) -> None:
    client = portal_client(dana)
    _by_hand(dana, email=dana.email.upper())
    assert is_in(client, acme)


@pytest.mark.parametrize("fallen", ["locked", "demoted", "removed"])
def test_a_look_ends_with_the_right_to_look(acme: Any, alice: Actor, dana: Participant, fallen: str) -> None:
    admin = make_member(acme, "ada", "admin")
    client = portal_client(dana, actor=admin)
    assert is_in(client, acme)
    with tenancy.use(acme.id, actor=alice):
        rows = Member.objects.filter(pk=admin.id)
        if fallen == "demoted":
            rows.update(role="viewer")
        elif fallen == "removed":
            rows.update(removed_at=clock.now())
    if fallen == "locked":
        tenants.lock_user(user=user_of(admin), actor=alice, now=clock.now())
    assert not is_in(client, acme)


def test_a_look_changes_nothing_by_any_method(acme: Any, alice: Actor, dana: Participant) -> None:
    client = portal_client(dana, actor=alice)
    for method in ("post", "put", "patch", "delete"):
        for page in ("payouts:portal_account", "participants:portal_profile"):
            answer = getattr(client, method)(at(page, acme.slug), IBAN)
            assert answer.status_code in (403, 405), (method, page)
    with tenancy.use(acme.id):
        assert not PayoutAccount.objects.exists()


def test_a_token_of_one_organization_opens_nothing_of_another(
    acme: Any, rival: Any, dana: Participant
) -> None:
    with tenancy.use(acme.id):
        link = _link_of(dana)
    token = portal_client(dana).cookies[portal_cookie(acme.slug)].value
    stolen = Client()
    stolen.cookies[portal_cookie(rival.slug)] = token
    assert not is_in(stolen, rival)
    assert Client().post(link.replace(acme.slug, rival.slug)).status_code == 404
    assert Client().post(link).status_code == 303, "where it belongs it works"
    assert Client().post(link).status_code == 404, "and once"


# --- people of a company ------------------------------------------------------------------------------


def test_a_colleague_cannot_turn_the_companys_money_to_an_own_account(acme: Any, agency: Participant) -> None:
    page = at("payouts:portal_account", acme.slug)
    mallory = portal_client(agency, person=colleague(agency, "mallory"))
    assert mallory.post(page, IBAN).status_code == 403
    assert "id_iban" not in mallory.get(page).content.decode(), "no form that is refused"
    with tenancy.use(acme.id):
        assert not PayoutAccount.objects.exists()
    boss = portal_client(agency, person=colleague(agency, "bo", "admin"))
    assert "id_iban" in boss.get(page).content.decode()
    assert boss.post(page, IBAN).status_code == 303


def test_a_colleague_neither_sees_nor_ends_the_browsers_of_others(acme: Any, agency: Participant) -> None:
    boss = colleague(agency, "bo", "admin")
    mallory = portal_client(agency, person=colleague(agency, "mallory"))
    leader = portal_client(agency, person=boss)
    with tenancy.use(acme.id):
        session = PortalSession.objects.get(person=boss)
    assert str(session.pk) not in mallory.get(at("participants:portal_profile", acme.slug)).content.decode()
    assert mallory.post(at("participants:portal_end_one", acme.slug, session.pk)).status_code == 404
    assert is_in(leader, acme)


def test_adding_and_removing_the_same_address_sends_three_letters_a_day(
    acme: Any, agency: Participant
) -> None:
    """Each time it is a new row; the mailbox is the same stranger's."""
    with tenancy.use(acme.id):
        for _turn in range(portal_rules.INVITATIONS_A_DAY):
            person = colleague(agency, "victim")
            people.remove_company_person(company=agency, person=person, actor=SYSTEM, now=clock.now())
        with pytest.raises(TooMany):
            colleague(agency, "victim")


# --- second factors -----------------------------------------------------------------------------------


def test_a_client_of_calls_cannot_go_on_for_ever_without_the_factor_that_is_asked_for(
    acme: Any, alice: Actor, bob: Actor
) -> None:
    """Refreshing is no signing in, so the question would never be asked."""
    pairs = {}
    for actor in (alice, bob):
        with tenancy.use(acme.id, actor=actor):
            pairs[actor.id] = tenants.open_token_family(member_id=actor.id, now=clock.now())
    with tenancy.use(acme.id, actor=alice):
        tenants.set_settings(values={"signin.second_factor": "admins"}, actor=alice, now=clock.now())
    with pytest.raises(tenants.RefreshRefused):
        tenants.refresh_tokens(refresh=pairs[alice.id].refresh, now=clock.now())
    tenants.refresh_tokens(refresh=pairs[bob.id].refresh, now=clock.now())
    with tenancy.use(acme.id):
        assert TokenFamily.objects.get(member_id=alice.id).ended_reason == "second factor missing"


# --- the operator's desk ------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["password__startswith=argon2", "memberships__role=owner"])
def test_the_desk_is_not_asked_for_columns_it_never_shows(asked: str, rf: Any) -> None:
    from kith.kit.desk import desk

    lookup = asked.partition("=")[0]
    assert not desk._registry[User].lookup_allowed(lookup, "x", rf.get("/"))
    assert desk._registry[User].lookup_allowed("is_active__exact", "1", rf.get("/"))


# --- letters to strangers -----------------------------------------------------------------------------


def test_one_network_cannot_have_letters_sent_to_everybody() -> None:
    for number in range(20):
        presets.ask_to_start(email=f"victim{number}@example.com", language="en", address="192.0.2.77")
    with pytest.raises(TooMany):
        presets.ask_to_start(email="another@example.com", language="en", address="192.0.2.77")
    presets.ask_to_start(email="another@example.com", language="en", address="192.0.2.78")


def test_closed_sign_up_lets_nobody_set_up_an_organization(alice: Actor, browse: Any, settings: Any) -> None:
    settings.KITH_OPEN_SIGNUP = False
    client = browse(alice)
    for name in ("presets:start", "presets:review", "presets:slug", "presets:place"):
        assert client.get(at(name)).status_code == 403, name
        assert client.post(at(name)).status_code in (403, 405), name
    assert client.get(at("presets:invitation", "made-up:token:here")).status_code == 404


def test_two_pages_that_send_at_once_make_one_organization_of_one_invitation(
    settings: Any, alice: Actor
) -> None:
    settings.KITH_OPEN_SIGNUP = False
    token, user = presets.start_token("nora@example.com"), user_of(alice)
    wishes: dict[str, Any] = {
        "user": user, "code": "shop", "name": "Nora", "logo": b"", "actor": SYSTEM, "now": clock.now(),
        "reward": Reward("25.00", 14, False),
    }  # fmt: skip
    with pytest.raises(Invalid):
        presets.start_organization(**wishes, slug="api", invitation=token)
    assert presets.started_by(token) == "nora@example.com", "what was refused is mended and sent again"
    presets.start_organization(**wishes, slug="noras-first", invitation=token)
    with pytest.raises(presets.StartGone):
        presets.start_organization(**wishes, slug="noras-second", invitation=token)
    assert not Tenant.objects.filter(slug="noras-second").exists()
    with pytest.raises(presets.StartGone):
        presets.started_by(token)


# --- pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_an_uploaded_picture_but_its_pixels_is_kept(kind: str) -> None:
    """A color profile holds any bytes, and the browser of whoever sees the logo would get them."""
    load = b"<script>alert(1)</script>" + os.urandom(60_000)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + load
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    file = io.BytesIO()
    noise = Image.effect_noise((300, 200), 80).convert("RGB")
    noise.save(file, kind, icc_profile=profile, exif=exif.tobytes())
    for made in (
        images.as_png(io.BytesIO(file.getvalue()), width=64, height=64),
        images.as_photo(io.BytesIO(file.getvalue()), width=300, height=300, most_bytes=48 * 1024).content,
    ):
        assert b"<script>" not in made
        assert b"taken at home" not in made
        assert len(made) < 48 * 1024


def test_what_is_written_into_a_landing_page_stays_text(acme: Any, alice: Actor, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        program = make_program()
    typed = "</style><script>alert(1)</script>{{ request.user }}{% debug %}"
    page = at("programs:landing_preview", acme.slug, program.pk)
    sent = {"language": "en", "title": typed, "text": typed}
    shown = browse(alice).post(page, sent)
    assert shown.status_code == 200
    assert "<script>alert(1)" not in shown.content.decode()
    assert "&lt;script&gt;alert(1)" in shown.content.decode(), "it is shown, as text"
    assert shown["X-Frame-Options"] == "DENY"


# --- addresses made by hand ---------------------------------------------------------------------------


def test_an_address_with_line_breaks_or_countless_filters_is_no_fault_of_the_server(
    acme: Any, alice: Actor, browse: Any
) -> None:
    client = browse(alice)
    form = {"page": "participants:list", "columns": ["name"], "query": "q=a\r\nSet-Cookie: a=b"}
    answer = client.post(at("tenants:columns", acme.slug), form, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "\n" not in answer["HX-Redirect"]
    many = {"page": "participants:list", "name": "Many", "query": "&".join(["a=1"] * 61)}
    assert client.post(at("tenants:view_save", acme.slug), many).status_code == 422


def test_a_shared_view_is_not_another_organizations_nor_anothers_to_remove(
    acme: Any, alice: Actor, charlie: Actor, browse: Any
) -> None:
    agent = make_member(acme, "agnes", "agent")
    with tenancy.use(acme.id, actor=alice):
        view = tenants.save_view(
            page="participants:list", name="All", query="q=1", shared=True, actor=alice, now=clock.now()
        )
    assert browse(agent).post(at("tenants:view_remove", acme.slug, view.pk)).status_code == 403
    slug = user_slug(charlie)
    assert browse(charlie).post(at("tenants:view_remove", slug, view.pk)).status_code == 404
    with tenancy.use(acme.id):
        assert SavedView.objects.filter(pk=view.pk).exists()


def user_slug(actor: Actor) -> str:
    from kith.tenants.queries import get_tenant_by_id

    return str(get_tenant_by_id(actor.tenant_id or 0).slug)


# --- what a role may not see --------------------------------------------------------------------------


def test_files_of_long_work_are_for_those_who_may_have_what_is_in_them(
    acme: Any, alice: Actor, browse: Any
) -> None:
    """A manager sees that the trail was exported, not the file; an auditor none of an import's rows."""
    with tenancy.use(acme.id, actor=alice):
        trail = jobs.start("analytics.export_trail", params={}, actor=alice, now=clock.now())
        load = jobs.start(people.IMPORT, params={}, actor=alice, now=clock.now())
    manager, auditor = (browse(make_member(acme, name, name)) for name in ("manager", "auditor"))
    assert manager.get(at("analytics:job_result", acme.slug, trail.pk)).status_code == 403
    assert manager.get(at("analytics:trail", acme.slug)).status_code == 403
    assert auditor.get(at("analytics:job_result", acme.slug, load.pk)).status_code == 403
    assert auditor.get(at("participants:job_result", acme.slug, load.pk)).status_code == 404
    assert auditor.get(at("participants:job_repair", acme.slug, load.pk)).status_code == 403


def test_one_link_pressed_by_two_at_once_lets_one_in(committed: Any) -> None:
    tenant = committed("race")
    with tenancy.use(tenant.id):
        person = make_participant()
        made = people.make_sign_in_code(
            participant=person, person=None, lifetime=datetime.timedelta(days=1), now=clock.now()
        )

    def press(_number: int) -> bool:
        try:
            with tenancy.use(tenant.id):
                people.sign_in_with_link(token=made.token, device="", now=clock.now())
        except inside.LinkGone:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(press, range(4))) == 1
