"""The console's pages about referrals and what they earn."""

import datetime
import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.kit import clock, tenancy
from kith.programs.tests.factories import publish_rule
from kith.rewards import actions
from kith.rewards.models import Reward
from kith.rewards.tests.factories import Scene, earn, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def at(name: str, *args: Any) -> str:
    return reverse(f"rewards:{name}", args=args)


@pytest.fixture
def scene(acme: Any, alice: Any) -> Scene:
    with tenancy.use(acme.id, actor=alice):
        return make_scene()


def waiting(acme: Any, scene: Scene, name: str = "Eli Friend") -> Reward:
    """A reward to approve, of a referral that may be completed."""
    with tenancy.use(acme.id):
        referral = make_referral(scene, referred_name=name, referred_email="eli@example.com")
        return earn(scene, referral=referral)


def status(acme: Any, reward: Reward) -> str:
    with tenancy.use(acme.id):
        reward.refresh_from_db()
    return reward.status


# --- the list -----------------------------------------------------------------------------------------


def test_the_queue_greets_lists_filters_and_says_when_nothing_matches(
    acme: Any, alice: Any, browse: Any
) -> None:
    client, url = browse(alice), at("queue", acme.slug)
    assert "No referrals yet" in text(client.get(url))
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
    waiting(acme, scene)
    shown = text(client.get(url))
    assert "Eli Friend" in shown
    assert "1 waits for your decision" in shown
    assert "€25.00" in shown
    assert "Eli Friend" in text(client.get(url, {"q": "eli", "show": "waiting"}))
    for wrong in (
        {"q": "zzzz"},
        {"stage": "rejected"},
        {"program": str(uuid4())},
        {"referrer": str(uuid4())},
    ):
        assert "No referral matches" in text(client.get(url, wrong))
    for bad in ({"program": "x"}, {"show": "x"}, {"page": "0"}):
        assert client.get(url, bad).status_code == 422


def test_htmx_gets_only_the_list(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    waiting(acme, scene)
    part = text(browse(alice).get(at("queue", acme.slug), headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="list">')
    assert "<html" not in part


def test_long_lists_cost_as_many_statements_as_short_ones(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    client, counts = browse(alice), []
    urls = (at("queue", acme.slug), at("of_participant", acme.slug, scene.dana.id))
    for number in (3, 22):
        for _each in range(number):
            waiting(acme, scene)
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as seen:
                client.get(url)
            counts.append(len(seen))
    assert counts[:2] == counts[2:]


# --- one referral -------------------------------------------------------------------------------------


def test_the_page_of_one_referral_tells_everything(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    reward = waiting(acme, scene)
    shown = text(browse(alice).get(at("referral", acme.slug, reward.referral_id)))
    for words in ("Eli Friend", "Dana Referrer", "Granted: €25.00.", "Approve €25.00", "€400.00"):
        assert words in shown


def test_one_referral_is_approved(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    reward, client = waiting(acme, scene), browse(alice)
    url = at("approve", acme.slug, reward.referral_id)
    assert client.post(url)["Location"] == at("referral", acme.slug, reward.referral_id)
    assert status(acme, reward) == "approved"
    assert client.post(url).status_code == 409
    assert "Approved, waiting" in text(client.get(at("referral", acme.slug, reward.referral_id)))


def test_one_referral_is_rejected_with_a_reason(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    reward, client = waiting(acme, scene), browse(alice)
    url = at("reject", acme.slug, reward.referral_id)
    assert client.post(url, {"reason": " "}).status_code == 422
    assert status(acme, reward) == "pending_approval"
    assert client.post(url, {"reason": "Never traveled"}).status_code == 303
    assert status(acme, reward) == "rejected"
    assert "Never traveled" in text(client.get(at("referral", acme.slug, reward.referral_id)))


def test_staff_read_what_a_rule_is_called_and_what_it_waits_for(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        publish_rule(scene.program, "late-one", trigger="stage.entered:converted")
        publish_rule(scene.program, "own-word", trigger="conversion:cruise")
    reward, client = waiting(acme, scene), browse(alice)
    for url in (at("referral", acme.slug, reward.referral_id), at("queue", acme.slug)):
        shown = text(client.get(url))
        assert 'title="friends">Friends' in shown
        assert 'title="late-one">Late-One' in shown
        assert re.findall("the rule waits for “([^”]*)”", shown) == ["Booking confirmed", "cruise"]
    assert "friends" not in text(client.get(at("rewards", acme.slug)))


@pytest.mark.parametrize(
    ("rejected", "said"),
    [(1, "1 of the referrer&#x27;s 3 other referrals was rejected."), (2, "referrals were rejected.")],
)
def test_a_warning_about_rejections_agrees_with_their_number(
    acme: Any, alice: Any, scene: Scene, browse: Any, rejected: int, said: str
) -> None:
    with tenancy.use(acme.id):
        row, *_others = [make_referral(scene) for _each in range(4 - rejected)]
        for _each in range(rejected):
            make_referral(scene, "rejected")
    assert said in text(browse(alice).get(at("referral", acme.slug, row.id)))


# --- many ---------------------------------------------------------------------------------------------


def test_the_bar_shows_what_the_chosen_release(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    chosen = [waiting(acme, scene).referral_id for _each in range(3)]
    client, url = browse(alice), at("release", acme.slug)
    assert "€75.00" in text(client.get(url, {"ids": chosen}))
    assert "€" not in text(client.get(url))
    assert client.get(url, {"ids": ["x"]}).status_code == 422


def test_many_are_approved_and_each_refusal_is_told(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    good, client = [waiting(acme, scene) for _each in range(2)], browse(alice)
    ids = [*(reward.referral_id for reward in good), uuid4()]
    back = at("queue", acme.slug) + "?show=waiting"
    asked = text(client.post(at("approve_many", acme.slug), {"ids": ids, "back": back}))
    assert "Approve 3 referrals?" in asked
    assert "€50.00" in asked
    assert {status(acme, reward) for reward in good} == {"pending_approval"}
    chosen = {"ids": ids, "back": back, "expected": "EUR5000"}
    answer = client.post(at("approve_many", acme.slug), chosen)
    assert (answer.status_code, answer["Location"]) == (303, back)
    assert {status(acme, reward) for reward in good} == {"approved"}
    shown = text(client.get(back))
    assert "2 referrals are approved." in shown
    assert "1 could not: There is nothing here." in shown


def test_undoing_opens_the_referral_where_it_was_decided(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    reward, client = waiting(acme, scene), browse(alice)
    back = at("queue", acme.slug) + "?q=Eli&open=1"
    client.post(at("approve", acme.slug, reward.referral_id), {"back": back})
    (undo,) = re.findall(r'action="([^"]+/undo/[^"]+)"', text(client.get(back)))
    answer = client.post(unescape(undo))
    assert answer["Location"] == at("queue", acme.slug) + f"?q=Eli&open={reward.referral_id}"
    assert status(acme, reward) == "pending_approval"
    elsewhere = at("undo", acme.slug, reward.referral_id) + "?back=https://evil.example/"
    client.post(at("approve", acme.slug, reward.referral_id))
    assert client.post(elsewhere)["Location"] == at("referral", acme.slug, reward.referral_id)


def test_one_undo_takes_back_all_that_can_be_and_says_why_the_rest_can_not(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    undone, payable, moved = (waiting(acme, scene) for _each in range(3))
    client, queue = browse(alice), at("queue", acme.slug)
    ids = [reward.referral_id for reward in (undone, payable, moved)]
    client.post(at("approve_many", acme.slug), {"ids": ids, "expected": "EUR7500"})
    (undo,) = re.findall(r'action="([^"]+/undo/[^"]+)"', text(client.get(queue)))
    with tenancy.use(acme.id, actor=alice):
        Reward.objects.exclude(pk=payable.pk).update(hold_until=clock.now() + datetime.timedelta(days=9))
        actions.mature_due(now=clock.now())
        actions.undo_decision(referral_id=moved.referral_id, actor=alice, now=clock.now())
    assert status(acme, payable) == "available"
    client.post(unescape(undo))
    assert [status(acme, row) for row in (undone, payable)] == ["pending_approval", "available"]
    shown = text(client.get(queue))
    assert "1 decision is undone." in shown
    assert "1 could not: This cannot be undone any more: its reward became available." in shown
    assert "1 could not: Somebody changed it since." in shown
    client.post(unescape(undo))
    client.post(unescape(undo).replace("of=3", "of=x"))
    assert "1 decision is undone." not in text(client.get(queue))


def test_the_page_of_a_large_decision_says_what_was_done_and_what_refused(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        job = actions.request_decisions(step="undo", referral_ids=[uuid4()], actor=alice, now=clock.now())
    counts = {"done": 7, "decision_final": 2, "unheard_of": 1}
    with tenancy.use(acme.id, actor=alice):
        type(job).objects.filter(pk=job.pk).update(state="succeeded", counts=counts)
    client, url = browse(alice), at("decided", acme.slug, job.pk)
    shown = text(client.get(url))
    assert "7 decisions are undone." in shown
    assert "2 could not: This cannot be undone any more: its reward became available." in shown
    assert "1 could not: Somebody else was first, or nothing waits." in shown
    assert "Undo all of it" not in shown
    with tenancy.use(acme.id, actor=alice):
        type(job).objects.filter(pk=job.pk).update(params={**job.params, "step": "approve"})
    assert "of=7" in text(client.get(url))


def test_a_sum_that_changed_meanwhile_is_shown_anew_with_the_same_choice(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    reward, client = waiting(acme, scene), browse(alice)
    chosen = {"ids": [reward.referral_id], "back": at("queue", acme.slug), "expected": "EUR1"}
    answer = client.post(at("approve_many", acme.slug), chosen)
    shown = text(answer)
    assert answer.status_code == 409
    assert "Nothing was approved" in shown
    assert "€25.00" in shown
    assert f'name="ids" value="{reward.referral_id}"' in shown
    assert 'name="expected" value="EUR2500"' in shown
    one = client.post(at("approve", acme.slug, reward.referral_id), chosen)
    assert one["Location"] == at("referral", acme.slug, reward.referral_id)
    assert "Nothing was approved" in text(client.get(one["Location"]))
    assert status(acme, reward) == "pending_approval"


def test_many_are_rejected_for_one_reason(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    reward, client = waiting(acme, scene), browse(alice)
    url = at("reject_many", acme.slug)
    assert "Reject 1 referral?" in text(client.post(url, {"ids": [reward.referral_id]}))
    assert client.post(url, {"ids": [reward.referral_id], "sent": "1"}).status_code == 422
    elsewhere = {"ids": [reward.referral_id], "reason": "Twice", "back": "https://evil.example/"}
    assert client.post(url, elsewhere)["Location"] == at("queue", acme.slug)
    assert status(acme, reward) == "rejected"


def test_choosing_nothing_says_so(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    client = browse(alice)
    assert client.post(at("approve_many", acme.slug)).status_code == 303
    assert "Choose at least one referral first." in text(client.get(at("queue", acme.slug)))


# --- a participant's part and who may what ------------------------------------------------------------


def test_the_part_for_a_participant(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    client, url = browse(alice), at("of_participant", acme.slug, scene.dana.id)
    assert "Nobody referred yet" in text(client.get(url))
    waiting(acme, scene)
    part = text(client.get(url, headers={"HX-Request": "true"}))
    assert "Eli Friend" in part
    assert "<html" not in part


def test_viewers_look_and_strangers_find_nothing(
    acme: Any, bob: Any, charlie: Any, rival: Any, scene: Scene, browse: Any
) -> None:
    reward = waiting(acme, scene)
    pages = [("queue",), ("referral", reward.referral_id), ("of_participant", scene.dana.id)]
    for name, *args in pages:
        assert browse(bob).get(at(name, acme.slug, *args)).status_code == 200
        assert browse(charlie).get(at(name, acme.slug, *args)).status_code == 404
        assert Client().get(at(name, acme.slug, *args)).status_code == 302
    for name, *args in pages[1:]:
        assert browse(charlie).get(at(name, rival.slug, *args)).status_code == 404
    assert "Approve" not in text(browse(bob).get(at("queue", acme.slug)))
    assert browse(bob).get(at("release", acme.slug)).status_code == 403
    chosen = {"ids": [reward.referral_id], "reason": "x"}
    for name, *args in (
        ("approve_many",), ("reject_many",), ("approve", reward.referral_id), ("reject", reward.referral_id)
    ):  # fmt: skip
        assert browse(bob).post(at(name, acme.slug, *args), chosen).status_code == 403
        assert browse(charlie).post(at(name, acme.slug, *args), chosen).status_code == 404
    for name in ("approve", "reject"):
        assert browse(charlie).post(at(name, rival.slug, reward.referral_id), chosen).status_code == 404
    browse(charlie).post(at("approve_many", rival.slug), chosen | {"expected": "none"})
    assert status(acme, reward) == "pending_approval"
