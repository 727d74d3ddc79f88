"""Attacks on what all share: calls that are not counted, locks that somebody else needs."""

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.test import Client

from kith.kit import clock, jobs, limits, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.errors import TooMany
from kith.participants import actions as people
from kith.referrals.tests.factories import make_scene
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
    """Pass: of 110 public calls with Acme's own key or token exactly 100 get through; what is Acme's stays open.

    Or any customer of the installation could try the codes and customers of all others, as often as they like.
    """
    known = with_key(acme, alice, "tenants.view") if way == "key" else with_token(alice)
    answers = [known.post(path, body, content_type="application/json") for _call in range(110)]
    assert {answer.status_code for answer in answers[:100]} <= {401, 404, 422}
    assert {answer.status_code for answer in answers[100:]} == {429}
    assert all(answer["Retry-After"] for answer in answers[100:])
    assert known.get("/api/v1/me").status_code == 200
    assert Client().get("/api/v1/me").status_code == 429


def taken_by_a_worker() -> tuple[str, int | None]:
    """Name and organization of the task that a free worker begins next."""
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values returning id")
        cursor.execute(
            "select task_name, args ->> 'tenant_id' from procrastinate_fetch_job_v2(null, %s)",
            cursor.fetchone(),
        )
        name, tenant_id = cursor.fetchone()
    return name, tenant_id and int(tenant_id)


def test_one_organization_does_not_hold_the_queue(acme: Any, rival: Any, alice: Actor) -> None:
    """Pass: Acme asks for 1,000 imports: 20 are taken, 0 files of the others are left; three
    workers begin the letter that was asked for last, one import, and Rival's export, not a second import.
    """
    kept, refused = set(), 0
    with tenancy.use(acme.id, actor=alice):
        before = files_of(acme)
        for _number in range(1000):
            try:
                file = io.BytesIO(b"name,email\n")
                kept.add(
                    people.request_import(file=file, mode="skip-bad-rows", actor=alice, now=clock.now()).id
                )
            except TooMany:
                refused += 1
        assert (len(kept), refused) == (jobs.MOST_WAITING, 1000 - jobs.MOST_WAITING)
        assert len(files_of(acme) - before) == len(kept)
    with tenancy.use(rival.id):
        people.request_export(format="csv", actor=SYSTEM, now=clock.now())
    jobs.enqueue("tenants.send_unlock", user_id="", language="en")
    begun = [taken_by_a_worker() for _slot in range(3)]
    assert begun[0] == ("tenants.send_unlock", None)
    assert begun[1:] == [("participants.import_customers", acme.id), ("participants.export", rival.id)]


def files_of(tenant: Any) -> set[str]:
    try:
        return set(default_storage.listdir(f"tenant-{tenant.id}/imports")[1])
    except FileNotFoundError:
        return set()


def test_nobody_takes_the_lock_of_a_name_they_choose() -> None:
    """Pass: of the lock numbers that can be worked out from a name alone, 0 are the ones in use.

    A name that is typed to sign in would else be made to fit any lock: that of the trail's sealer, or a colleague's.
    """
    name = "sign-in|account|ANYBODY"
    with limits.alone(name), connections["counters"].cursor() as other:
        other.execute(
            "select classid::bigint << 32 | objid::bigint from pg_locks where locktype = 'advisory'"
        )
        held = {number for (number,) in other.fetchall()}
        other.execute("select hashtextextended(%s, 0)", [name])
        (guessed,) = other.fetchone()
    assert held
    assert guessed not in held


def test_a_stranger_does_not_use_up_the_keys_of_a_booking_form(in_acme: Any) -> None:
    """Pass: after a stranger's call with the key, the booking form's call with the same key is recorded, and its
    repetition is answered from memory; 0 refusals.

    Keys made from booking numbers can be foreseen.
    """
    dana = make_scene().dana
    client = Client(headers={"Idempotency-Key": "booking-1001"})

    def post(email: str, booking: str) -> Any:
        body = {"code": dana.code, "email": email, "booking_reference": booking}
        return client.post("/api/v1/public/referrals", body, content_type="application/json")

    assert post("mallory@example.com", "BK-MALLORY").status_code == 201
    mine, again = post("eva@example.com", "BK-1001"), post("eva@example.com", "BK-1001")
    assert (mine.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replay"] == "true"
    assert again.content == mine.content
