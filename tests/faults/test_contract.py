"""The API does what its description says: whatever is sent, the answer is one that was promised.

schemathesis makes requests out of the description, valid and invalid ones, the same in every run. They are
sent by the owner of an organization with a row of every kind, and the ids in the paths are those of its rows.
Pass: 0 answers of 500 and above, 0 statuses, media types or bodies that the description does not know.
"""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from kith import api as wiring
from kith.kit import clock, tenancy
from kith.tenants import actions
from tests.faults.calls import operations
from tests.faults.worlds import THE_ID, World, build, taken_back

PROMISES = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
APIS = {"/api/v1/": wiring.api, "/api/": wiring.compat_api}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    # As Django's own test client does: the requests belong to this transaction, and end no connection.
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock(), taken_back():
        yield build()
    for signal in ends:
        signal.connect(close_old_connections)


@functools.cache
def described(prefix: str) -> Any:
    """An API's description, ready to make requests from and to send them to this process."""
    whole = json.loads(json.dumps(APIS[prefix].get_openapi_schema(path_prefix=prefix), default=str))
    schema = schemathesis.openapi.from_dict(whole)
    schema.app = get_wsgi_application()
    schema.location = "http://localhost/"
    return schema


def keep(world: World, name: str, *, examples: int) -> int:
    """Send that many requests to the operation, each taken back; how many were sent. Fails at a broken promise."""
    method, path = name.split(" ", 1)
    prefix = "/api/v1/" if path.startswith("/api/v1/") else "/api/"
    operation = described(prefix)[path][method]
    with tenancy.use(world.rival.id):
        pair = actions.open_token_family(member_id=world.charlie.id, now=clock.now())
    sent = 0

    @hypothesis.settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def each(case: Any) -> None:
        nonlocal sent
        sent += 1
        for known in case.path_parameters or {}:
            if known.endswith("_id") and known != "external_id":
                case.path_parameters[known] = str(THE_ID)
        with taken_back():
            headers = {"Authorization": f"Bearer {pair.access}", "Accept-Encoding": "identity"}
            case.call_and_validate(headers=headers, checks=PROMISES)

    each()
    return sent


def names() -> list[str]:
    """Every described operation: "GET /api/v1/…/{id}"."""
    return [f"{each.method} /" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.path) for each in operations()]


@pytest.mark.parametrize("name", names())
def test_every_answer_is_one_that_was_promised(world: World, name: str) -> None:
    with taken_back():
        assert keep(world, name, examples=5) > 0


@pytest.mark.faults
def test_every_answer_to_many_requests_is_one_that_was_promised(world: World) -> None:
    """15 requests to each operation."""
    total = 0
    for name in names():
        with taken_back():
            total += keep(world, name, examples=15)
    print(f"contract: {total} requests to {len(names())} operations, every answer as promised")
