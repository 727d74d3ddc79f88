"""Records lead to what was changed about them."""

from typing import Any

import pytest
from django.urls import reverse

from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.rewards.tests.factories import make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def test_a_record_leads_to_its_history_for_those_who_may_see_it(
    acme: Any, alice: Actor, bob: Actor, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
        referral = make_referral(scene, referred_name="Eli Friend")
    trail = reverse("analytics:trail", args=[acme.slug])
    for route, row in (
        ("participants:detail", scene.dana), ("rewards:referral", referral), ("programs:detail", scene.program)
    ):  # fmt: skip
        page = reverse(route, args=[acme.slug, row.id])
        link = f"{trail}?row={row.id}"
        assert link in browse(alice).get(page).content.decode(), route
        assert link not in browse(bob).get(page).content.decode(), route
        assert str(row.id) in browse(alice).get(link).content.decode()
