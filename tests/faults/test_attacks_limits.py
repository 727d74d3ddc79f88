"""Attacks on what all share: calls that are not counted, locks that somebody else needs."""

from typing import Any

import pytest
from django.test import Client

from kith.kit import limits
from kith.kit.actors import Actor
from kith.tenants import rules
from tests.faults.test_attacks_calls import with_key, with_token

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/public/referrals", {"code": "ABCDEFGH", "email": "a@example.com"}),
        ("/api/referrals", {"referrer_code": "ABCDEFGH", "new_customer_email": "a@example.com",
                            "new_customer_name": "A", "booking_reference": "B1"}),
        ("/api/v1/auth/refresh", {"refresh_token": "x"}),
        ("/api/auth/login", {"username": "x"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["key", "token"])
def test_an_account_elsewhere_does_not_lift_the_limit_of_public_calls(
    acme: Any, alice: Actor, path: str, body: Any, way: str
) -> None:
    """Pass: 0 of 20 public calls with Acme's own key or token get through once the address has made its 100.

    Or any customer of the installation could try the codes and customers of all others, as often as they like.
    """
    known = with_key(acme, alice, "tenants.view") if way == "key" else with_token(alice)
    assert known.post(path, body, content_type="application/json").status_code in {401, 404, 422}
    for _call in range(rules.PUBLIC_CALLS):
        limits.hit("public|127.0.0.1", rules.PUBLIC_CALLS, rules.PUBLIC_WINDOW_S)
    answers = [known.post(path, body, content_type="application/json") for _call in range(20)]
    assert {answer.status_code for answer in answers} == {429}
    assert all(answer["Retry-After"] for answer in answers)
    assert known.get("/api/v1/me").status_code == 200
    assert Client().get("/api/v1/me").status_code == 429
