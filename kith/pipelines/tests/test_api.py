"""Pipelines and stages over the API."""

import pytest

from kith.kit import tenancy
from kith.pipelines import queries
from kith.pipelines.tests.factories import STAGES, make_pipeline


@pytest.fixture
def pipeline(acme):
    with tenancy.use(acme.id):
        made = make_pipeline()
        made.first_stage = queries.first_stage(made.id)
        return made


def test_a_viewer_lists_pipelines_and_stages(pipeline, bob, call):
    client = call(bob)
    body = client.get("/api/v1/pipelines").json()
    assert [row["code"] for row in body["data"]] == ["friends"]
    assert body["pagination"]["total"] == 1
    stages = client.get(f"/api/v1/pipelines/{pipeline.id}/stages").json()["data"]
    assert [stage["code"] for stage in stages] == [stage["code"] for stage in STAGES]


def test_the_owner_renames_a_stage(pipeline, alice, call):
    stage = pipeline.first_stage
    answer = call(alice).patch(
        f"/api/v1/stages/{stage.id}", {"label": {"en": "Asked"}}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["data"]["label"] == {"en": "Asked", "nl": "Uitgenodigd"}


@pytest.mark.parametrize(
    ("who", "body", "status", "code"),
    [
        ("bob", {"label": {"en": "Asked"}}, 403, "forbidden"),
        ("charlie", {"label": {"en": "Asked"}}, 404, "not_found"),
        ("alice", {"label": {"xx": "Asked"}}, 422, "invalid"),
        ("alice", {"label": {}}, 422, None),
        ("alice", {"name": "Asked"}, 422, None),
    ],
)
def test_a_stage_is_not_renamed(acme, pipeline, call, request, who, body, status, code):
    stage = pipeline.first_stage
    client = call(request.getfixturevalue(who))
    answer = client.patch(f"/api/v1/stages/{stage.id}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert code is None or answer.json()["code"] == code
    with tenancy.use(acme.id):
        stage.refresh_from_db()
    assert stage.label == STAGES[0]["label"]


def test_another_organization_sees_no_pipeline(pipeline, charlie, call):
    client = call(charlie)
    assert client.get("/api/v1/pipelines").json()["data"] == []
    assert client.get(f"/api/v1/pipelines/{pipeline.id}/stages").status_code == 404
