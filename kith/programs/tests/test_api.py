"""Programs, rules and budgets over the API."""

import pytest

from kith.kit import tenancy
from kith.programs import queries
from kith.programs.models import Campaign, Program, Rule
from kith.programs.tests.factories import SPEC, make_program, publish_rule

JSON = {"content_type": "application/json"}


@pytest.fixture
def program(acme):
    with tenancy.use(acme.id):
        return make_program("travel")


def test_a_program_is_set_up_shown_changed_and_listed(acme, program, alice, bob, call):
    body = {"code": "winter", "name": "Winter", "pipeline_id": str(program.pipeline_id), "currency": "EUR"}
    made = call(alice).post("/api/v1/programs", body, **JSON)
    assert made.status_code == 201, made.content
    path = f"/api/v1/programs/{made.json()['data']['id']}"
    assert call(alice).patch(path, {"status": "paused"}, **JSON).json()["data"]["status"] == "paused"
    assert call(bob).get(path).json()["data"]["name"] == "Winter"
    listed = call(bob).get("/api/v1/programs?status=paused").json()
    assert ([row["code"] for row in listed["data"]], listed["pagination"]["total"]) == (["winter"], 1)


def test_a_rule_is_drafted_published_and_read_as_a_sentence(program, alice, call):
    client = call(alice)
    rule = client.post(f"/api/v1/programs/{program.id}/rules", {"code": "friends", "name": "Friends"}, **JSON)
    path = f"/api/v1/rules/{rule.json()['data']['id']}/versions"
    draft = client.post(path, {"spec": SPEC}, **JSON)
    assert draft.status_code == 201, draft.content
    published = client.post(f"{path}/1/publish", **JSON)
    assert published.json()["data"]["status"] == "published"
    assert client.post(f"{path}/1/publish", **JSON).json()["code"] == "version_not_draft"
    (listed,) = client.get(f"/api/v1/programs/{program.id}/rules").json()["data"]
    assert listed["published"]["sentence"].startswith("The referrer earns €25.00 for each “booking”")
    assert client.post(f"{path}/1/retire", **JSON).json()["data"]["status"] == "retired"
    assert len(client.get(path).json()["data"]) == 1


def test_a_budget_is_capped_funded_and_shown(program, alice, bob, call):
    path = f"/api/v1/programs/{program.id}/budget"
    assert call(alice).put(path, {"hard_cap_minor": 10_000}, **JSON).status_code == 200
    fund = {"amount_minor": 500, "reference": "PO-1"}
    for _again in range(2):
        answer = call(alice).post(f"{path}/fund", fund, **JSON)
    assert answer.json()["data"]["left"] == {"amount_minor": 10_500, "currency": "EUR"}
    assert call(bob).get(path).json()["data"]["is_capped"] is True


def test_a_campaign_is_started_changed_and_listed(program, alice, call):
    client = call(alice)
    path = f"/api/v1/programs/{program.id}/campaigns"
    body = {"code": "june", "name": "June", "starts_at": "2026-06-01T00:00:00Z", "multiplier_bps": 20000}
    made = client.post(path, body, **JSON)
    assert made.status_code == 201, made.content
    changed = client.patch(f"/api/v1/campaigns/{made.json()['data']['id']}", {"status": "ended"}, **JSON)
    assert changed.json()["data"]["status"] == "ended"
    assert len(client.get(path).json()["data"]) == 1


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("charlie", 404)])
def test_others_change_nothing(acme, program, call, request, who, status):
    with tenancy.use(acme.id):
        version = publish_rule(program)
        left = queries.budget(program).left
    client, base = call(request.getfixturevalue(who)), f"/api/v1/programs/{program.id}"
    campaign = {"code": "june", "name": "June", "starts_at": "2026-06-01T00:00:00Z"}
    answers = [
        client.patch(base, {"name": "Mine"}, **JSON),
        client.post(f"{base}/rules", {"code": "mine", "name": "Mine"}, **JSON),
        client.post(f"{base}/campaigns", campaign, **JSON),
        client.put(f"{base}/budget", {"hard_cap_minor": 1}, **JSON),
        client.post(f"{base}/budget/fund", {"amount_minor": 1, "reference": "x"}, **JSON),
        client.post(f"/api/v1/rules/{version.rule_id}/versions", {"spec": SPEC}, **JSON),
        client.post(f"/api/v1/rules/{version.rule_id}/versions/1/retire", **JSON),
    ]
    assert [answer.status_code for answer in answers] == [status] * len(answers)
    with tenancy.use(acme.id):
        program.refresh_from_db()
        version.refresh_from_db()
        assert (program.name, version.status, queries.budget(program).left) == (
            "Friends travel",
            "published",
            left,
        )
        assert (Rule.objects.count(), Campaign.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({**SPEC, "fixed_minor": "25"}, "fixed_minor"),
        ({**SPEC, "conditions": {"all": [{}]}}, "conditions.all[0]"),
    ],
)
def test_a_bad_rule_is_answered_with_the_place(acme, program, alice, call, spec, path):
    with tenancy.use(acme.id):
        rule = publish_rule(program).rule
    answer = call(alice).post(f"/api/v1/rules/{rule.id}/versions", {"spec": spec}, **JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "rule_invalid")
    assert list(answer.json()["details"]["fields"]) == [path]


def test_unknown_fields_and_other_pipelines_are_refused(acme, rival, program, alice, call):
    with tenancy.use(rival.id):
        theirs = make_program("theirs")
    body = {"code": "winter", "name": "Winter", "pipeline_id": str(theirs.pipeline_id), "currency": "EUR"}
    assert call(alice).post("/api/v1/programs", body, **JSON).status_code == 404
    body["pipeline_id"] = str(program.pipeline_id)
    assert call(alice).post("/api/v1/programs", {**body, "color": "red"}, **JSON).status_code == 422
    with tenancy.use(acme.id):
        assert Program.objects.count() == 1
