"""The same request fifty times at once has one effect, and the same answer afterwards."""

import json
import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from kith.kit import clock, tenancy
from kith.tenants import actions
from kith.tenants.models import ApiKey

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

BODY = {"name": "shop", "scopes": ["referrals.view"]}


@pytest.fixture
def token(committed: Any) -> tuple[Any, str]:
    """A committed organization and the access token of its owner."""
    from conftest import make_member

    tenant = committed("once")
    owner = make_member(tenant, "olga", "owner")
    with tenancy.use(tenant.id):
        return tenant, actions.open_token_family(member_id=owner.id, now=clock.now()).access


def post(token: str, key: str, body: Any = BODY) -> Any:
    client = Client(headers={"authorization": f"Bearer {token}", "idempotency-key": key})
    return client.post("/api/v1/api-keys", json.dumps(body), content_type="application/json")


def test_a_repeated_request_gets_the_first_answer(token: tuple[Any, str]) -> None:
    tenant, access = token
    first, second = post(access, "k1"), post(access, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Idempotent-Replay"] == "true"
    with tenancy.use(tenant.id):
        assert ApiKey.objects.count() == 1


def test_a_key_reused_for_another_request_is_refused(token: tuple[Any, str]) -> None:
    tenant, access = token
    post(access, "k1")
    answer = post(access, "k1", {**BODY, "name": "other"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    with tenancy.use(tenant.id):
        assert ApiKey.objects.count() == 1


def test_a_refused_request_may_be_tried_again_with_its_key(token: tuple[Any, str]) -> None:
    _tenant, access = token
    assert post(access, "k1", {"name": "shop", "scopes": ["no.such"]}).status_code == 422
    assert post(access, "k1").status_code == 201


def test_keys_that_are_no_keys_are_refused(token: tuple[Any, str]) -> None:
    _tenant, access = token
    assert post(access, "x" * 256).json()["code"] == "idempotency_key_invalid"


def test_fifty_at_once_have_one_effect(token: tuple[Any, str]) -> None:
    tenant, access = token
    answers: list[int] = []

    def call() -> None:
        answers.append(post(access, "same").status_code)
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert set(answers) <= {201, 409}
    assert 201 in answers
    with tenancy.use(tenant.id):
        assert ApiKey.objects.count() == 1
