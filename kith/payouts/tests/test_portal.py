"""Where participants want their money, and what went there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kith.kit import tenancy
from kith.participants.tests.factories import make_participant, portal_client
from kith.payouts.models import PayoutAccount
from kith.rewards.tests.factories import Scene, earn, make_referral, make_scene

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
GOOD = {"holder": "Dana Referrer", "iban": "NL91 ABNA 0417 1643 00", "bic": ""}


def at(name: str, *args: Any) -> str:
    return reverse(f"payouts:portal_{name}", args=args)


@pytest.fixture
def scene(acme: Any) -> Scene:
    with tenancy.use(acme.id):
        return make_scene()


@pytest.fixture
def dana(scene: Scene) -> Client:
    return portal_client(scene.dana)


def test_an_account_is_added_and_shown_by_its_last_digits(acme: Any, scene: Scene, dana: Client) -> None:
    url = at("account", acme.slug)
    assert "No account yet" in dana.get(url).content.decode()
    assert dana.post(url, GOOD).status_code == 303
    shown = dana.get(url).content.decode()
    assert "4300" in shown
    assert "0417" not in shown
    with tenancy.use(acme.id):
        assert PayoutAccount.objects.get().participant_id == scene.dana.pk


def test_a_mistyped_account_is_refused_at_its_field(acme: Any, dana: Client) -> None:
    bad = dana.post(at("account", acme.slug), {**GOOD, "iban": "NL91 ABNA 0417 1643 01"})
    assert bad.status_code == 422
    assert 'id="id_iban_error"' in bad.content.decode()
    with tenancy.use(acme.id):
        assert not PayoutAccount.objects.exists()


def test_staff_who_look_cannot_change_the_account(acme: Any, alice: Any, scene: Scene) -> None:
    client = portal_client(scene.dana, actor=alice)
    assert client.get(at("account", acme.slug)).status_code == 200
    assert client.post(at("account", acme.slug), GOOD).status_code == 403
    with tenancy.use(acme.id):
        assert not PayoutAccount.objects.exists()


def test_the_statement_is_ones_own_and_names_nobody(acme: Any, scene: Scene, dana: Client) -> None:
    with tenancy.use(acme.id):
        earn(scene, "available", referral=make_referral(scene, referred_name="Eli Evers"))
        other = make_participant()
    table = dana.get(at("statement", acme.slug))
    assert table["Content-Type"].startswith("text/csv")
    said = table.content.decode()
    assert "25.00" in said
    assert "Evers" not in said
    assert "25.00" not in portal_client(other).get(at("statement", acme.slug)).content.decode()
