"""Taking in referrals: one person, one booking, one owner."""

import datetime
import threading

import pytest
from django.db import connection, connections

from kith.kit import crypto, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import Invalid
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.pipelines import queries as stages
from kith.referrals import actions, queries
from kith.referrals.models import Conversion, Referral
from kith.referrals.tests.factories import NOW, make_participant, make_program, make_scene, refer
from kith.tenants.actions import set_setting

BOOKED = {"booking_reference": "BK123456", "email": "eli@example.com"}


@pytest.fixture
def scene(in_acme):
    return make_scene()


def test_a_booking_makes_a_qualified_referral_with_an_estimated_conversion(scene):
    referral = refer(scene, **BOOKED, name="Eli")
    assert (referral.category, referral.stage.code, referral.method) == ("qualified", "qualified", "code")
    conversion = Conversion.objects.get(referral=referral)
    assert (conversion.event, conversion.external_id, conversion.gross_minor, conversion.currency) == (
        "booking", "BK123456", 50000, "EUR",
    )  # fmt: skip
    assert conversion.is_estimated
    assert [(step.from_state, step.to_state) for step in stages.history("referral", referral.id)] == [
        ("", "qualified")
    ]
    told = OutboxEvent.objects.filter(tenant_id=referral.tenant_id).order_by("position")
    told = [event for event in told if event.type.startswith(("referral", "conversion"))]
    assert [event.type for event in told] == ["referral.created", "conversion.recorded"]
    assert told[0].data["created_on"] == "2026-06-15"
    assert told[1].data["gross_minor"] == 50000


def test_an_amount_given_is_not_an_estimate(scene):
    referral = refer(scene, amount=Money(120000, "EUR"), travel_on=datetime.date(2026, 8, 1))
    conversion = Conversion.objects.get(referral=referral)
    assert (conversion.gross_minor, conversion.is_estimated) == (120000, False)
    assert conversion.effective_on == datetime.date(2026, 8, 1)


def test_without_a_booking_a_referral_is_refused_or_starts_as_new(scene, alice):
    with pytest.raises(actions.BookingReferenceMissing) as refused:
        refer(scene, booking_reference=" ")
    assert "booking_reference" in refused.value.fields
    assert not Referral.objects.exists()
    set_setting(key="referrals.require_booking_reference", value=False, actor=alice, now=NOW)
    assert refer(scene, booking_reference="").category == "new"
    assert not Conversion.objects.exists()


@pytest.mark.parametrize("typed", ["{code}", " {code} ", "{lower}", "{dashed}"])
def test_codes_are_read_however_they_are_written(scene, typed):
    code = scene.dana.code
    written = typed.format(code=code, lower=code.lower(), dashed=f"{code[:4]}-{code[4:]}")
    assert refer(scene, code=written).referrer_id == scene.dana.id


def test_an_unknown_code_is_refused(scene):
    with pytest.raises(actions.CodeUnknown):
        refer(scene, code="23456789")
    assert not Referral.objects.exists()


def test_another_tenants_code_is_unknown_here(scene, rival):
    code = scene.dana.code
    with tenancy.use(rival.id):
        make_program()
        with pytest.raises(actions.CodeUnknown):
            refer(scene, code=code)


@pytest.mark.parametrize("status", ["draft", "paused", "ended"])
def test_a_program_that_does_not_run_takes_nothing(in_acme, status):
    scene = make_scene(status=status)
    with pytest.raises(actions.ProgramNotLive):
        refer(scene)
    assert not Referral.objects.exists()


@pytest.mark.parametrize("field", ["email", "phone"])
def test_nobody_refers_themselves(scene, field):
    dana = make_participant("Dana Two", email="dana@example.com", phone="+31612345678")
    own = {"email": "DANA@example.com "} if field == "email" else {"phone": "06 1234 5678"}
    with pytest.raises(actions.SelfReferral):
        refer(scene, code=dana.code, **own)
    assert not Referral.objects.exists()


def test_existing_customers_are_refused_or_allowed_as_the_organization_wants(scene, alice):
    eli = make_participant("Eli", email="eli@example.com")
    with pytest.raises(actions.ExistingCustomer):
        refer(scene, **BOOKED)
    assert not Referral.objects.exists()
    set_setting(key="referrals.existing_customers", value="allow", actor=alice, now=NOW)
    assert refer(scene, **BOOKED).referred_participant_id == eli.id


def test_a_person_is_referred_once_per_program(scene):
    refer(scene, email="eli@example.com")
    other = make_participant("Other")
    with pytest.raises(actions.AlreadyReferred):
        refer(scene, email="ELI@example.com", code=other.code)
    assert Referral.objects.count() == 1
    assert Conversion.objects.count() == 1


def test_a_rejected_referral_frees_the_person(scene, alice):
    first = refer(scene, email="eli@example.com")
    actions.move_referral(
        referral=first, to_category="rejected", actor=alice, reason="no such booking", now=NOW
    )
    assert refer(scene, email="eli@example.com").id != first.id
    with pytest.raises(actions.AlreadyReferred):
        actions.move_referral(referral=first, to_category="engaged", actor=alice, reason="again", now=NOW)
    first.refresh_from_db()
    assert first.category == "rejected"


@pytest.mark.parametrize("written", ["BK123456", " bk123456", "bk 123456"])
def test_a_booking_counts_once_however_it_is_written(scene, written):
    refer(scene, **BOOKED)
    with pytest.raises(actions.DuplicateBooking):
        refer(scene, booking_reference=written, email="somebody@example.com")
    with pytest.raises(actions.DuplicateBooking):
        refer(scene, booking_reference=written, email="eli@example.com")
    assert (Referral.objects.count(), Conversion.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", ""), ("email", "no address"), ("phone", "12"), ("country", "Atlantis"), ("name", "x" * 201),
     ("booking_reference", "x" * 101), ("name", "a\x00b")],
)  # fmt: skip
def test_bad_values_are_named(scene, field, value):
    with pytest.raises(Invalid) as refused:
        refer(scene, **{field: value})
    assert list(refused.value.fields) == [field]
    assert not Referral.objects.exists()


def test_the_phone_is_encrypted_under_the_referral(scene):
    referral = refer(scene, phone="06 1234 5678")
    assert b"612345678" not in bytes(referral.referred_phone_enc)
    assert queries.phone_of(referral) == "+31612345678"
    crypto.destroy_subject_key(referral.id)
    assert queries.phone_of(referral) is None


def test_campaign_fields_are_kept(scene):
    referral = refer(scene, utm={"source": "whatsapp", "utm_campaign": "summer", "other": "x"})
    assert (referral.utm_source, referral.utm_campaign, referral.utm_term) == ("whatsapp", "summer", "")


def test_a_link_brings_its_program_and_campaign(scene):
    other = make_program(is_default=False)
    link = actions.create_link(
        participant=scene.dana, program=other, slug="summer-deal", actor=SYSTEM, now=NOW
    )
    referral = refer(scene, code="SUMMER-deal")
    assert link.slug == "SUMMERDEAL"
    assert (referral.program_id, referral.referrer_id, referral.code) == (
        other.id,
        scene.dana.id,
        "SUMMERDEAL",
    )
    actions.set_link_active(link=link, active=False, actor=SYSTEM, now=NOW)
    with pytest.raises(actions.CodeUnknown):
        refer(scene, code="SUMMERDEAL")


def click(scene, *, at, code=None):
    found = actions.record_click(
        code=code or scene.dana.code,
        address="203.0.113.9",
        user_agent="Mozilla/5.0 Firefox/130",
        is_visit=True,
        now=at,
    )
    return found.click_id


@pytest.mark.parametrize(("days", "counts"), [(0, True), (89, True), (91, False)])
def test_a_click_is_evidence_inside_the_window_only(scene, days, counts):
    click_id = click(scene, at=NOW - datetime.timedelta(days=days))
    referral = refer(scene, click_id=click_id)
    assert (referral.method, referral.click_id) == (("click", click_id) if counts else ("code", None))


def test_a_code_is_stronger_than_somebody_elses_click(scene):
    other = make_participant("Other")
    referral = refer(scene, click_id=click(scene, at=NOW, code=other.code))
    assert (referral.method, referral.click_id, referral.referrer_id) == ("code", None, scene.dana.id)


def test_another_tenants_click_is_no_evidence(scene, rival):
    with tenancy.use(rival.id):
        theirs = click(make_scene(), at=NOW)
    assert refer(scene, click_id=theirs).method == "code"


def test_staff_may_say_how_it_came(scene):
    assert refer(scene, method="manual", click_id=click(scene, at=NOW)).method == "manual"


def test_twelve_calls_at_once_with_one_booking_make_one_referral(committed):
    tenant = committed("race")
    with tenancy.use(tenant.id):
        scene = make_scene()
        others = [make_participant(f"Other {n}").code for n in range(5)]
    start, outcomes = threading.Barrier(12), []

    def call(number):
        try:
            start.wait()
            with tenancy.use(tenant.id):
                email = "eli@example.com" if number % 2 else f"eli{number}@example.com"
                refer(
                    scene,
                    booking_reference="BK777777",
                    email=email,
                    code=[scene.dana.code, *others][number % 6],
                )
            outcomes.append("made")
        except actions.DuplicateBooking as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate_booking"] * 11 + ["made"]
    with tenancy.use(tenant.id):
        assert (Referral.objects.count(), Conversion.objects.count()) == (1, 1)
        assert OutboxEvent.objects.filter(tenant_id=tenant.id, type="referral.created").count() == 1


def test_the_same_person_referred_by_twelve_at_once_has_one_owner(committed):
    tenant = committed("owners")
    with tenancy.use(tenant.id):
        scene = make_scene()
    start, outcomes = threading.Barrier(12), []

    def call(number):
        try:
            start.wait()
            with tenancy.use(tenant.id):
                refer(scene, booking_reference=f"BK88{number:04}", email="eli@example.com")
            outcomes.append("made")
        except actions.AlreadyReferred as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_referred"] * 11 + ["made"]
    with tenancy.use(tenant.id):
        assert (Referral.objects.count(), Conversion.objects.count()) == (1, 1)


def test_the_usual_referral_costs_few_statements(scene, django_assert_max_num_queries):
    refer(scene)
    with django_assert_max_num_queries(18, connection=connection):
        refer(scene)
