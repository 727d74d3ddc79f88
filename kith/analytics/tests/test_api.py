"""The figures over HTTP: works, lacks permission, another organization's, bad input."""

import uuid
from typing import Any

import pytest

from kith.kit import tenancy
from kith.participants.tests.factories import make_participant

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

PATHS = (
    "/api/v1/analytics/dashboard",
    "/api/v1/analytics/conversion-rate",
    "/api/v1/analytics/revenue-impact",
)


@pytest.mark.parametrize("path", PATHS)
def test_everybody_with_a_role_may_look(bob: Any, call: Any, path: str) -> None:
    answer = call(bob).get(path)
    assert answer.status_code == 200
    assert answer.json()["status"] == "success"


@pytest.mark.parametrize("path", PATHS)
def test_nobody_else_may(client: Any, path: str) -> None:
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("days", ["0", "2000", "x"])
def test_a_bad_period_is_named(bob: Any, call: Any, days: str) -> None:
    answer = call(bob).get("/api/v1/analytics/dashboard", {"days": days})
    assert answer.status_code == 422
    assert "days" in answer.json()["details"]["fields"]


def test_a_participants_figures_stay_in_the_organization(
    acme: Any, bob: Any, charlie: Any, call: Any
) -> None:
    with tenancy.use(acme.id):
        dana = make_participant(name="Dana")
    path = f"/api/v1/participants/{dana.id}/stats"
    assert call(bob).get(path).json()["data"]["earned"] == {"amount_minor": 0, "currency": "EUR"}
    assert call(charlie).get(path).status_code == 404
    assert call(bob).get(f"/api/v1/participants/{uuid.uuid4()}/stats").status_code == 404
