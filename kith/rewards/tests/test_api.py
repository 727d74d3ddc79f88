"""Rewards over the API: what works, for whom not, and what bad input is answered."""

import pytest

from kith.kit import tenancy
from kith.kit.ids import uuid7
from kith.rewards.models import Reward
from kith.rewards.tests.factories import decide, earn, make_conversion, make_referral, make_scene

JSON = {"content_type": "application/json"}


@pytest.fixture
def scene(acme):
    with tenancy.use(acme.id):
        return make_scene()


@pytest.fixture
def reward(acme, scene):
    with tenancy.use(acme.id):
        return earn(scene)


def status_of(acme, reward):
    with tenancy.use(acme.id):
        return Reward.objects.get(pk=reward.pk).status


def test_a_viewer_lists_filters_and_pages(acme, scene, reward, bob, call):
    with tenancy.use(acme.id):
        others = [earn(scene, "approved") for _each in range(3)]
    client = call(bob)
    first = client.get("/api/v1/rewards?limit=2").json()
    assert (len(first["data"]), first["pagination"]["total"]) == (2, 4)
    rest = client.get("/api/v1/rewards", {"limit": 2, "cursor": first["pagination"]["next"]}).json()
    assert rest["pagination"]["next"] is None
    shown = [row["id"] for row in first["data"] + rest["data"]]
    assert shown == [str(row.id) for row in (*reversed(others), reward)]
    found = client.get(f"/api/v1/rewards?status=pending_approval&beneficiary={scene.dana.id}").json()["data"]
    assert [row["amount"] for row in found] == [{"amount_minor": 2500, "currency": "EUR"}]
    assert client.get(f"/api/v1/rewards?program={uuid7()}").json()["data"] == []


def test_a_reward_is_shown_with_what_each_rule_said(reward, bob, call):
    shown = call(bob).get(f"/api/v1/rewards/{reward.id}").json()["data"]
    assert shown["beneficiary"]["name"] == "Dana Referrer"
    (line,) = shown["decision"]["rules"]
    assert (line["result"], line["sentence"]) == ("granted", "Granted: €25.00.")
    trace = call(bob).get(f"/api/v1/rewards/{reward.id}/trace").json()["data"]
    assert trace == shown["decision"]


@pytest.mark.parametrize(
    ("step", "body", "status"),
    [
        ("approve", {}, "approved"),
        ("reject", {"reason": "fake"}, "rejected"),
        ("cancel", {"reason": "mistake"}, "cancelled"),
        ("hold", {"reason": "look"}, "on_hold"),
    ],
)
def test_the_owner_takes_a_step_once(acme, reward, alice, bob, charlie, call, step, body, status):
    path = f"/api/v1/rewards/{reward.id}/{step}"
    assert call(bob).post(path, body, **JSON).status_code == 403
    assert call(charlie).post(path, body, **JSON).status_code == 404
    assert status_of(acme, reward) == "pending_approval"
    answer = call(alice).post(path, body, **JSON)
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, status), answer.content
    again = call(alice).post(path, body, **JSON)
    assert again.status_code == 409
    assert status_of(acme, reward) == status


def test_a_held_reward_is_released(acme, reward, alice, call):
    client = call(alice)
    client.post(f"/api/v1/rewards/{reward.id}/hold", {"reason": "look"}, **JSON)
    answer = client.post(f"/api/v1/rewards/{reward.id}/release", **JSON)
    assert answer.json()["data"]["status"] == "pending_approval"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "force": True}])
def test_a_rejection_without_a_good_body_is_refused(acme, reward, alice, call, body):
    assert call(alice).post(f"/api/v1/rewards/{reward.id}/reject", body, **JSON).status_code == 422
    assert status_of(acme, reward) == "pending_approval"


def test_many_are_approved_with_a_result_for_each(acme, scene, reward, alice, bob, call):
    unknown = str(uuid7())
    body = {"action": "approve", "ids": [str(reward.id), unknown]}
    assert call(bob).post("/api/v1/rewards/bulk", body, **JSON).status_code == 403
    data = call(alice).post("/api/v1/rewards/bulk", body, **JSON).json()["data"]
    assert (data["succeeded"], data["failed"]) == (1, 1)
    assert [(row["id"], row["code"]) for row in data["results"]] == [
        (str(reward.id), ""),
        (unknown, "not_found"),
    ]
    again = call(alice).post("/api/v1/rewards/bulk", {**body, "action": "reject"}, **JSON)
    assert (again.status_code, again.json()["code"]) == (422, "reason_missing")
    assert status_of(acme, reward) == "approved"


@pytest.mark.parametrize("ids", [[], ["x"], [str(uuid7()) for _each in range(1001)]])
def test_bad_lists_are_refused(scene, alice, call, ids):
    for path in ("/api/v1/referrals/approve", "/api/v1/rewards/bulk"):
        body = {"ids": ids} | ({"action": "approve"} if "bulk" in path else {})
        assert call(alice).post(path, body, **JSON).status_code == 422


def test_a_referral_is_approved_with_its_reward(acme, scene, alice, bob, charlie, call):
    with tenancy.use(acme.id):
        referral = make_referral(scene, "booked")
        (reward,) = decide(make_conversion(scene, referral))
    path = f"/api/v1/referrals/{referral.id}/approve"
    assert call(bob).post(path, **JSON).status_code == 403
    assert call(charlie).post(path, **JSON).status_code == 404
    assert status_of(acme, reward) == "pending_approval"
    answer = call(alice).post(path, **JSON)
    assert [row["status"] for row in answer.json()["data"]] == ["approved"], answer.content
    assert call(alice).post(path, **JSON).json()["code"] == "referral_not_pending"


def test_referrals_are_rejected_one_and_many(acme, scene, alice, bob, call):
    with tenancy.use(acme.id):
        referrals = [make_referral(scene, "booked") for _each in range(3)]
        rewards = [decide(make_conversion(scene, referral))[0] for referral in referrals]
    one = call(alice).post(f"/api/v1/referrals/{referrals[0].id}/reject", {"reason": "fake"}, **JSON)
    assert [row["status"] for row in one.json()["data"]] == ["rejected"], one.content
    body = {"ids": [str(row.id) for row in referrals], "reason": "fake"}
    assert call(bob).post("/api/v1/referrals/reject", body, **JSON).status_code == 403
    many = call(alice).post("/api/v1/referrals/reject", body, **JSON).json()["data"]
    assert [row["code"] for row in many["results"]] == ["move_not_allowed", "", ""]
    assert {status_of(acme, reward) for reward in rewards} == {"rejected"}


def test_balances_are_shown_for_the_organizations_own_people(acme, scene, reward, bob, charlie, call):
    path = f"/api/v1/participants/{scene.dana.id}/balance"
    (held,) = call(bob).get(path).json()["data"]
    assert (held["currency"], held["pending"]["amount_minor"], held["available"]["amount_minor"]) == (
        "EUR",
        2500,
        0,
    )
    assert call(charlie).get(path).status_code == 404
    assert call(charlie).get(f"/api/v1/rewards/{reward.id}").status_code == 404
    assert call(charlie).get("/api/v1/rewards").json()["data"] == []


@pytest.mark.parametrize("query", ["status=gone", "limit=101", "page=0", "cursor=nonsense", "beneficiary=x"])
def test_bad_filters_are_refused(scene, bob, call, query):
    assert call(bob).get(f"/api/v1/rewards?{query}").status_code in (400, 422)
