"""Public pages: the link, its QR code, the landing page."""

import io
import uuid

import pytest
from django.test import Client
from PIL import Image

from kith.kit import cards, clock, tenancy
from kith.kit.actors import SYSTEM
from kith.programs.actions import landing as programs
from kith.programs.rules import in_language
from kith.programs.tests.factories import publish_rule
from kith.referrals import queries
from kith.referrals.models import Click, Referral
from kith.referrals.pages import cards as card_pages
from kith.referrals.pages import public
from kith.referrals.tests.factories import make_participant, make_scene, refer
from kith.tenants.models import Tenant

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"}
pytestmark = [pytest.mark.usefixtures("frozen"), pytest.mark.django_db(databases=["default", "counters"])]


@pytest.fixture(autouse=True)
def nobody_blocked():
    public._blocked.clear()
    yield
    public._blocked.clear()


@pytest.fixture
def scene(acme):
    with tenancy.use(acme.id):
        return make_scene()


@pytest.fixture
def visitor():
    number = uuid.uuid4().int
    address = f"2001:db8::{number & 0xFFFF:x}:{number >> 16 & 0xFFFF:x}:{number >> 32 & 0xFFFF:x}"
    return Client(headers=BROWSER, REMOTE_ADDR=address)


def clicks(scene):
    with tenancy.use(scene.dana.tenant_id):
        return list(Click.objects.order_by("occurred_at", "id"))


def referrals(scene):
    with tenancy.use(scene.dana.tenant_id):
        return list(Referral.objects.all())


def test_a_link_records_the_click_and_sends_on(scene, visitor, django_assert_num_queries):
    visitor.get(f"/r/{scene.dana.code}")
    with django_assert_num_queries(1):
        answer = visitor.get(f"/r/{scene.dana.code.lower()}?c=whatsapp")
    recorded = clicks(scene)[-1]
    assert answer.status_code == 302
    assert answer["Location"] == f"/r/{scene.dana.code}/welcome?rid={recorded.id}&via={scene.dana.code}"
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert recorded.channel == "whatsapp"


def test_a_program_with_a_destination_sends_there(acme, visitor):
    with tenancy.use(acme.id):
        scene = make_scene(destination_url="https://travel.example/book?lang=nl")
    answer = visitor.get(f"/r/{scene.dana.code}")
    assert answer["Location"] == (
        f"https://travel.example/book?lang=nl&rid={clicks(scene)[0].id}&via={scene.dana.code}"
    )


def test_head_is_answered_and_not_counted(scene, visitor):
    assert visitor.head(f"/r/{scene.dana.code}").status_code == 302
    assert [row.counted for row in clicks(scene)] == [False]
    assert visitor.post(f"/r/{scene.dana.code}").status_code == 405
    assert len(clicks(scene)) == 1


def test_prefetch_is_answered_and_not_counted(scene, visitor):
    assert visitor.get(f"/r/{scene.dana.code}", headers={"sec-purpose": "prefetch"}).status_code == 302
    assert [row.counted for row in clicks(scene)] == [False]


@pytest.mark.parametrize("path", ["", "/welcome", "/thanks", "/qr.svg", "/qr.png", "/card.png"])
def test_an_unknown_code_gets_a_friendly_page(scene, visitor, path):
    answer = visitor.get(f"/r/23456789{path}")
    assert answer.status_code == 404
    assert "We do not know this code" in answer.content.decode()


def test_guessing_codes_is_slowed_down(scene, visitor):
    assert [visitor.get("/r/23456789").status_code for _ in range(11)] == [404] * 10 + [429]
    refused = visitor.get(f"/r/{scene.dana.code}")
    assert refused.status_code == 429
    assert clicks(scene) == []
    other = Client(headers=BROWSER, REMOTE_ADDR="198.51.100.77")
    assert other.get(f"/r/{scene.dana.code}").status_code == 302


@pytest.mark.parametrize("path", ["", "/welcome"])
def test_a_paused_program_says_so(acme, visitor, path):
    with tenancy.use(acme.id):
        scene = make_scene(status="paused")
    answer = visitor.get(f"/r/{scene.dana.code}{path}")
    assert answer.status_code == 409
    assert "taking a break" in answer.content.decode()
    assert clicks(scene) == []


@pytest.mark.parametrize(
    ("kind", "start", "content_type"), [("svg", b"<svg", "image/svg+xml"), ("png", b"\x89PNG", "image/png")]
)
def test_qr_codes_are_pictures_one_may_cache(scene, visitor, kind, start, content_type):
    answer = visitor.get(f"/r/{scene.dana.code}/qr.{kind}?scale=4")
    assert answer.status_code == 200
    assert answer.content.startswith(start)
    assert answer["Content-Type"] == content_type
    assert answer["Cache-Control"] == "public, max-age=86400"
    larger = visitor.get(f"/r/{scene.dana.code}/qr.{kind}?scale=12").content
    assert larger != answer.content
    for odd in ("0", "-1", "99999", "x", "²"):
        assert visitor.get(f"/r/{scene.dana.code}/qr.{kind}", {"scale": odd}).status_code == 200


def friend(**values):
    return {
        "name": "Eli Friend", "email": "eli@example.com", "booking_reference": "BK123456", "consent": "on", **values,
    }  # fmt: skip


def test_the_landing_page_shows_the_program_and_takes_the_form(acme, visitor):
    with tenancy.use(acme.id):
        landing = {
            "title": {"en": "Travel together", "nl": "Samen op reis"},
            "steps": {"en": ["Book", "Tell us"]},
        }
        scene = make_scene(landing=landing)
    page = visitor.get(visitor.get(f"/r/{scene.dana.code}")["Location"])
    shown = page.content.decode()
    click_id = clicks(scene)[0].id
    assert page.status_code == 200
    assert "Travel together" in shown
    assert "Tell us" in shown
    assert str(click_id) in shown
    assert acme.brand in shown
    assert (
        "Samen op reis"
        in visitor.get(f"/r/{scene.dana.code}/welcome", headers={"accept-language": "nl"}).content.decode()
    )
    answer = visitor.post(f"/r/{scene.dana.code}/welcome", friend(rid=str(click_id)))
    assert (answer.status_code, answer["Location"]) == (303, f"/r/{scene.dana.code}/thanks")
    (made,) = referrals(scene)
    assert (made.referred_email, made.method, made.click_id, made.source, made.category) == (
        "eli@example.com", "click", click_id, "landing", "qualified",
    )  # fmt: skip
    thanks = visitor.get(answer["Location"]).content.decode()
    assert "Dana invited you" in thanks
    assert "Referrer" not in thanks, "only the first name is shown"


@pytest.mark.parametrize(
    ("values", "word"),
    [({"email": "nobody"}, "email"), ({"email": ""}, "required"), ({"name": ""}, "required"),
     ({"consent": ""}, "required"), ({"booking_reference": ""}, "required"), ({"phone": "12"}, "phone number")],
)  # fmt: skip
def test_a_form_with_faults_comes_back_with_what_was_typed(scene, visitor, values, word):
    answer = visitor.post(f"/r/{scene.dana.code}/welcome", friend(**values, rid="rubbish"))
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert referrals(scene) == []


def test_refusals_about_the_person_get_a_page_with_a_way_on(scene, visitor, acme):
    Tenant.objects.filter(pk=acme.pk).update(website="https://acme.example")
    with tenancy.use(acme.id):
        make_participant("Known", email="known@example.com")
        refer(scene, email="referred@example.com", booking_reference="BK1")
    address = f"/r/{scene.dana.code}/welcome"
    for email, heading, sentence in (
        (scene.dana.email, "This is your own link", "cannot refer yourself"),
        ("known@example.com", "You are with us already", "customer already"),
        ("referred@example.com", "You were invited before", "has been referred already"),
    ):
        answer = visitor.post(address, friend(email=email))
        shown = answer.content.decode()
        assert answer.status_code == 422
        for said in (heading, sentence, "https://acme.example", f'href="{address}"'):
            assert said in shown, said
    assert len(referrals(scene)) == 1


def test_a_booking_that_was_used_is_said_in_the_form(scene, visitor, acme):
    with tenancy.use(acme.id):
        refer(scene, email="referred@example.com", booking_reference="BK1")
    answer = visitor.post(f"/r/{scene.dana.code}/welcome", friend(booking_reference="bk1"))
    assert (answer.status_code, "booking has been used" in answer.content.decode()) == (422, True)
    assert 'value="Eli Friend"' in answer.content.decode()


def test_an_ended_program_is_not_called_a_break(acme, visitor):
    with tenancy.use(acme.id):
        scene = make_scene(status="ended")
    for path in ("", "/welcome"):
        answer = visitor.get(f"/r/{scene.dana.code}{path}")
        assert (answer.status_code, "This offer has ended" in answer.content.decode()) == (409, True)


def test_a_mistyped_code_is_typed_once_more(scene, visitor):
    found = visitor.get("/r/", {"code": f" {scene.dana.code.lower()} "})
    assert (found.status_code, found["Location"]) == (302, f"/r/{scene.dana.code}")
    assert visitor.get("/r/", {"code": "../accounts"}).status_code == 404
    assert visitor.get("/r/").status_code == 404


def test_what_the_friend_agreed_to_is_kept_word_for_word(acme, visitor):
    with tenancy.use(acme.id):
        scene = make_scene(landing={"consent": {"nl": "Ik vind het goed."}})
        programs.record_landing(
            program=scene.program, content=scene.program.landing, actor=SYSTEM, now=clock.now()
        )
    address = f"/r/{scene.dana.code}/welcome"
    assert "Ik vind het goed." in visitor.get(address, headers={"accept-language": "nl"}).content.decode()
    visitor.post(address, friend(), headers={"accept-language": "nl"})
    with tenancy.use(acme.id):
        kept = queries.agreement(Referral.objects.get().id)
    assert kept is not None
    assert (kept.text, kept.language, kept.version) == ("Ik vind het goed.", "nl", 1)


def test_the_page_is_read_in_few_statements_and_names_no_whole_name(
    scene, visitor, django_assert_max_num_queries
):
    address = f"/r/{scene.dana.code}/welcome"
    visitor.get(address)
    with django_assert_max_num_queries(14):
        shown = visitor.get(address).content.decode()
    assert "Referrer" not in shown
    assert "friend's e-mail" not in shown
    for said in (
        'property="og:image" content="http',
        f"/r/{scene.dana.code}/card.png",
        "summary_large_image",
    ):
        assert said in shown, said


# --- the picture of the link --------------------------------------------------------------------------


def test_the_picture_is_drawn_once_for_its_content(acme, scene, visitor, monkeypatch):
    with tenancy.use(acme.id):
        publish_rule(scene.program, fixed_minor=2500)
    drawn: list[cards.Card] = []
    draw = cards.png
    monkeypatch.setattr(cards, "png", lambda card: drawn.append(card) or draw(card))
    way = f"/r/{scene.dana.code}/card.png"
    first, second = visitor.get(way), visitor.get(way)
    assert first.content == second.content
    assert (first["Content-Type"], first["Cache-Control"]) == ("image/png", "public, max-age=3600")
    assert Image.open(io.BytesIO(first.content)).size == (1200, 630)
    assert len(first.content) < 80_000
    assert [card.headline for card in drawn] == ["€25 for Dana"]
    assert visitor.get(way, headers={"if-none-match": first["ETag"]}).status_code == 304
    with tenancy.use(acme.id):
        publish_rule(scene.program, "more", fixed_minor=4000, beneficiary="referred")
    assert visitor.get(way)["ETag"] != first["ETag"]
    assert drawn[-1].headline == "€40 for you"


def test_drawing_is_limited_and_what_is_drawn_already_is_not(acme, scene, visitor, monkeypatch):
    monkeypatch.setattr(card_pages, "DRAWN", 1)
    assert visitor.get(f"/r/{scene.dana.code}/card.png").status_code == 200
    with tenancy.use(acme.id):
        other = make_participant("Femke Other")
    assert visitor.get(f"/r/{other.code}/card.png").status_code == 429
    assert visitor.get(f"/r/{scene.dana.code}/card.png").status_code == 200


def test_a_program_in_the_form_trap_changes_nothing(scene, visitor):
    answer = visitor.post(f"/r/{scene.dana.code}/welcome", friend(website="https://spam.example"))
    assert answer.status_code == 303
    assert referrals(scene) == []


def test_the_form_needs_its_token(scene):
    strict = Client(headers=BROWSER, enforce_csrf_checks=True)
    assert strict.post(f"/r/{scene.dana.code}/welcome", friend()).status_code == 403
    assert referrals(scene) == []


def test_forms_from_one_address_are_limited(scene, visitor, monkeypatch):
    monkeypatch.setattr(public, "FORMS", 2)
    address = f"/r/{scene.dana.code}/welcome"
    forms = [friend(email=f"e{n}@example.com", booking_reference=f"B{n}") for n in range(3)]
    codes = [visitor.post(address, form).status_code for form in forms]
    assert codes == [303, 303, 429]
    assert len(referrals(scene)) == 2


def test_texts_fall_back_from_language_to_language():
    texts = {"nl": "een", "en": "one"}
    assert [in_language(texts, [tag]) for tag in ("nl", "nl-be", "de", "en")] == [
        "een",
        "een",
        "een",
        "one",
    ]
    assert in_language({}, ["nl"]) is None
    assert clock.frozen_at() is not None


def test_a_redirect_has_the_security_headers_and_its_request_id(scene, visitor):
    answer = visitor.get(f"/r/{scene.dana.code}", headers={"x-request-id": "request-123"})
    assert (answer["X-Request-ID"], answer["X-Content-Type-Options"]) == ("request-123", "nosniff")
    assert "Content-Language" not in answer, "the layers after the short way were not asked"


def test_the_long_way_records_the_click_once_too(scene, rf):
    request = rf.get(f"/r/{scene.dana.code}", headers=BROWSER)
    assert public.shortcut(request, scene.dana.code).status_code == 302
    assert public.follow_link(request, scene.dana.code).status_code == 302
    assert len(clicks(scene)) == 1
