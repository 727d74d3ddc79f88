"""Each step of the money, once, twice and refused; the books are looked at after every one."""

import datetime
import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from kith.kit import crypto
from kith.kit.errors import Invalid
from kith.ledger import queries as books
from kith.payouts import actions, queries, rules
from kith.payouts.models import PayoutAccount, PayoutBatch, Withdrawal, WithdrawalLine
from kith.payouts.tests.factories import (
    AT,
    IBANS,
    give_account,
    held,
    make_person,
    make_reward,
    open_books,
    parsed,
    refused,
    set_debtor,
    states,
    steps,
    take_back,
    the_withdrawal,
)
from kith.rewards.models import Reward
from kith.tenants.actions import set_setting

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


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


def test_whoever_could_be_paid_first_stands_on_top(in_acme):
    shop, people = open_books(), [make_person(name) for name in ("Ann", "Bo", "Cas")]
    for days, person in zip((3, 1, 2), people, strict=True):
        reward = make_reward(shop, person)
        Reward.objects.filter(pk=reward.pk).update(available_at=AT + datetime.timedelta(days=days))
    assert [row.name for row in queries.due().items] == ["Bo", "Cas", "Ann"]


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
