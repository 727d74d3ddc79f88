"""The payout API: who may, what is refused, and that lists cost the same at any length."""

import uuid

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from conftest import make_member
from kith.kit import tenancy
from kith.payouts.models import PayoutAccount, Withdrawal
from kith.payouts.tests.factories import (
    IBANS,
    give_account,
    held,
    make_person,
    make_reward,
    open_books,
    set_debtor,
)
from kith.rewards.models import Reward

API = "/api/v1"


@pytest.fixture
def shop(acme, alice):
    with tenancy.use(acme.id, actor=alice):
        set_debtor(alice)
        return open_books()


@pytest.fixture
def dana(acme, shop):
    """Two available rewards of EUR 25 and an account."""
    with tenancy.use(acme.id):
        person = make_person("Dana Jansen")
        give_account(person)
        make_reward(shop, person)
        make_reward(shop, person)
        return person


@pytest.fixture
def server(alice, call):
    return call(alice)


def post(client, path, body=None):
    return client.post(f"{API}{path}", body or {}, content_type="application/json")


def make(client, **body) -> dict:
    answer = post(client, "/payout-batches", body)
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]


def balances(acme, person) -> dict[str, int]:
    with tenancy.use(acme.id):
        return held(person)


def test_the_whole_way_of_the_money(server, acme, dana):
    (due,) = server.get(f"{API}/payouts/due").json()["data"]
    assert due["payable"] == {"amount_minor": 5000, "currency": "EUR"}
    assert (due["account"], due["reason"], due["rewards"]) == ("****4300", None, 2)
    batch = make(server)
    assert (batch["status"], batch["total"]["amount_minor"], batch["skipped"]) == ("draft", 5000, [])
    assert server.get(f"{API}/payouts/due").json()["data"] == []
    at = f"/payout-batches/{batch['id']}"
    assert post(server, f"{at}/approve").json()["data"]["status"] == "approved"
    file = server.get(f"{API}{at}/file")
    assert (file.status_code, file["Content-Type"]) == (200, "application/xml")
    assert file["Content-Disposition"] == 'attachment; filename="payout-batch-000001.xml"'
    assert IBANS[0].encode() in file.content
    assert server.get(f"{API}{at}/file").content == file.content
    sent = post(server, f"{at}/send").json()["data"]
    assert (sent["status"], sent["file_sha256"]) == ("sent", file["X-Content-SHA256"])
    done = post(server, f"{at}/paid").json()["data"]
    assert (done["status"], done["withdrawals"][0]["status"]) == ("done", "paid")
    assert balances(acme, dana) == {"paid": 5000}
    (row,) = server.get(f"{API}/withdrawals", {"status": "paid"}).json()["data"]
    assert (row["account"], row["name"]) == ("****4300", "Dana Jansen")
    back = post(server, f"/withdrawals/{row['id']}/returned", {"reason": "Closed", "code": "AC04"}).json()[
        "data"
    ]
    assert (back["status"], back["failure_code"]) == ("returned", "AC04")
    assert balances(acme, dana) == {"available": 5000}
    assert server.get(f"{API}{at}").json()["data"]["withdrawals"][0]["failure_note"] == "Closed"


def test_a_single_payment_fails_or_is_paid(server, acme, dana, shop):
    with tenancy.use(acme.id):
        other = make_person("Eli")
        give_account(other, IBANS[1])
        make_reward(shop, other)
    batch = make(server)
    post(server, f"/payout-batches/{batch['id']}/approve")
    post(server, f"/payout-batches/{batch['id']}/send")
    first, second = batch["withdrawals"]
    assert post(server, f"/withdrawals/{first['id']}/paid").json()["data"]["status"] == "paid"
    assert (
        post(server, f"/withdrawals/{second['id']}/failed", {"reason": "No"}).json()["data"]["status"]
        == "failed"
    )
    assert server.get(f"{API}/payout-batches/{batch['id']}").json()["data"]["status"] == "done"


def test_an_account_is_saved_and_shown_masked(server, acme, dana):
    at = f"{API}/participants/{dana.pk}/payout-account"
    saved = server.put(at, {"holder": "Dana", "iban": IBANS[1]}, content_type="application/json")
    assert (saved.status_code, saved.json()["data"]["iban"]) == (200, "****3000")
    shown = server.get(at)
    assert (shown.json()["data"]["country"], IBANS[1].encode() in shown.content) == ("DE", False)
    refused = server.put(
        at, {"holder": "Dana", "iban": "NL00ABNA0417164300"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "payout_account_invalid")
    assert list(refused.json()["details"]["fields"]) == ["iban"]
    with tenancy.use(acme.id):
        person = make_person("Eli")
    assert server.get(f"{API}/participants/{person.pk}/payout-account").status_code == 404


def test_the_second_person(server, acme, alice, dana, call, now):
    with tenancy.use(acme.id, actor=alice):
        set_debtor(alice, second_person_above="10.00")
    batch = make(server)
    assert batch["needs_second_person"]
    refused = post(server, f"/payout-batches/{batch['id']}/approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "checker_is_maker")
    second = call(make_member(acme, "carol", "manager"))
    approved = post(second, f"/payout-batches/{batch['id']}/approve").json()["data"]
    assert (approved["status"], approved["approved_by_name"]) == ("approved", "Carol")


def test_nobody_to_pay_says_why_for_each(server, acme, shop):
    with tenancy.use(acme.id):
        person = make_person("Eli")
        make_reward(shop, person)
    refused = post(server, "/payout-batches")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_pay")
    (skip,) = refused.json()["details"]["skipped"]
    assert (skip["participant_id"], skip["reason"]) == (str(person.pk), "account_missing")
    assert skip["message"] == "There is no payout account yet."
    made = make(server, format="csv")
    file = server.get(f"{API}/payout-batches/{made['id']}/file")
    assert (file.status_code, file.json()["code"]) == (409, "batch_file_not_ready")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "paper"}, "format"),
        ({"reward_ids": []}, "reward_ids"),
        ({"reward_ids": ["x"]}, "reward_ids"),
        ({"currency": "euro"}, "currency"),
        ({"execution_on": "tomorrow"}, "execution_on"),
        ({"amount": 5}, "amount"),
    ],
)
def test_bad_fields_are_named(server, dana, body, field):
    refused = post(server, "/payout-batches", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert any(field in path for path in refused.json()["details"]["fields"])


def test_steps_that_do_not_follow_are_refused_and_change_nothing(server, acme, dana):
    batch = make(server)
    at = f"/payout-batches/{batch['id']}"
    row = batch["withdrawals"][0]["id"]
    before = server.get(f"{API}{at}").json()
    for path, body, code in (
        (f"{at}/send", {}, "batch_not_approved"),
        (f"{at}/paid", {}, "batch_not_sent"),
        (f"/withdrawals/{row}/paid", {}, "withdrawal_not_processing"),
        (f"/withdrawals/{row}/failed", {"reason": "No"}, "withdrawal_not_processing"),
        (f"/withdrawals/{row}/returned", {"reason": "No"}, "withdrawal_not_paid"),
    ):
        refused = post(server, path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert server.get(f"{API}{at}").json() == before
    assert post(server, f"{at}/cancel", {"reason": "No"}).json()["data"]["status"] == "cancelled"
    assert balances(acme, dana) == {"available": 5000}


def test_a_batch_whose_file_was_fetched_is_cancelled_once_somebody_says_that_nothing_was_paid(
    server, acme, dana
):
    at = f"/payout-batches/{make(server)['id']}"
    post(server, f"{at}/approve")
    server.get(f"{API}{at}/file")
    refused = post(server, f"{at}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (422, "batch_perhaps_paid")
    assert list(refused.json()["details"]["fields"]) == ["nothing_paid"]
    assert balances(acme, dana) == {"reserved": 5000}
    assert post(server, f"{at}/cancel", {"nothing_paid": True}).json()["data"]["status"] == "cancelled"


def operations(batch: str, row: str, person: str) -> list[tuple[str, str, dict]]:
    """Every operation and a body that would be right."""
    return [
        ("get", f"/participants/{person}/payout-account", {}),
        ("put", f"/participants/{person}/payout-account", {"holder": "D", "iban": IBANS[1]}),
        ("get", f"/payout-batches/{batch}", {}),
        *(("post", f"/payout-batches/{batch}/{step}", {}) for step in ("approve", "send", "paid", "cancel")),
        ("get", f"/payout-batches/{batch}/file", {}),
        ("post", f"/withdrawals/{row}/paid", {}),
        ("post", f"/withdrawals/{row}/returned", {"reason": "No"}),
        ("post", f"/withdrawals/{row}/failed", {"reason": "No"}),
    ]


def asked(client, method, path, body):
    data = {} if method == "get" else {"data": body, "content_type": "application/json"}
    return getattr(client, method)(f"{API}{path}", **data)


def test_another_organization_sees_nothing(server, acme, dana, charlie, call):
    batch = make(server)
    stranger = call(charlie)
    for method, path, body in operations(batch["id"], batch["withdrawals"][0]["id"], str(dana.pk)):
        assert asked(stranger, method, path, body).status_code == 404, path
    for path in ("/payouts/due", "/payout-batches", "/withdrawals"):
        assert stranger.get(f"{API}{path}").json()["data"] == []
    ids = [str(reward_id) for reward_id in reward_ids(acme)]
    assert post(stranger, "/payout-batches", {"format": "csv", "reward_ids": ids}).status_code == 404
    assert server.get(f"{API}/payout-batches/{batch['id']}").json()["data"]["status"] == "draft"


def reward_ids(acme) -> list:
    with tenancy.use(acme.id):
        return list(Reward.objects.values_list("id", flat=True))


def test_roles(server, acme, dana, bob, call):
    batch = make(server)
    every = operations(batch["id"], batch["withdrawals"][0]["id"], str(dana.pk))
    viewer, auditor = call(bob), call(make_member(acme, "ann", "auditor"))
    for method, path, body in [
        *every,
        ("get", "/payouts/due", {}),
        ("get", "/payout-batches", {}),
        ("post", "/payout-batches", {}),
        ("get", "/withdrawals", {}),
    ]:
        assert asked(viewer, method, path, body).status_code == 403, path
        reads = method == "get" and not path.endswith("/file")
        assert asked(auditor, method, path, body).status_code == (200 if reads else 403), path
    with tenancy.use(acme.id):
        assert Withdrawal.objects.get().status == "requested"
        assert PayoutAccount.objects.get().iban_last4 == "4300"


def test_unknown_ids_are_not_there(server, dana):
    nowhere = str(uuid.uuid4())
    for method, path, body in operations(nowhere, nowhere, nowhere):
        assert asked(server, method, path, body).status_code == 404, path
    assert post(server, "/payout-batches", {"reward_ids": [nowhere]}).json()["code"] == "reward_unknown"


@pytest.mark.django_db(databases=["default", "counters"])
def test_signed_out_nobody_sees_anything(client):
    assert client.get(f"{API}/payout-batches").status_code == 401


def test_lists_go_on_by_cursor(server, acme, dana, shop):
    for _ in range(3):
        with tenancy.use(acme.id):
            make_reward(shop, dana)
        make(server)
    for path in ("/payout-batches", "/withdrawals"):
        first = server.get(f"{API}{path}", {"limit": 2}).json()
        assert first["pagination"]["total"] == 3
        rest = server.get(f"{API}{path}", {"limit": 2, "cursor": first["pagination"]["next"]}).json()
        assert len({row["id"] for row in first["data"] + rest["data"]}) == 3


def statements(client, path) -> int:
    with CaptureQueriesContext(connections["default"]) as seen:
        answer = client.get(f"{API}{path}", {"limit": 100} if "/payout-batches/" not in path else {})
    assert answer.status_code == 200, answer.content
    return len(seen)


def test_lists_cost_the_same_at_3_and_at_30_rows(server, acme, shop):
    def grow(number: int) -> None:
        with tenancy.use(acme.id):
            for _ in range(number):
                person = make_person()
                give_account(person)
                make_reward(shop, person)
                make_reward(shop, person)

    counts = []
    for number in (3, 30):
        grow(number)
        due = statements(server, "/payouts/due")
        with tenancy.use(acme.id):
            firsts = list(Reward.objects.distinct("beneficiary").order_by("beneficiary", "id"))
            ids = [str(one.pk) for one in firsts[-number:]]
        batch = make(server, reward_ids=[one for one in ids if one in free(acme)])
        counts.append(
            (
                due,
                *(
                    statements(server, path)
                    for path in ("/withdrawals", "/payout-batches", f"/payout-batches/{batch['id']}")
                ),
            )
        )
    assert counts[0] == counts[1]


def free(acme) -> set[str]:
    from kith.payouts import queries

    with tenancy.use(acme.id):
        return {str(one) for one in queries.unclaimed_rewards().values_list("id", flat=True)}
