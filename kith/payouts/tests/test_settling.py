"""Sent, paid, refused, returned, cancelled: where the money is after each, once and twice."""

import uuid

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from kith.kit.models import OutboxEvent
from kith.ledger import queries as books
from kith.payouts import actions, queries, rules
from kith.payouts.models import PayoutBatch, Withdrawal
from kith.payouts.tests.factories import (
    IBANS,
    everything,
    give_account,
    held,
    make_person,
    make_reward,
    refused,
    states,
    steps,
    take_back,
    the_withdrawal,
)
from kith.rewards.models import Reward

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def test_sending_puts_withdrawals_at_the_bank(sent, dana, alice, now):
    assert (sent.status, sent.sent_at, sent.file_sha256 != "") == ("sent", now, True)
    assert the_withdrawal(sent).status == "processing"
    assert held(dana) == {"reserved": 5000}
    assert OutboxEvent.objects.filter(type="payout.sent").count() == 1
    before = everything(dana)
    actions.send_batch(batch=sent, actor=alice, now=now)
    assert everything(dana) == before
    assert books.check() == []


def test_a_draft_is_not_sent(made, dana, alice, now):
    refused(dana, actions.BatchNotApproved, actions.send_batch, batch=made, actor=alice, now=now)


def test_paying_settles_the_rewards_and_ends_the_batch(paid, dana, alice, now):
    assert held(dana) == {"paid": 5000}
    assert states(Reward) == ["settled", "settled"]
    row = the_withdrawal(paid)
    assert (row.status, row.paid_at, paid.status, paid.closed_at) == ("paid", now, "done", now)
    assert steps("withdrawal", row.pk) == ["requested", "approved", "processing", "paid"]
    assert steps("payout_batch", paid.pk) == ["draft", "approved", "sent", "done"]
    event = OutboxEvent.objects.get(type="payout.paid")
    assert event.data == {
        "withdrawal_id": str(row.pk), "participant_id": str(dana.pk), "batch_id": str(paid.pk),
        "amount_minor": 5000, "currency": "EUR",
    }  # fmt: skip
    assert books.check() == []


def test_paying_twice_pays_once(paid, dana, alice, now):
    before = everything(dana)
    actions.mark_paid(batch=paid, actor=alice, now=now)
    actions.mark_paid(withdrawal_ids=[the_withdrawal(paid).pk], actor=alice, now=now)
    assert everything(dana) == before


def test_what_was_not_sent_is_not_paid(made, dana, alice, now):
    refused(dana, actions.BatchNotSent, actions.mark_paid, batch=made, actor=alice, now=now)
    ids = [the_withdrawal(made).pk]
    refused(
        dana, actions.WithdrawalNotProcessing, actions.mark_paid, withdrawal_ids=ids, actor=alice, now=now
    )


def test_an_unknown_payment_is_not_paid_nor_the_others(sent, dana, alice, now):
    ids = [the_withdrawal(sent).pk, uuid.uuid4()]
    refused(dana, actions.WithdrawalUnknown, actions.mark_paid, withdrawal_ids=ids, actor=alice, now=now)


def test_a_batch_ends_with_its_last_withdrawal(shop, dana, alice, now):
    other = make_person("Eli")
    give_account(other, IBANS[1])
    make_reward(shop, other)
    batch = actions.make_batch(actor=alice, now=now).batch
    actions.approve_batch(batch=batch, actor=alice, now=now)
    actions.send_batch(batch=batch, actor=alice, now=now)
    of_dana, of_eli = (Withdrawal.objects.get(participant=person) for person in (dana, other))
    actions.mark_paid(withdrawal_ids=[of_dana.pk], actor=alice, now=now)
    batch.refresh_from_db()
    assert batch.status == "sent"
    actions.mark_failed(withdrawal=of_eli, reason="Account closed", failure_code="AC04", actor=alice, now=now)
    batch.refresh_from_db()
    assert batch.status == "done"
    assert (held(dana), held(other)) == ({"paid": 5000}, {"available": 2500})
    assert books.check() == []


def test_a_reward_clawed_back_on_its_way_out_stays_so(shop, sent, dana, alice, now):
    first = Reward.objects.order_by("id").first()
    take_back(first, 2500)
    assert held(dana) == {"reserved": 5000, "debt": -2500}
    actions.mark_paid(batch=sent, actor=alice, now=now)
    assert states(Reward) == ["clawed_back", "settled"]
    assert held(dana) == {"paid": 5000, "debt": -2500}
    assert books.check() == []


# --- failed, returned, cancelled


def test_a_refused_payment_is_available_again(sent, dana, alice, now):
    row = actions.mark_failed(
        withdrawal=the_withdrawal(sent), reason=" Account closed ", failure_code="AC04", actor=alice, now=now
    )
    assert (row.status, row.failure_code, row.failure_note) == ("failed", "AC04", "Account closed")
    assert held(dana) == {"available": 5000}
    assert states(Reward) == ["available", "available"]
    before = everything(dana)
    actions.mark_failed(withdrawal=row, reason="Again", actor=alice, now=now)
    assert everything(dana) == before
    assert OutboxEvent.objects.filter(type="payout.failed").count() == 1
    assert actions.make_batch(actor=alice, now=now).batch.total_minor == 5000
    assert books.check() == []


def test_a_returned_payment_can_be_paid_again(paid, dana, alice, now):
    row = actions.mark_returned(
        withdrawal=the_withdrawal(paid), reason="Account closed", actor=alice, now=now
    )
    assert row.status == "returned"
    assert held(dana) == {"available": 5000}
    assert states(Reward) == ["available", "available"]
    before = everything(dana)
    actions.mark_returned(withdrawal=row, reason="Again", actor=alice, now=now)
    assert everything(dana) == before
    second = actions.make_batch(actor=alice, now=now).batch
    actions.approve_batch(batch=second, actor=alice, now=now)
    actions.send_batch(batch=second, actor=alice, now=now)
    actions.mark_paid(batch=second, actor=alice, now=now)
    assert (second.number, held(dana), states(Reward)) == (2, {"paid": 5000}, ["settled", "settled"])
    assert len(set(Withdrawal.objects.values_list("reference", flat=True))) == 2
    assert books.check() == []


def test_a_returned_payment_is_not_paid_by_name(paid, dana, alice, now):
    row = actions.mark_returned(withdrawal=the_withdrawal(paid), reason="Closed", actor=alice, now=now)
    refused(
        dana,
        actions.WithdrawalNotProcessing,
        actions.mark_paid,
        withdrawal_ids=[row.pk],
        actor=alice,
        now=now,
    )
    refused(
        dana,
        actions.WithdrawalNotProcessing,
        actions.mark_failed,
        withdrawal=row,
        reason="x",
        actor=alice,
        now=now,
    )


def test_only_what_was_paid_is_returned(sent, dana, alice, now):
    row = the_withdrawal(sent)
    refused(
        dana,
        actions.WithdrawalNotPaid,
        actions.mark_returned,
        withdrawal=row,
        reason="x",
        actor=alice,
        now=now,
    )


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_refusal_needs_a_reason(sent, dana, alice, now, reason):
    row = the_withdrawal(sent)
    for step in (actions.mark_failed, actions.mark_returned):
        refusal = refused(
            dana, actions.ReasonMissing, step, withdrawal=row, reason=reason, actor=alice, now=now
        )
        assert list(refusal.fields) == ["reason"]


@pytest.mark.parametrize("approved", [False, True])
def test_cancelling_gives_the_money_back(made, dana, alice, now, approved):
    if approved:
        actions.approve_batch(batch=made, actor=alice, now=now)
    cancelled = actions.cancel_batch(batch=made, reason="Too early", actor=alice, now=now)
    assert (cancelled.status, the_withdrawal(made).status) == ("cancelled", "cancelled")
    assert held(dana) == {"available": 5000}
    before = everything(dana)
    actions.cancel_batch(batch=made, actor=alice, now=now)
    assert everything(dana) == before
    refused(dana, actions.FileNotReady, actions.write_file, batch=made, now=now)
    assert actions.make_batch(actor=alice, now=now).batch.number == 2
    assert books.check() == []


def test_a_downloaded_file_is_in_the_history_and_cancelling_asks_whether_it_was_paid(made, dana, alice, now):
    actions.approve_batch(batch=made, actor=alice, now=now)
    for _ in range(2):
        actions.download_file(batch=made, actor=alice, now=now)
    steps = [(step.status, step.by) for step in queries.batch_history(made)]
    assert steps[:2] == [("file", alice.label)] * 2
    step = {"batch": made, "actor": alice, "now": now}
    refusal = refused(dana, actions.PerhapsPaid, actions.cancel_batch, **step)
    assert list(refusal.fields) == ["nothing_paid"]
    assert actions.cancel_batch(nothing_paid=True, **step).status == "cancelled"
    assert held(dana) == {"available": 5000}
    assert books.check() == []


def test_a_sent_batch_is_not_cancelled(sent, dana, alice, now):
    refused(dana, actions.BatchNotCancellable, actions.cancel_batch, batch=sent, actor=alice, now=now)


# --- the database


def test_the_database_knows_the_same_steps(in_acme):
    for machine, edges in (("withdrawal", rules.WITHDRAWAL_EDGES), ("payout_batch", rules.BATCH_EDGES)):
        with connection.cursor() as cursor:
            cursor.execute("select from_state, to_state from kit_state_edge where machine = %s", [machine])
            assert set(cursor.fetchall()) == {(start, end) for start, ends in edges.items() for end in ends}


@pytest.mark.parametrize(("model", "status"), [(Withdrawal, "paid"), (PayoutBatch, "done")])
def test_the_database_refuses_steps_that_skip(made, model, status):
    with pytest.raises((IntegrityError, InternalError), match="is not a declared step"), transaction.atomic():
        model.objects.update(status=status)
