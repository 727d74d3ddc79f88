"""Two participants become one: nothing is lost, nothing is doubled, and the books agree."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.ledger import queries as books
from kith.ledger.models import Journal
from kith.participants import actions as people
from kith.participants import queries as participants
from kith.participants.models import Participant, ParticipantStatus, PortalSession
from kith.participants.tests.factories import make_participant
from kith.payouts import actions, queries
from kith.payouts.models import PayoutAccount, Withdrawal
from kith.payouts.tests.factories import (
    AT,
    IBANS,
    give_account,
    held,
    make_person,
    make_reward,
    open_books,
    take_back,
)
from kith.pipelines.models import Stage
from kith.referrals.models import Link, Referral
from kith.referrals.queries import locate_code
from kith.rewards.actions.handing import RewardedTwice
from kith.rewards.models import Counter, Reward

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def merge(survivor: Participant, other: Participant, **choices: str) -> Participant:
    return actions.merge_participants(survivor=survivor, other=other, choices=choices, actor=SYSTEM, now=AT)


def sound() -> bool:
    return books.check() == [] and queries.money_offences() == []


@pytest.fixture
def eli(shop: Any) -> Participant:
    """Dana once more, by another address, with one reward of EUR 10."""
    person = make_person("Dana Jansen", phone="+31612345678")
    make_reward(shop, person, 1000)
    return person


def brought(shop: Any, by: Participant) -> Referral:
    stage = Stage.objects.create(
        pipeline=shop.program.pipeline, code=f"s{uuid7().hex[:8]}", category="new", label={}, position=1
    )
    return Referral.objects.create(
        program=shop.program, referrer=by, referred_key=uuid7().bytes, method="code", stage=stage, category="new",
        code=by.code, created_at=AT, updated_at=AT,
    )  # fmt: skip


def test_balances_add_up_and_nothing_that_was_posted_changes(dana: Any, eli: Any) -> None:
    before = list(Journal.objects.order_by("id").values())
    merge(dana, eli)
    assert (held(dana), held(eli)) == ({"available": 6000}, {})
    assert list(Journal.objects.order_by("id").values())[: len(before)] == before
    assert list(Journal.objects.filter(kind="merge").values_list("ref_id", flat=True)) == [eli.pk]
    assert set(Reward.objects.values_list("beneficiary_id", flat=True)) == {dana.pk}
    assert sound()


def test_what_is_owed_back_and_what_was_paid_come_along(
    dana: Any, eli: Any, shop: Any, alice: Any, now: Any
) -> None:
    give_account(eli, IBANS[1])
    batch = actions.make_batch(actor=alice, now=now).batch
    actions.approve_batch(batch=batch, actor=alice, now=now)
    actions.send_batch(batch=batch, actor=alice, now=now)
    actions.mark_paid(batch=batch, actor=alice, now=now)
    take_back(Reward.objects.get(beneficiary=eli), 400)
    assert held(eli) == {"paid": 1000, "debt": -400}
    merge(dana, eli)
    assert (held(dana), held(eli)) == ({"paid": 6000, "debt": -400}, {})
    assert set(Withdrawal.objects.values_list("participant_id", flat=True)) == {dana.pk}
    assert sound()
    of_eli = Withdrawal.objects.get(amount_minor=1000)
    actions.mark_returned(withdrawal=of_eli, reason="closed", actor=alice, now=now)
    assert held(dana) == {"paid": 5000, "available": 1000, "debt": -400}
    assert sound()


def test_it_cannot_be_done_twice_nor_the_other_way_round(dana: Any, eli: Any) -> None:
    merge(dana, eli)
    for one, other in ((dana, eli), (eli, dana)):
        with pytest.raises(people.ParticipantMerged), transaction.atomic():
            merge(one, other)
    with pytest.raises(people.SamePerson), transaction.atomic():
        merge(dana, dana)
    assert held(dana) == {"available": 6000}
    assert Journal.objects.filter(kind="merge").count() == 1


def test_a_payment_under_way_stops_it_and_nothing_moves(dana: Any, eli: Any, alice: Any, now: Any) -> None:
    give_account(eli, IBANS[1])
    actions.make_batch(actor=alice, now=now)
    before = (held(dana), held(eli))
    with pytest.raises(actions.PaymentUnderWay), transaction.atomic():
        merge(dana, eli)
    assert (held(dana), held(eli)) == before
    assert Participant.objects.get(pk=eli.pk).status == ParticipantStatus.ACTIVE


def test_one_event_rewards_one_person_once(dana: Any, eli: Any) -> None:
    cause = uuid7()
    one = Reward.objects.filter(beneficiary=dana).first()
    Reward.objects.filter(pk=one.pk).update(cause_id=cause)
    twin = Reward.objects.get(beneficiary=eli)
    Reward.objects.filter(pk=twin.pk).update(cause_id=cause)
    with pytest.raises(RewardedTwice), transaction.atomic():
        merge(dana, eli)
    twin.refresh_from_db()
    take_back(twin, 1000)
    merge(dana, eli)
    twin.refresh_from_db()
    assert twin.beneficiary_id == eli.pk, "it ended, so it stays where it was"
    assert held(dana) == {"available": 5000}
    assert sound()


def test_referrals_links_and_places_under_caps_come_along(dana: Any, eli: Any, shop: Any) -> None:
    referral = brought(shop, eli)
    Link.objects.create(participant=eli, program=shop.program, slug=f"l-{uuid7().hex[:12]}", created_at=AT)
    places = {"program": shop.program, "scope": "participant", "rule_code": "flat", "period": "all"}
    Counter.objects.create(**places, scope_id=dana.pk, n=2, amount_minor=5000)
    Counter.objects.create(**places, scope_id=eli.pk, n=1, amount_minor=1000)
    merge(dana, eli)
    referral.refresh_from_db()
    assert (referral.referrer_id, Link.objects.get().participant_id) == (dana.pk, dana.pk)
    counted = dict(Counter.objects.values_list("scope_id", "n"))
    assert counted == {dana.pk: 3, eli.pk: 0}


def test_old_codes_addresses_and_chains_lead_to_who_stays(dana: Any, eli: Any, shop: Any) -> None:
    third = make_person("Dana J.")
    merge(eli, third)
    merge(dana, eli)
    for gone in (eli, third):
        gone.refresh_from_db()
        assert (gone.status, gone.merged_into_id) == ("merged", dana.pk)
        assert participants.get_by_code(gone.code).pk == dana.pk
        assert participants.find_by_email(gone.email).pk == dana.pk
        assert locate_code(gone.code).participant_id == dana.pk
    assert [row.id for row in participants.participant_list(search="dana").items] == [dana.pk]


def test_chosen_values_stay_and_empty_ones_are_filled(dana: Any, eli: Any) -> None:
    address = eli.email
    merge(dana, eli, email="other")
    dana.refresh_from_db()
    assert dana.email == address
    assert participants.personal_details(dana).phone == "+31612345678"
    assert participants.find_by_email(address).pk == dana.pk


def test_the_payout_account_is_sealed_anew_for_who_stays(shop: Any, eli: Any) -> None:
    fresh = make_person("Dana Jansen")
    give_account(eli, IBANS[1])
    merge(fresh, eli)
    account = queries.get_payout_account(fresh.pk)
    assert account is not None
    assert queries.iban_of(account) == IBANS[1]
    assert not PayoutAccount.objects.filter(participant=eli, archived_at=None).exists()


def test_doors_of_the_one_that_is_gone_are_shut(dana: Any, eli: Any, shop: Any) -> None:
    people.start_portal_session(participant=eli, actor=SYSTEM, now=AT)
    merge(dana, eli)
    assert PortalSession.objects.get().ended_reason == "merged"
    with pytest.raises(people.ParticipantMerged), transaction.atomic():
        people.start_portal_session(participant=eli, actor=SYSTEM, now=AT)
    with pytest.raises(people.ParticipantMerged), transaction.atomic():
        give_account(eli)
    with pytest.raises(IntegrityError), transaction.atomic():
        brought(shop, eli)


def test_people_of_a_company_sign_in_for_the_one_that_stays(dana: Any, eli: Any) -> None:
    firm = make_participant(kind="company", name="Jansen BV")
    added = people.add_company_person(
        company=firm, name="Cas", email="cas@example.com", role="admin", actor=SYSTEM, now=AT
    )
    assert queries.merge_preview(dana, firm).other.people == 1
    with pytest.raises(people.CompanyWithPeople), transaction.atomic():
        merge(dana, firm)
    larger = make_participant(kind="company", name="Jansen Groep")
    merge(larger, firm)
    added.refresh_from_db()
    assert (added.company_id, added.removed_at) == (larger.pk, None)


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
def test_two_who_merge_and_one_who_rewards_at_once_agree(committed: Any) -> None:
    tenant, ended = committed("merge"), list[str]()
    with tenancy.use(tenant.id):
        shop = open_books()
        one, other = make_person(), make_person()
        make_reward(shop, one, 2500)
        make_reward(shop, other, 1000)

    def run(step: Any) -> None:
        try:
            with tenancy.use(tenant.id):
                step()
            ended.append("done")
        except (people.ParticipantMerged, IntegrityError) as refusal:
            ended.append(type(refusal).__name__)
        finally:
            connection.close()

    steps = [
        lambda: merge(one, other), lambda: merge(other, one), lambda: make_reward(shop, other, 300),
        lambda: make_reward(shop, one, 40),
    ]  # fmt: skip
    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 4
    assert ended.count("ParticipantMerged") == 1
    with tenancy.use(tenant.id):
        assert sound()
        (living,) = Participant.objects.filter(status="active")
        earned = sum(Reward.objects.values_list("amount_minor", flat=True))
        assert held(living) == {"available": earned}


def test_the_page_shows_both_and_merges(acme: Any, alice: Any, bob: Any, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        one, other = make_person(), make_person()
        make_reward(open_books(), other, 1000)
    url = reverse("payouts:merge", args=[acme.slug, one.pk, other.pk])
    shown = browse(alice).get(url).content.decode()
    assert "10.00" in shown
    assert other.email in shown
    assert browse(bob).post(url).status_code == 403
    assert browse(alice).post(url, {"email": "other"}).status_code == 303
    again = browse(alice).post(url)
    assert (again.status_code, "merged into another" in again.content.decode()) == (409, True)
    with tenancy.use(acme.id):
        assert held(one) == {"available": 1000}
