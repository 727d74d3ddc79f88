"""What participants see of their referrals and their money, with a sentence for every state."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.participants.tests.factories import make_participant, portal_client
from kith.pipelines.rules import CATEGORIES, PATH
from kith.programs.models import Program
from kith.referrals.actions import ask_back
from kith.referrals.models import Referral
from kith.rewards import actions
from kith.rewards.models import Reward, RewardStatus
from kith.rewards.queries import first_page
from kith.rewards.queries import portal as queries
from kith.rewards.tests.factories import AT, LATER, Scene, earn, in_status, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def at(name: str, *args: Any) -> str:
    return reverse(f"rewards:portal_{name}", args=args)


@pytest.fixture
def scene(acme: Any) -> Scene:
    with tenancy.use(acme.id):
        return make_scene()


@pytest.fixture
def dana(scene: Scene) -> Client:
    return portal_client(scene.dana)


def eli(acme: Any, scene: Scene, name: str = "Eli Evers", **values: Any) -> Referral:
    with tenancy.use(acme.id):
        return make_referral(scene, referred_name=name, referred_email="eli@example.com", **values)


# --- pages --------------------------------------------------------------------------------------------


def test_the_overview_greets_offers_the_link_and_teaches_who_is_new(
    acme: Any, scene: Scene, dana: Client
) -> None:
    shown = text(dana.get(at("home", acme.slug)))
    assert "Dana" in shown
    assert f"/r/{scene.dana.code}" in shown
    assert "Share your link, get €25" in shown
    assert "How it works" in shown
    assert "Your newest referrals" not in shown, "nothing is counted before there is something"
    assert 'href="mailto:?subject=' in shown
    assert "https://wa.me/?text=" in shown


def test_nobody_is_asked_to_share_for_a_program_that_takes_a_break(
    acme: Any, scene: Scene, dana: Client
) -> None:
    with tenancy.use(acme.id):
        Program.objects.filter(pk=scene.program.pk).update(status="paused")
    shown = text(dana.get(at("home", acme.slug)))
    assert "This program is taking a break" in shown
    assert "Share your link, get" not in shown


def test_the_overview_shows_how_it_goes(acme: Any, scene: Scene, dana: Client) -> None:
    with tenancy.use(acme.id):
        earn(scene, "available", referral=make_referral(scene, referred_name="Eli Evers"))
    shown = text(dana.get(at("home", acme.slug)))
    assert "Eli E." in shown
    assert "€25.00" in shown
    assert "Evers" not in shown
    assert "How it works" not in shown
    assert shown.count('class="card stat') == 4


@pytest.mark.parametrize("status", ["available", "settled"])
def test_what_was_taken_back_is_neither_in_what_was_earned_nor_in_its_line(
    acme: Any, scene: Scene, status: str
) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, status)
        actions.claw_back(
            reward=reward,
            amount=Money(1_000, "EUR"),
            reason="shorter trip",
            key="one",
            actor=SYSTEM,
            now=LATER,
        )
        shown = first_page.overview(participant_id=scene.dana.id, locale="en", now=LATER)
    assert shown.earned == [Money(1_500, "EUR")]
    assert sum(shown.earned_by_week) == 1_500


def test_every_state_has_a_sentence_of_its_own(acme: Any, scene: Scene) -> None:
    with tenancy.use(acme.id):
        row = make_referral(scene, referred_name="Eli Evers")
        said = {}
        for category in CATEGORIES:
            row.category = category
            said[category] = queries.sentence(row, [], "en", AT)
        row.category = "completed"
        for status in RewardStatus.values:
            if status != "granted":
                reward = in_status(make_scene_again(scene), status)
                said[f"reward {status}"] = queries.sentence(row, [reward], "en", AT)
    assert all(len(sentence) > 20 for sentence in said.values())
    assert sorted(said.values()) == sorted(set(said.values()))
    for category in ("new", "engaged", "qualified"):
        assert "2027" in said[category], "until when it counts"


def make_scene_again(scene: Scene) -> Scene:
    return Scene(scene.program, make_participant(name="Dana Referrer"))


def test_a_held_reward_says_until_when(acme: Any, scene: Scene) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, "approved")
        said = queries.sentence(reward.referral, [reward], "en", AT)
    assert "15 Jun 2026" in said
    assert "€25.00" in said


def test_the_list_is_filtered_searched_by_name_and_goes_on(acme: Any, scene: Scene, dana: Client) -> None:
    url = at("referrals", acme.slug)
    assert "Nobody came through your link yet" in text(dana.get(url))
    for number in range(24):
        eli(acme, scene, name=f"Friend{number} Last")
    eli(acme, scene, name="Gone Away", stage="rejected")
    first = text(dana.get(url))
    assert "Show more" in first
    more = text(dana.get(url, {"page": 2, "more": 1}, headers={"HX-Request": "true"}))
    assert "<html" not in more
    assert "<ul" not in more
    assert "Friend0 L." in more
    assert "Friend7 L." in text(dana.get(url, {"q": "friend7"}))
    assert "Gone A." in text(dana.get(url, {"show": "closed"}))
    assert "Friend7" not in text(dana.get(url, {"show": "closed"}))
    for hidden in ({"q": "eli@example.com"}, {"show": "done"}):
        assert "Nobody here" in text(dana.get(url, hidden))


def test_nobody_learns_an_address_or_a_whole_name(acme: Any, scene: Scene, dana: Client) -> None:
    row = eli(acme, scene)
    for url in (at("home", acme.slug), at("referrals", acme.slug), at("referral", acme.slug, row.id)):
        shown = text(dana.get(url))
        assert "Eli E." in shown
        assert "eli@example.com" not in shown
        assert "Evers" not in shown


def test_others_referrals_are_not_found(acme: Any, rival: Any, scene: Scene) -> None:
    row = eli(acme, scene)
    with tenancy.use(acme.id):
        other = make_participant()
    assert portal_client(other).get(at("referral", acme.slug, row.id)).status_code == 404
    assert portal_client(other).post(at("answer", acme.slug, row.id), {"text": "x"}).status_code == 404
    with tenancy.use(rival.id):
        stranger = make_participant()
    assert portal_client(stranger).get(at("referral", rival.slug, row.id)).status_code == 404
    assert portal_client(stranger).get(at("referral", acme.slug, row.id)).status_code == 302


def test_a_question_is_answered(acme: Any, alice: Any, scene: Scene, dana: Client) -> None:
    row = eli(acme, scene)
    with tenancy.use(acme.id, actor=alice):
        ask_back(
            referral=row, text="Which trip was it?", reply_to="a@example.com", actor=alice, now=clock.now()
        )
    shown = text(dana.get(at("referral", acme.slug, row.id)))
    assert "Which trip was it?" in shown
    assert "We have a question for you" in shown
    assert dana.post(at("answer", acme.slug, row.id), {"text": "To Rome"}).status_code == 303
    after = text(dana.get(at("referral", acme.slug, row.id)))
    assert "To Rome" in after
    assert "Your answer" not in after


def test_signed_out_people_are_led_to_the_door(acme: Any) -> None:
    url = at("earnings", acme.slug)
    answer = Client().get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/p/{acme.slug}/sign-in/?next={url}")
    part = Client().get(url, headers={"HX-Request": "true"})
    assert part["HX-Redirect"].endswith("/sign-in/")


def test_long_lists_cost_as_many_statements_as_short_ones(acme: Any, scene: Scene, dana: Client) -> None:
    pages = [at("home", acme.slug), at("referrals", acme.slug), at("earnings", acme.slug)]
    counts = []
    for number in (3, 16):
        with tenancy.use(acme.id):
            for _each in range(number):
                earn(scene, "available", referral=make_referral(scene, referred_name="Eli Evers"))
                earn(scene, "approved", referral=make_referral(scene, referred_name="Gus Graaf"))
        seen = []
        for page in pages:
            dana.get(page)
            with CaptureQueriesContext(connection) as statements:
                dana.get(page)
            seen.append(len(statements))
        counts.append(seen)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 30, counts


# --- money --------------------------------------------------------------------------------------------


def test_the_movements_add_up_to_what_the_ledger_holds(acme: Any, scene: Scene, dana: Client) -> None:
    with tenancy.use(acme.id):
        for _each in range(3):
            earn(scene, "available", referral=make_referral(scene, referred_name="Eli Evers"))
        lost = Reward.objects.filter(status="available").first()
        actions.claw_back(
            reward=lost, amount=Money(1_000, "EUR"), reason="part", key="k", actor=SYSTEM, now=AT
        )
        lines = queries.movements(scene.dana.pk)
        held = ledger.balance("available", scene.dana.pk, "EUR")
    assert sum(line.amount.amount_minor for line in lines) == held.amount_minor == 6_500
    assert {line.words for line in lines} == {"Earned with Eli E.", "Taken back: Eli E."}
    shown = text(dana.get(at("earnings", acme.slug)))
    assert "€65.00" in shown
    assert "Taken back: Eli E." in shown


def test_what_waits_says_why(acme: Any, scene: Scene, dana: Client) -> None:
    with tenancy.use(acme.id):
        earn(scene, "pending_approval", referral=make_referral(scene, referred_name="Eli Evers"))
        earn(scene, "approved", referral=make_referral(scene, referred_name="Gus Graaf"))
    with clock.frozen(AT + datetime.timedelta(days=1)):
        shown = text(dana.get(at("earnings", acme.slug)))
    assert "as soon as we have approved it" in shown
    assert "is yours on" in shown


def test_the_bar_has_five_steps(acme: Any, scene: Scene) -> None:
    with tenancy.use(acme.id):
        row = make_referral(scene, referred_name="Eli Evers")
        found = []
        for category in PATH:
            row.category = category
            found.append(queries.told(row, "en", AT).step)
    assert found == [1, 2, 3, 4, 5]
