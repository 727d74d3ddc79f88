"""Moving, noting, converting and taking back."""

import datetime
import uuid

import pytest
from django.db import connection

from kith.kit import crypto
from kith.kit.errors import Invalid
from kith.kit.models import OutboxEvent
from kith.kit.money import CurrencyMismatch, Money
from kith.pipelines import queries as stages
from kith.pipelines.actions import MoveNotAllowed, ReasonMissing, StageChanged
from kith.referrals import actions, queries
from kith.referrals.models import Adjustment, Conversion, Note, Referral
from kith.referrals.tests.factories import NOW, make_scene, refer
from kith.tenants.actions import set_setting

EUR = "EUR"


@pytest.fixture
def scene(in_acme):
    return make_scene()


@pytest.fixture
def referral(scene):
    return refer(scene)


def events(of_type):
    return list(OutboxEvent.objects.filter(type=of_type).order_by("-position")[:5])


def move(referral, alice, **values):
    return actions.move_referral(referral=referral, actor=alice, now=NOW, **values)


def test_a_move_is_written_down_and_announced(referral, alice):
    moved = move(referral, alice, to_stage="completed")
    assert (moved.category, moved.stage.code, moved.completed_at) == ("completed", "completed", NOW)
    assert Referral.objects.get(pk=referral.pk).category == "completed"
    last = stages.history("referral", referral.id)[-1]
    assert (last.from_state, last.to_state, last.actor) == ("qualified", "completed", alice.ref)
    told = events("referral.moved")[0].data
    assert (told["from_category"], told["to_category"]) == ("qualified", "completed")
    assert told["referral_id"] == str(referral.id)


def test_a_category_means_its_first_stage(referral, alice):
    assert move(referral, alice, to_category="rejected", reason="no booking").stage.code == "rejected"


@pytest.mark.parametrize(
    ("target", "refusal"),
    [({"to_stage": "pending"}, MoveNotAllowed), ({"to_stage": "nowhere"}, actions.StageUnknown),
     ({}, actions.StageUnknown), ({"to_category": "rejected"}, ReasonMissing)],
)  # fmt: skip
def test_moves_that_are_not_allowed_change_nothing(referral, alice, target, refusal):
    before = OutboxEvent.objects.filter(type="referral.moved").count()
    with pytest.raises(refusal):
        move(referral, alice, **target)
    assert Referral.objects.get(pk=referral.pk).category == "qualified"
    assert len(stages.history("referral", referral.id)) == 1
    assert OutboxEvent.objects.filter(type="referral.moved").count() == before


def test_of_two_who_move_the_first_wins(referral, alice):
    stale = queries.get_referral(referral.id)
    move(referral, alice, to_stage="converted")
    with pytest.raises(StageChanged):
        move(stale, alice, to_stage="completed")


def test_many_move_each_for_itself(scene, alice):
    rows = [refer(scene) for _ in range(3)]
    move(rows[1], alice, to_category="completed")
    unknown = uuid.uuid4()
    ids = [rows[0].id, rows[1].id, unknown, rows[2].id, rows[0].id]
    results = actions.move_referrals(ids, to_category="completed", actor=alice, now=NOW)
    assert [(result.id, result.ok, result.code) for result in results] == [
        (rows[0].id, True, ""), (rows[1].id, False, "move_not_allowed"), (unknown, False, "not_found"),
        (rows[2].id, True, ""),
    ]  # fmt: skip
    assert Referral.objects.filter(category="completed").count() == 3
    with pytest.raises(actions.TooManyRows):
        actions.move_referrals([uuid.uuid4()] * 1001, to_category="completed", actor=alice, now=NOW)


def test_notes_are_encrypted(referral, alice):
    note = actions.add_note(referral=referral, text=" Called, will pay. ", actor=alice, now=NOW)
    assert b"Called" not in bytes(note.body_enc)
    assert [(read.text, read.author) for read in queries.notes_of(referral.id)] == [
        ("Called, will pay.", alice.ref)
    ]
    crypto.destroy_subject_key(referral.id)
    assert [read.text for read in queries.notes_of(referral.id)] == [None]
    for text in ("", "  ", "x" * 10_001):
        with pytest.raises(actions.NoteEmpty):
            actions.add_note(referral=referral, text=text, actor=alice, now=NOW)
    with pytest.raises(Invalid):
        actions.add_note(referral=referral, text="x", visibility="secret", actor=alice, now=NOW)
    assert Note.objects.count() == 1


def record(referral, alice, **values):
    given = {
        "event": "paid", "external_id": "inv-1", "amount": Money(90000, EUR), "occurred_at": NOW, "source": "api",
        "now": NOW,
    }  # fmt: skip
    return actions.record_conversion(referral=referral, actor=alice, **{**given, **values})


def test_a_conversion_is_recorded_once(referral, alice):
    made = record(referral, alice)
    assert record(referral, alice).id == made.id
    assert Conversion.objects.filter(event="paid").count() == 1
    assert len([event for event in events("conversion.recorded") if event.data["event"] == "paid"]) == 1
    with pytest.raises(actions.ConversionKnown):
        record(referral, alice, amount=Money(1, EUR))
    with pytest.raises(actions.ConversionKnown):
        record(referral, alice, amount=None)
    assert record(referral, alice, external_id="inv-2", amount=None).is_estimated


def test_another_referrals_event_is_not_taken(scene, referral, alice):
    record(referral, alice)
    with pytest.raises(actions.ConversionKnown):
        record(refer(scene), alice)


def test_a_conversion_qualifies_a_new_referral(scene, alice):
    set_setting(key="referrals.require_booking_reference", value=False, actor=alice, now=NOW)
    referral = refer(scene, booking_reference="")
    record(referral, alice)
    found = queries.get_referral(referral.id)
    assert (found.category, found.converted_at) == ("qualified", NOW)


@pytest.mark.parametrize(
    ("days", "late", "fine"), [(0, 0, True), (365, 30, True), (366, 0, False), (10, 31, False)]
)
def test_windows_are_judged_by_when_it_happened(referral, alice, days, late, fine):
    occurred = NOW + datetime.timedelta(days=days)
    report = {"occurred_at": occurred, "now": occurred + datetime.timedelta(days=late)}
    if fine:
        assert record(referral, alice, **report).occurred_at == occurred
    else:
        with pytest.raises(actions.ConversionTooLate):
            record(referral, alice, **report)
        assert not Conversion.objects.filter(event="paid").exists()


def test_closed_referrals_take_no_conversions(referral, alice):
    move(referral, alice, to_category="rejected", reason="x")
    with pytest.raises(actions.ReferralClosed):
        record(referral, alice)


def refund(conversion, alice, amount, external_id):
    return actions.refund_conversion(
        conversion=conversion, amount=Money(amount, EUR), external_id=external_id, actor=alice, now=NOW
    )


def test_refunds_add_up_and_count_once(referral, alice):
    conversion = record(referral, alice)
    for amount, key, total in ((20000, "r1", 20000), (20000, "r1", 20000), (30000, "r2", 50000)):
        assert refund(conversion, alice, amount, key).refunded_minor == total
    assert [event.data["net_minor"] for event in events("conversion.refunded")] == [40000, 70000]
    for bad, refusal in ((40001, actions.RefundTooLarge), (0, actions.RefundTooLarge)):
        with pytest.raises(refusal):
            refund(conversion, alice, bad, "r3")
    with pytest.raises(actions.AdjustmentKnown):
        refund(conversion, alice, 1, "r1")
    with pytest.raises(CurrencyMismatch):
        actions.refund_conversion(
            conversion=conversion, amount=Money(1, "USD"), external_id="r4", actor=alice, now=NOW
        )
    assert Adjustment.objects.count() == 2


def test_a_cancelled_conversion_gives_back_what_is_left(referral, alice):
    conversion = record(referral, alice)
    refund(conversion, alice, 20000, "r1")
    for _again in range(2):
        done = actions.cancel_conversion(conversion=conversion, external_id="c1", actor=alice, now=NOW)
        assert (done.status, done.refunded_minor) == ("cancelled", 90000)
    told = events("conversion.refunded")
    assert (len(told), told[0].data["amount_minor"], told[0].data["is_cancelled"]) == (2, 70000, True)
    with pytest.raises(actions.ConversionCancelled):
        refund(conversion, alice, 1, "r2")


@pytest.mark.parametrize("rows", [3, 30])
def test_a_list_costs_the_same_for_3_and_30(scene, rows, django_assert_num_queries):
    for _ in range(rows):
        refer(scene)
    with django_assert_num_queries(1, connection=connection):
        found = [(row.referrer.name, row.stage.code, row.program.code) for row in queries.referral_list()]
    assert len(found) == rows


def test_lists_are_narrowed(scene, alice):
    eli = refer(scene, email="eli@example.com", name="Eli Janssen", booking_reference="BK424242")
    other = refer(scene)
    move(other, alice, to_category="completed")
    assert list(queries.referral_list(search="janss")) == [eli]
    assert list(queries.referral_list(search="bk4242")) == [eli]
    assert list(queries.referral_list(search="eli 4242")) == [eli]
    assert list(queries.referral_list(search="%")) == []
    assert list(queries.referral_list(category="completed")) == [other]
    assert list(queries.referral_list(stage="qualified")) == [eli]
    assert len(queries.referral_list(referrer_id=scene.dana.id)) == 2
    assert len(queries.referral_list(program_id=scene.program.id)) == 2
    assert len(queries.referral_list(referrer_id=uuid.uuid4())) == 0
    assert len(queries.referral_list(created_from=NOW, created_before=NOW + datetime.timedelta(days=1))) == 2
    assert len(queries.referral_list(created_before=NOW)) == 0
