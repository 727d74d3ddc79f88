"""What staff write about referrals in the console."""

from typing import Any

import pytest
from django.urls import reverse

from kith.kit import tenancy
from kith.referrals import queries
from kith.referrals.models import Referral
from kith.referrals.tests.factories import Scene, make_scene, refer

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def at(name: str, *args: Any) -> str:
    return reverse(f"referrals:{name}", args=args)


@pytest.fixture
def scene(acme: Any, alice: Any) -> Scene:
    with tenancy.use(acme.id, actor=alice):
        return make_scene()


@pytest.fixture
def referral(acme: Any, scene: Scene) -> Referral:
    with tenancy.use(acme.id):
        return refer(scene)


def test_a_referral_is_recorded_by_hand(acme: Any, alice: Any, scene: Scene, browse: Any) -> None:
    client, url = browse(alice), at("create", acme.slug)
    assert scene.dana.code in text(client.get(url, {"code": scene.dana.code}))
    good = {
        "code": scene.dana.code, "name": "Eli Friend", "email": "eli@example.com", "booking_reference": "BK1",
        "amount": "812.50", "travel_on": "2030-07-01",
    }  # fmt: skip
    for name, value in (
        ("email", "no"),
        ("amount", "-1"),
        ("amount", "1.234"),
        ("travel_on", "soon"),
        ("name", ""),
    ):
        bad = client.post(url, {**good, name: value})
        assert bad.status_code == 422
        assert f'id="id_{name}_error"' in text(bad)
    assert client.post(url, {**good, "code": "NOBODY99"}).status_code == 422
    assert client.post(url, good).status_code == 303
    with tenancy.use(acme.id):
        made = Referral.objects.get()
        (booking,) = queries.conversions_of([made.id])
    assert (made.method, made.source, booking.gross_minor) == ("manual", "console", 81250)
    assert client.post(url, good).status_code == 422


def test_a_note_is_added(acme: Any, alice: Any, referral: Referral, browse: Any) -> None:
    client, url = browse(alice), at("note", acme.slug, referral.id)
    assert client.post(url, {"text": " "}).status_code == 422
    assert client.post(url, {"text": "Called back <soon>"}).status_code == 303
    with tenancy.use(acme.id):
        assert [note.text for note in queries.notes_of(referral.id)] == ["Called back <soon>"]


def test_a_referral_moves_along_its_pipeline(acme: Any, alice: Any, referral: Referral, browse: Any) -> None:
    client, url = browse(alice), at("move", acme.slug, referral.id)
    assert client.post(url, {"to": "nowhere"}).status_code == 422
    assert client.post(url, {"to": "completed"}).status_code == 303
    with tenancy.use(acme.id):
        referral.refresh_from_db()
    assert referral.category == "completed"
    assert client.post(url, {"to": "contacted"}).status_code == 409


def test_viewers_write_nothing_and_strangers_find_nothing(
    acme: Any, bob: Any, charlie: Any, rival: Any, referral: Referral, browse: Any
) -> None:
    for name, *args in (("create",), ("note", referral.id), ("move", referral.id)):
        assert browse(bob).post(at(name, acme.slug, *args), {"text": "x"}).status_code == 403
        assert browse(charlie).post(at(name, acme.slug, *args), {"text": "x"}).status_code == 404
        if args:
            assert browse(charlie).post(at(name, rival.slug, *args), {"text": "x"}).status_code == 404
    assert browse(bob).get(at("create", acme.slug)).status_code == 403
