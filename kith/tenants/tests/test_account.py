"""A person's own page."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import user_of
from kith.kit.actors import Actor

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

URL = "/account/"


def test_name_language_and_keys_are_kept(acme: Any, alice: Actor, browse: Any) -> None:
    client = browse(alice)
    home = reverse("tenants:settings", args=[acme.slug])
    assert 'data-keys="off"' not in client.get(home).content.decode()
    client.cookies["kith_language"] = "en"
    answer = client.post(URL, {"name": "Alice Ames", "locale": "nl"})
    assert (answer.status_code, answer["Location"]) == (303, URL)
    user = user_of(alice)
    assert (user.name, user.locale, user.keys_on) == ("Alice Ames", "nl", False)
    shown = client.get(home).content.decode()
    assert '<html lang="nl"' in shown
    assert 'data-keys="off"' in shown
    client.post(URL, {"name": "Alice Ames", "locale": "", "keys_on": "on"})
    assert 'data-keys="off"' not in client.get(home).content.decode()


@pytest.mark.parametrize("given", [{"name": ""}, {"name": "A", "locale": "tlh"}, {"name": "x" * 300}])
def test_what_cannot_be_kept_is_refused_at_its_field(
    given: dict[str, str], acme: Any, alice: Actor, browse: Any
) -> None:
    before = user_of(alice).name
    assert browse(alice).post(URL, given).status_code == 422
    assert user_of(alice).name == before


def test_strangers_sign_in_first() -> None:
    assert Client().get(URL)["Location"].startswith("/accounts/login/")
