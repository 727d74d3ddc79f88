"""Taking a reward back on the console: its effect first, a reason, and a fresh proof of who does it."""

import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from kith.kit import clock, tenancy
from kith.kit.money import Money
from kith.pipelines import queries as pipelines
from kith.rewards import actions, queries
from kith.rewards.models import Reward
from kith.rewards.tests.factories import LATER, Scene, earn, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture
def scene(acme: Any, alice: Any) -> Scene:
    with tenancy.use(acme.id, actor=alice):
        return make_scene()


def address(acme: Any, reward: Reward) -> str:
    return reverse("rewards:take_back", args=[acme.slug, reward.id])


def left(acme: Any, reward: Reward, scene: Scene) -> tuple[int, dict[str, int]]:
    with tenancy.use(acme.id):
        reward.refresh_from_db()
        return reward.left.amount_minor, scene.held()


def test_the_effect_is_shown_before_anything_happens(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, "available")
    client, url = browse(alice), address(acme, reward)
    whole = client.get(url).content.decode()
    assert "The balance covers it: €25.00 goes back to the budget" in whole
    part = client.get(url, {"amount": "10"}, headers={"HX-Request": "true"}).content.decode()
    assert '<div id="effect"' in part
    assert "<html" not in part
    assert "€15.00" in part
    assert left(acme, reward, scene) == (2500, {"available": 2500, "budget": -2500})


def test_some_of_a_reward_is_taken_back_once_however_often_it_is_sent(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, "available")
    client, sent = browse(alice), {"amount": "10", "reason": "One of two went", "key": uuid4()}
    for _click in range(2):
        assert client.post(address(acme, reward), sent).status_code == 303
    assert left(acme, reward, scene) == (1500, {"available": 1500, "budget": -1500})
    with tenancy.use(acme.id):
        assert pipelines.history("reward", reward.id)[-1].reason == "One of two went"
    person = reverse("participants:detail", args=[acme.slug, scene.dana.id])
    assert "€10.00 of Dana Referrer was taken back." in client.get(person).content.decode()


def test_the_same_form_with_another_amount_takes_that_as_well(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    """What the page says was taken was taken, also by the browser's way back."""
    with tenancy.use(acme.id):
        reward = earn(scene, "available")
    client, sent = browse(alice), {"amount": "10", "reason": "One of two went", "key": uuid4()}
    for amount in ("10", "4"):
        assert client.post(address(acme, reward), {**sent, "amount": amount}).status_code == 303
    assert left(acme, reward, scene) == (1100, {"available": 1100, "budget": -1100})


def test_what_no_balance_covers_becomes_a_debt_and_says_so_before(
    acme: Any, alice: Any, scene: Scene, browse: Any
) -> None:
    with tenancy.use(acme.id):
        earlier, reward = earn(scene, "available"), earn(scene, "available")
        actions.claw_back(
            reward=earlier, amount=Money(2000, "EUR"), reason="Half the trip", key="x", actor=alice, now=LATER
        )
        actions.claw_back(
            reward=earlier, amount=Money(500, "EUR"), reason="The rest", key="y", actor=alice, now=LATER
        )
        effect = queries.take_back_of(reward, Money(2500, "EUR"))
        assert (effect.owed, effect.available_after) == (Money(0, "EUR"), Money(0, "EUR"))
        beyond = queries.take_back_of(reward, Money(4000, "EUR"))
        assert (beyond.owed, beyond.debt_after) == (Money(1500, "EUR"), Money(-1500, "EUR"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount": "25.01"}, "At most €25.00"),
        ({"amount": "0"}, "At most €25.00"),
        ({"amount": "1.005"}, "id_amount_error"),
        ({"amount": "much"}, "id_amount_error"),
        ({"reason": " "}, "id_reason_error"),
    ],
)
def test_what_cannot_be_taken_back_is_refused_beside_its_field(
    acme: Any, alice: Any, scene: Scene, browse: Any, wrong: dict[str, str], said: str
) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, "available")
    sent = {"amount": "10", "reason": "Trip off", "key": uuid4(), **wrong}
    answer = browse(alice).post(address(acme, reward), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert left(acme, reward, scene)[0] == 2500


def test_what_waits_is_rejected_instead(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene)
    client, url = browse(alice), address(acme, reward)
    assert "There is nothing to take back" in client.get(url).content.decode()
    client.post(url, {"amount": "10", "reason": "Trip off", "key": uuid4()})
    assert left(acme, reward, scene) == (2500, {"pending": 2500, "budget": -2500})


def test_it_asks_who_you_are_when_you_signed_in_long_ago_and_viewers_may_not(
    acme: Any, alice: Any, bob: Any, scene: Scene, browse: Any
) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, "available")
    sent, url = {"amount": "10", "reason": "Trip off", "key": uuid4()}, address(acme, reward)
    client = browse(alice)
    with clock.frozen(clock.now() + datetime.timedelta(minutes=16)):
        assert client.post(url, sent).status_code == 401
    assert browse(bob).get(url).status_code == 403
    assert browse(bob).post(url, sent).status_code == 403
    assert left(acme, reward, scene)[0] == 2500
