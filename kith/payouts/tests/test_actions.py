"""Each step of the money, once, twice and refused; the books are looked at after every one."""

import datetime
import uuid
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, InternalError, connection, transaction

from kith.kit import crypto
from kith.kit.errors import Invalid
from kith.kit.models import OutboxEvent
from kith.ledger import queries as books
from kith.payouts import actions, queries, rules
from kith.payouts.models import PayoutAccount, PayoutBatch, Withdrawal, WithdrawalLine
from kith.payouts.tests.factories import (
    IBANS,
    give_account,
    held,
    make_person,
    make_reward,
    open_books,
    parsed,
    set_debtor,
    take_back,
)
from kith.pipelines.queries import history
from kith.rewards.models import Reward
from kith.tenants.actions import set_setting

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@pytest.fixture
def checker(alice):
    """A second person of the organization."""
    return replace(alice, id=str(uuid.uuid4()), label="Carol")


@pytest.fixture
def shop(in_acme, alice):
    """An organization that can pay: a program with a budget and a paying account."""
    set_debtor(alice)
    return open_books()


@pytest.fixture
def dana(shop):
    """Two available rewards of EUR 25 and an account."""
    person = make_person("Dana Jansen")
    give_account(person)
    make_reward(shop, person)
    make_reward(shop, person)
    return person


@pytest.fixture
def made(dana, alice, now):
    """A draft that pays Dana EUR 50."""
    return actions.make_batch(actor=alice, now=now).batch


@pytest.fixture
def sent(made, alice, now):
    """The same batch at the bank."""
    actions.approve_batch(batch=made, actor=alice, now=now)
    return actions.send_batch(batch=made, actor=alice, now=now)


@pytest.fixture
def paid(sent, alice, now):
    """The same batch, paid."""
    actions.mark_paid(batch=sent, actor=alice, now=now)
    sent.refresh_from_db()
    return sent


def the_withdrawal(batch) -> Withdrawal:
    return Withdrawal.objects.get(batch=batch)


def states(model, **wanted) -> list[str]:
    return list(model.objects.filter(**wanted).order_by("id").values_list("status", flat=True))


def steps(machine: str, subject_id) -> list[str]:
    return [entry.to_state for entry in history(machine, subject_id)]


def everything(person) -> tuple:
    """All that a refused step must leave as it was."""
    return (
        held(person),
        list(PayoutBatch.objects.order_by("id").values()),
        list(Withdrawal.objects.order_by("id").values()),
        list(WithdrawalLine.objects.order_by("id").values()),
        states(Reward),
        OutboxEvent.objects.count(),
    )


def refused(person, error, step, *args, **kwargs):
    before = everything(person)
    with pytest.raises(error) as refusal, transaction.atomic():
        step(*args, **kwargs)
    assert everything(person) == before
    return refusal.value


# --- the payout account


def test_an_account_is_stored_encrypted_and_masked(dana):
    account = queries.get_payout_account(dana.pk)
    assert IBANS[0].encode() not in bytes(account.iban_enc)
    assert (account.iban_last4, account.country, account.bic) == ("4300", "NL", "ABNANL2A")
    assert queries.iban_of(account) == IBANS[0]
    assert bytes(account.fingerprint) == crypto.blind_index(IBANS[0], kind="iban")


def test_a_new_account_archives_the_one_before(dana, alice, now):
    before = queries.get_payout_account(dana.pk)
    saved = actions.save_payout_account(
        participant=dana, holder=" Dana  Jansen ", iban="de89 3704 0044 0532 0130 00", actor=alice, now=now
    )
    before.refresh_from_db()
    assert (before.archived_at, saved.holder, saved.country) == (now, "Dana Jansen", "DE")
    assert queries.get_payout_account(dana.pk) == saved


def test_saving_the_same_account_again_changes_nothing(dana):
    before = queries.get_payout_account(dana.pk)
    assert give_account(dana) == before
    assert PayoutAccount.objects.count() == 1


@pytest.mark.parametrize(
    ("holder", "iban", "bic", "field"),
    [
        ("Dana", "NL91ABNA0417164301", "", "iban"),
        ("Dana", "NL00", "", "iban"),
        ("Dana", "not an account", "", "iban"),
        ("", IBANS[0], "", "holder"),
        ("x" * 71, IBANS[0], "", "holder"),
        ("Dana\x00", IBANS[0], "", "holder"),
        ("Dana", IBANS[0], "ABN", "bic"),
    ],
)
def test_an_account_no_bank_would_take_is_refused(dana, alice, now, holder, iban, bic, field):
    before = queries.get_payout_account(dana.pk)
    with pytest.raises(actions.AccountInvalid) as refusal:
        actions.save_payout_account(participant=dana, holder=holder, iban=iban, bic=bic, actor=alice, now=now)
    assert list(refusal.value.fields) == [field]
    assert queries.get_payout_account(dana.pk) == before


# --- making a batch


def test_a_batch_reserves_what_participants_are_owed(made, dana, alice):
    assert (made.number, made.count, made.total_minor, made.status) == (1, 1, 5000, "draft")
    assert (made.made_by, made.made_by_label, made.needs_second_person) == (alice.ref, "Alice", False)
    assert made.execution_on == datetime.date(2026, 6, 15)
    assert held(dana) == {"reserved": 5000}
    assert states(Reward) == ["available", "available"]
    row = the_withdrawal(made)
    assert (row.status, row.amount_minor, row.payout_account.iban_last4) == ("requested", 5000, "4300")
    assert row.reference == rules.reference(1, 1, row.pk)
    assert list(WithdrawalLine.objects.values_list("amount_minor", flat=True)) == [2500, 2500]
    assert steps("payout_batch", made.pk) == ["draft"]
    assert steps("withdrawal", row.pk) == ["requested"]
    assert books.check() == []


def test_rewards_in_a_batch_are_not_paid_by_another(made, dana, alice, now):
    ids = list(Reward.objects.values_list("id", flat=True))
    refusal = refused(dana, actions.NothingToPay, actions.make_batch, reward_ids=ids, actor=alice, now=now)
    assert {skip["reason"] for skip in refusal.details["skipped"]} == {"reward_in_withdrawal"}
    refusal = refused(dana, actions.NothingToPay, actions.make_batch, actor=alice, now=now)
    assert refusal.details["skipped"] == []


def test_the_database_refuses_a_reward_in_two_live_withdrawals(made):
    line = WithdrawalLine.objects.first()
    with pytest.raises(IntegrityError, match="reward_in_one_live_withdrawal"), transaction.atomic():
        WithdrawalLine.objects.create(withdrawal=line.withdrawal, reward=line.reward, amount_minor=1)


def test_only_chosen_rewards_are_paid(dana, alice, now):
    one, other = Reward.objects.order_by("id")
    made = actions.make_batch(reward_ids=[other.pk], actor=alice, now=now)
    assert (made.batch.total_minor, made.skipped) == (2500, ())
    assert held(dana) == {"available": 2500, "reserved": 2500}
    assert [claim.pk for claim in queries.unclaimed_rewards()] == [one.pk]


def test_a_reward_that_does_not_exist_is_refused(dana, alice, now):
    unknown = uuid.uuid4()
    refusal = refused(
        dana, actions.RewardUnknown, actions.make_batch, reward_ids=[unknown], actor=alice, now=now
    )
    assert refusal.details["reward_id"] == unknown


def test_everybody_left_out_is_told_why(shop, dana, alice, now):
    poor, without, away, suspended, dollars = (make_person(f"Person {n}") for n in range(5))
    for person in (poor, suspended, dollars):
        give_account(person, IBANS[1])
    give_account(away, "AE070331234567890123456")
    make_reward(shop, poor, 999)
    make_reward(open_books("USD"), dollars)
    for person in (without, away, suspended):
        make_reward(shop, person)
    type(suspended).objects.filter(pk=suspended.pk).update(status="suspended")
    set_setting(key="payouts.minimum", value="10.00", actor=alice, now=now)
    made = actions.make_batch(actor=alice, now=now)
    assert [row.participant_id for row in Withdrawal.objects.all()] == [dana.pk]
    assert {skip.participant_id: skip.reason for skip in made.skipped} == {
        poor.pk: "below_minimum", without.pk: "account_missing", away.pk: "account_outside_sepa",
        suspended.pk: "participant_not_active", dollars.pk: "other_currency",
    }  # fmt: skip
    listed = {row.participant_id: row.reason for row in queries.due(format="sepa").items}
    assert listed == {skip.participant_id: skip.reason for skip in made.skipped}
    assert books.check() == []


def test_a_list_needs_no_accounts_and_takes_other_currencies(alice, in_acme, now):
    person = make_person()
    make_reward(open_books("JPY"), person, 1500)
    made = actions.make_batch(format="csv", currency="JPY", actor=alice, now=now).batch
    assert (made.currency, made.total_minor) == ("JPY", 1500)
    assert made.needs_second_person, "the limit is in euros and says nothing about yen"
    with pytest.raises(Invalid) as refusal:
        actions.make_batch(format="csv", currency="XYZ", actor=alice, now=now)
    assert "currency" in refusal.value.fields


def test_without_a_paying_account_no_sepa_batch_is_made(in_acme, alice, now):
    person = make_person()
    make_reward(open_books(), person)
    give_account(person)
    refusal = refused(person, actions.DebtorInvalid, actions.make_batch, actor=alice, now=now)
    assert set(refusal.fields) == {"payouts.debtor_name", "payouts.debtor_iban"}


def test_only_what_is_left_of_a_reward_is_paid(shop, dana, alice, now):
    take_back(Reward.objects.order_by("id").first(), 1000)
    made = actions.make_batch(actor=alice, now=now).batch
    assert made.total_minor == 4000
    assert held(dana) == {"reserved": 4000}


def test_a_debt_paid_from_later_rewards_is_not_paid_out(shop, paid, dana, alice, now):
    take_back(Reward.objects.order_by("id").first(), 2500)
    make_reward(shop, dana)
    assert held(dana) == {"paid": 5000}, "the new reward went into the debt"
    refusal = refused(dana, actions.NothingToPay, actions.make_batch, actor=alice, now=now)
    assert [skip["reason"] for skip in refusal.details["skipped"]] == ["nothing_available"]
    make_reward(shop, dana, 1000)
    made = actions.make_batch(actor=alice, now=now).batch
    assert made.total_minor == 1000
    amounts = WithdrawalLine.objects.filter(withdrawal__batch=made).order_by("reward_id")
    assert list(amounts.values_list("amount_minor", flat=True)) == [1000, 0]
    assert books.check() == []


def test_execution_moves_to_a_business_day(dana, alice, now):
    made = actions.make_batch(execution_on=datetime.date(2026, 6, 20), actor=alice, now=now).batch
    assert made.execution_on == datetime.date(2026, 6, 22)


# --- approving


def test_below_the_limit_the_maker_may_approve(made, dana, alice, now):
    approved = actions.approve_batch(batch=made, actor=alice, now=now)
    assert (approved.status, approved.approved_by, approved.approved_at) == ("approved", alice.ref, now)
    assert the_withdrawal(made).status == "approved"
    assert held(dana) == {"reserved": 5000}
    assert steps("payout_batch", made.pk) == ["draft", "approved"]
    assert books.check() == []


def test_above_the_limit_somebody_else_approves(made, dana, alice, checker, now):
    set_setting(key="payouts.second_person_above", value="49.99", actor=alice, now=now)
    refused(dana, actions.CheckerIsMaker, actions.approve_batch, batch=made, actor=alice, now=now)
    approved = actions.approve_batch(batch=made, actor=checker, now=now)
    assert (approved.status, approved.approved_by, approved.needs_second_person) == (
        "approved",
        checker.ref,
        True,
    )


def test_raising_the_limit_later_does_not_spare_the_second_person(dana, alice, now):
    set_setting(key="payouts.second_person_above", value="10.00", actor=alice, now=now)
    made = actions.make_batch(actor=alice, now=now).batch
    set_setting(key="payouts.second_person_above", value="1000.00", actor=alice, now=now)
    refused(dana, actions.CheckerIsMaker, actions.approve_batch, batch=made, actor=alice, now=now)


def test_the_database_refuses_a_maker_who_checks(made, alice):
    with pytest.raises(IntegrityError, match="batch_checker_is_not_maker"), transaction.atomic():
        PayoutBatch.objects.filter(pk=made.pk).update(
            needs_second_person=True, approved_by=alice.ref, status="approved"
        )


def test_the_database_refuses_a_batch_that_nobody_approved(made):
    with pytest.raises(IntegrityError, match="batch_approved_by_somebody"), transaction.atomic():
        PayoutBatch.objects.filter(pk=made.pk).update(status="approved")


def test_a_batch_is_approved_once(made, dana, alice, checker, now):
    actions.approve_batch(batch=made, actor=alice, now=now)
    for actor in (alice, checker):
        refusal = refused(
            dana, actions.BatchNotDraft, actions.approve_batch, batch=made, actor=actor, now=now
        )
        assert refusal.details["status"] == "approved"


# --- the file


def test_a_draft_has_no_file(made, dana, now):
    refused(dana, actions.FileNotReady, actions.write_file, batch=made, now=now)


def test_the_file_is_written_once_and_sums_to_the_batch(made, alice, now):
    actions.approve_batch(batch=made, actor=alice, now=now)
    first = actions.write_file(batch=made, now=now)
    root = parsed(first.content)
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=NS) == "50.00"
    assert root.findtext(".//p:CdtrAcct//p:IBAN", namespaces=NS) == IBANS[0]
    assert first.name == "payout-batch-000001.xml"
    made.refresh_from_db()
    assert made.file_sha256 == first.sha256
    give_account(make_person("Somebody"), IBANS[2])
    set_debtor(alice, debtor_name="Another Name")
    again = actions.write_file(batch=made, now=now + datetime.timedelta(days=3))
    assert again == first


def test_the_stored_file_is_not_readable_without_the_key(sent):
    sent.refresh_from_db()
    with default_storage.open(sent.file_name) as stored:
        assert IBANS[0].encode() not in stored.read()


def test_an_altered_or_lost_file_is_never_given_out(sent, now):
    sent.refresh_from_db()
    default_storage.delete(sent.file_name)
    with pytest.raises(actions.FileAltered):
        actions.write_file(batch=sent, now=now)
    assert default_storage.save(sent.file_name, ContentFile(b"<Document/>")) == sent.file_name
    with pytest.raises(actions.FileAltered):
        actions.write_file(batch=sent, now=now)


def test_a_payee_erased_meanwhile_stops_the_file(made, dana, alice, now):
    actions.approve_batch(batch=made, actor=alice, now=now)
    crypto.destroy_subject_key(dana.pk)
    refusal = refused(dana, actions.AccountUnreadable, actions.send_batch, batch=made, actor=alice, now=now)
    assert refusal.code == "payout_account_unreadable"


def test_an_execution_day_that_passed_moves_on(made, alice, now):
    actions.approve_batch(batch=made, actor=alice, now=now)
    later = now + datetime.timedelta(days=5)  # a Saturday
    root = parsed(actions.write_file(batch=made, now=later).content)
    made.refresh_from_db()
    assert made.execution_on == datetime.date(2026, 6, 22)
    assert root.findtext(".//p:ReqdExctnDt/p:Dt", namespaces=NS) == "2026-06-22"


def test_a_payment_under_way_keeps_the_account_it_was_made_with(made, dana, alice, now):
    give_account(dana, IBANS[1])
    actions.approve_batch(batch=made, actor=alice, now=now)
    root = parsed(actions.write_file(batch=made, now=now).content)
    assert root.findtext(".//p:CdtrAcct//p:IBAN", namespaces=NS) == IBANS[0]


# --- sent, paid


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
