"""Totals that agree with the ledger, each leading to its rows; amounts that must be those shown; asking back."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.kit import tenancy
from kith.ledger import queries as ledger
from kith.participants.tests.factories import portal_client
from kith.referrals.jobs import send_question
from kith.referrals.models import Note, Referral
from kith.rewards import actions, queries
from kith.rewards.models import Reward, RewardStatus
from kith.rewards.tests.factories import AT, earn, in_status, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

STATUSES = [status for status in RewardStatus.values if status != "granted"]


def test_every_total_is_the_sum_of_its_rows_and_the_ledger_says_the_same(in_acme: Any) -> None:
    scene = make_scene()
    for status in STATUSES:
        in_status(scene, status)
    (book,) = queries.overview()
    assert book.agrees
    lines = {line.kind: line.money for line in ledger.trial_balance()}
    assert book.promised == lines["pending"]
    assert sum(total.count for total in book.totals) == len(STATUSES)
    for total in book.totals:
        rows = queries.found_rewards(group=total.group, currency="EUR")
        assert total.count == rows.count()
        part = "clawed_back_minor" if total.group == "taken" else "amount_minor"
        assert total.money.amount_minor == sum(rows.values_list(part, flat=True))


def test_a_book_that_differs_says_so(in_acme: Any) -> None:
    reward = earn(make_scene())
    Reward.objects.filter(pk=reward.pk).update(amount_minor=2_400)
    assert not queries.overview()[0].agrees


def test_the_page_narrows_by_group(acme: Any, alice: Any, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        in_status(scene, "on_hold")
        in_status(scene, "available")
    client, url = browse(alice), reverse("rewards:rewards", args=[acme.slug])
    held = client.get(url, {"group": "held"}).content.decode()
    assert "look" in held
    assert "Payable since" not in held
    assert "Agrees with the ledger" in held
    assert "Payable since" in client.get(url, {"group": "available"}).content.decode()
    assert client.get(url, {"group": "gold"}).status_code == 422


def test_the_reasons_that_kith_writes_are_read_in_the_language_of_the_page(
    acme: Any, alice: Any, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        reward = in_status(make_scene(), "available")
        Reward.objects.filter(pk=reward.pk).update(status="clawed_back", closed_reason="conversion cancelled")
    client, url = browse(alice), reverse("rewards:rewards", args=[acme.slug])
    assert "conversion cancelled" in client.get(url).content.decode()
    dutch = client.get(url, headers={"Accept-Language": "nl"}).content.decode()
    assert "conversie geannuleerd" in dutch
    assert "conversion cancelled" not in dutch


def test_nothing_is_approved_when_the_amount_is_not_the_one_shown(in_acme: Any, alice: Any) -> None:
    reward = earn(make_scene())
    ids = [reward.referral_id]
    for step in (
        lambda: actions.approve_referral(referral_id=ids[0], expected="EUR2400", actor=alice, now=AT),
        lambda: actions.approve_referrals(referral_ids=ids, expected="EUR2400", actor=alice, now=AT),
        lambda: actions.request_decisions(
            step="approve", referral_ids=ids, expected="x", actor=alice, now=AT
        ),
    ):
        with pytest.raises(actions.ReleaseChanged):
            step()
    reward.refresh_from_db()
    assert reward.status == "pending_approval"
    shown = queries.release_of(ids)
    assert actions.approve_referrals(referral_ids=ids, expected=shown.token, actor=alice, now=AT)[0].ok


def test_a_job_stops_when_its_asker_may_no_longer_decide(in_acme: Any, bob: Any) -> None:
    reward = earn(make_scene())
    done = actions.decide_piece(step="approve", ids=[str(reward.referral_id)], reason="", actor=bob, now=AT)
    assert dict(done) == {"forbidden": 1}


def test_the_referrer_is_asked_by_mail_and_the_answer_is_kept(acme: Any, alice: Any, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        referral = make_referral(scene, stage="confirmed", referred_name="Eli Friend")
    client = browse(alice)
    asked = client.post(reverse("rewards:ask", args=[acme.slug, referral.id]), {"text": "Which booking?"})
    assert asked.status_code == 303, asked.content
    with tenancy.use(acme.id):
        referral.refresh_from_db()
        note = Note.objects.get()
        assert referral.asked_at is not None
        assert note.visibility == "public"
    send_question(tenant_id=acme.id, note_id=str(note.id), reply_to="alice@example.com")
    (letter,) = mail.outbox
    assert (letter.to, letter.reply_to) == ([scene.dana.email], ["alice@example.com"])
    assert "Which booking?" in letter.body
    assert "Hello Dana, thank you" in letter.body
    assert "Simply reply" in letter.body
    (link,) = re.findall(r"https?://[^/]+(/p/\S+)", letter.body)
    assert 'name="text"' in portal_client(scene.dana).get(link).content.decode()
    send_question(tenant_id=acme.id, note_id=str(note.id), reply_to="")
    assert "Simply reply" not in mail.outbox[1].body
    assert link in mail.outbox[1].body
    assert (
        "Eli Friend"
        in client.get(reverse("rewards:queue", args=[acme.slug]), {"show": "asked"}).content.decode()
    )
    answer = reverse("rewards:answer", args=[acme.slug, referral.id])
    assert client.post(answer, {"text": "KR-1"}).status_code == 303
    with tenancy.use(acme.id):
        assert Referral.objects.get(pk=referral.id).asked_at is None
    assert client.post(answer, {"text": "KR-1"}).status_code == 409


def test_referrals_are_narrowed_to_days_of_the_organizations_time_zone(
    acme: Any, alice: Any, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        for name, hour in (("Late On Monday", 21), ("Early On Tuesday", 22)):
            # 21:00 and 22:00 UTC are 23:00 and midnight in Amsterdam.
            row = make_referral(scene, referred_name=name)
            Referral.objects.filter(pk=row.pk).update(created_at=AT.replace(hour=hour))
    client, url = browse(alice), reverse("rewards:queue", args=[acme.slug])
    for since, until, seen, unseen in (
        ("2026-06-01", "2026-06-01", "Late On Monday", "Early On Tuesday"),
        ("2026-06-02", "", "Early On Tuesday", "Late On Monday"),
    ):
        shown = client.get(url, {"show": "all", "since": since, "until": until}).content.decode()
        assert seen in shown
        assert unseen not in shown
    assert client.get(url, {"since": "Monday"}).status_code == 422


def test_rows_beyond_ten_thousand_are_reached_from_the_last_page(acme: Any, alice: Any, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        names = [f"Friend {at}" for at in range(5)]
        for name in names:
            make_referral(scene, referred_name=name)
    client, url, seen = browse(alice), reverse("rewards:queue", args=[acme.slug]), []
    with tenancy.use(acme.id):
        cursor = queries.queue(locale="en", show="all", limit=2).next_cursor
        while cursor:
            page = queries.queue(locale="en", show="all", limit=2, cursor=cursor)
            seen += [row.referral.referred_name for row in page.items]
            cursor = page.next_cursor
    assert seen == ["Friend 2", "Friend 1", "Friend 0"]
    assert client.get(url, {"cursor": "made up"}).status_code == 400


def test_all_of_a_list_is_chosen_in_the_database(acme: Any, alice: Any, browse: Any) -> None:
    with tenancy.use(acme.id):
        scene = make_scene()
        rewards = [earn(scene) for _each in range(3)]
        make_referral(scene)
    everything = {"all": "1", "where": "show=waiting"}
    with CaptureQueriesContext(connection) as asked:
        shown = browse(alice).get(reverse("rewards:release", args=[acme.slug]), everything).content.decode()
    assert "€75.00" in shown
    # As PostgreSQL is told them: without hyphens.
    assert not any(reward.referral_id.hex in query["sql"] for query in asked for reward in rewards)
    done = browse(alice).post(
        reverse("rewards:approve_many", args=[acme.slug]), everything | {"expected": "EUR7500"}
    )
    assert done.status_code == 303
    with tenancy.use(acme.id):
        assert [reward.status for reward in Reward.objects.all()] == ["approved"] * 3
