"""One search over everything, and the palette."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.participants.tests.factories import make_participant
from kith.rewards.tests.factories import Scene, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture
def scene(acme: Any) -> Scene:
    with tenancy.use(acme.id):
        made = make_scene()
        make_referral(made, referred_name="Zoë Zeilstra", booking_reference="ZZ-77")
        return made


def found(client: Any, acme: Any, typed: str, **headers: str) -> str:
    page = client.get(reverse("analytics:search", args=[acme.slug]), {"q": typed}, headers=headers)
    assert page.status_code == 200
    return str(page.content.decode()).partition("<main")[2]


def options(client: Any, acme: Any, typed: str = "") -> str:
    return str(client.get(reverse("analytics:palette", args=[acme.slug]), {"q": typed}).content.decode())


def test_everything_is_found_in_one_place(acme: Any, alice: Actor, scene: Scene, browse: Any) -> None:
    client = browse(alice)
    assert reverse("participants:detail", args=[acme.slug, scene.dana.id]) in found(client, acme, "dana ref")
    assert "Zoë Zeilstra" in found(client, acme, "zz-77")
    assert scene.program.name in found(client, acme, scene.program.code)
    assert "Nothing found" in found(client, acme, "nobody at all")
    assert "Type three letters" in found(client, acme, "zz")
    assert "What are you looking for?" in found(client, acme, "")


def test_another_organization_finds_nothing_of_it(
    acme: Any, rival: Any, charlie: Actor, scene: Scene, browse: Any
) -> None:
    client = browse(charlie)
    assert "Dana Referrer" not in found(client, rival, "dana")
    assert client.get(reverse("analytics:search", args=[acme.slug]), {"q": "dana"}).status_code == 404


@pytest.mark.parametrize("typed", ["%", "_____", "\\", "' or 1=1 --", "x" * 5000, "99999999999999", "#"])
def test_nothing_typed_breaks_it(typed: str, acme: Any, alice: Actor, scene: Scene, browse: Any) -> None:
    client = browse(alice)
    assert "Dana Referrer" not in found(client, acme, typed)
    assert "<a role" not in options(client, acme, typed) or "Go to" in options(client, acme, typed)


def test_the_palette_offers_what_a_role_may_open_and_do(
    acme: Any, alice: Actor, bob: Actor, scene: Scene, browse: Any
) -> None:
    for words in ("Home", "Audit trail", "Import people", "New referral"):
        assert words in options(browse(alice), acme)
    shown = options(browse(bob), acme)
    assert "Home" in shown
    for words in ("Audit trail", "Import people", "New referral", "Team"):
        assert words not in shown
    # Beginnings of words, in any order; and people beside pages.
    assert "Audit trail" in options(browse(alice), acme, "tra aud")
    assert "Home" not in options(browse(alice), acme, "dana")
    assert "Dana Referrer" in options(browse(alice), acme, "dana")


def test_a_palette_of_many_costs_as_many_statements_as_of_few(
    acme: Any, alice: Actor, scene: Scene, browse: Any
) -> None:
    client, counts = browse(alice), []
    for number in (1, 8):
        with tenancy.use(acme.id):
            for _each in range(number):
                make_participant(name="Dana Double")
                make_referral(scene, referred_name="Dana Friend")
        with CaptureQueriesContext(connection) as seen:
            options(client, acme, "dana")
        counts.append(len(seen))
    assert counts[0] == counts[1]
