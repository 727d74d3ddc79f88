"""The console's pages about payouts."""

import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import make_member
from kith.kit import clock, tenancy
from kith.payouts import queries
from kith.payouts.models import PayoutAccount, PayoutBatch, Withdrawal
from kith.payouts.tests.factories import (
    IBANS,
    give_account,
    make_person,
    make_reward,
    open_books,
    set_debtor,
)
from kith.rewards import actions as rewards
from kith.rewards.models import Reward

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def at(name: str, *args: Any) -> str:
    return reverse(f"payouts:{name}", args=args)


@pytest.fixture
def books(acme: Any, alice: Any) -> Any:
    with tenancy.use(acme.id, actor=alice):
        set_debtor(alice)
        return open_books()


def owe(acme: Any, books: Any, number: int, minor: int = 2500, *, accounts: bool = True) -> list[Any]:
    with tenancy.use(acme.id):
        people = [make_person(f"Payee Number{index}") for index in range(number)]
        for person in people:
            make_reward(books, person, minor)
            if accounts:
                give_account(person, IBANS[0])
        return people


def made(client: Any, acme: Any, **values: str) -> PayoutBatch:
    answer = client.post(at("make", acme.slug), {"format": "sepa", **values})
    assert answer.status_code == 303, answer.content
    with tenancy.use(acme.id):
        found: PayoutBatch = PayoutBatch.objects.latest("number")
    assert answer["Location"] == at("batch", acme.slug, found.id)
    return found


def test_nothing_due_and_no_batches_say_so(acme: Any, alice: Any, browse: Any) -> None:
    shown = text(browse(alice).get(at("batches", acme.slug)))
    assert "Everybody is paid" in shown
    assert "No batches yet" in shown


def test_what_is_due_is_listed_with_the_reason_it_cannot_be_paid(
    acme: Any, alice: Any, books: Any, browse: Any
) -> None:
    owe(acme, books, 1)
    owe(acme, books, 1, accounts=False)
    shown = text(browse(alice).get(at("batches", acme.slug)))
    assert "There is no payout account yet." in shown
    assert "Ready" in shown
    assert "€50.00 is due to 2 people" in shown


def test_every_available_reward_is_in_one_of_the_sums(acme: Any, alice: Any, books: Any, browse: Any) -> None:
    client = browse(alice)
    (indebted,) = owe(acme, books, 1, 1000)
    batch = made(client, acme)
    for step in ("approve", "send", "paid"):
        client.post(at(step, acme.slug, batch.id), {"typed": "10.00"})
    with tenancy.use(acme.id):
        (paid,) = Reward.objects.all()
        rewards.claw_back(
            reward=paid, amount=paid.money, reason="Trip off", key="x", actor=alice, now=clock.now()
        )
    owe(acme, books, 2)
    made(client, acme)
    with tenancy.use(acme.id):
        make_reward(books, indebted, 2500)
    owe(acme, books, 1, 4000)
    owe(acme, books, 1, 700, accounts=False)
    with tenancy.use(acme.id):
        found = queries.sums()
    parts = (found.ready, found.blocked, found.under_way, found.for_debts)
    assert [part.amount_minor for part in parts] == [5500, 700, 5000, 1000]
    assert found.available.amount_minor == 12_200
    assert "€122.00 of available rewards" in text(client.get(at("batches", acme.slug)))


def test_a_batch_goes_from_draft_to_paid(acme: Any, alice: Any, books: Any, browse: Any) -> None:
    owe(acme, books, 2)
    client = browse(alice)
    assert text(client.get(at("make", acme.slug)))
    batch = made(client, acme)
    assert "In a draft" in text(client.get(at("batch", acme.slug, batch.id)))
    assert client.post(at("file", acme.slug, batch.id)).status_code == 409
    assert client.post(at("approve", acme.slug, batch.id)).status_code == 303
    file = client.post(at("file", acme.slug, batch.id))
    assert file["Content-Type"] == "application/xml"
    assert file["Content-Disposition"].startswith("attachment")
    assert client.post(at("send", acme.slug, batch.id), {"typed": "50.01"}).status_code == 422
    assert client.post(at("send", acme.slug, batch.id), {"typed": "5"}).status_code == 422
    assert client.post(at("send", acme.slug, batch.id), {"typed": "€ 50"}).status_code == 303
    with tenancy.use(acme.id):
        first, second = Withdrawal.objects.order_by("id")
    assert "The bank paid these" in text(client.get(at("batch", acme.slug, batch.id)))
    assert client.post(at("paid", acme.slug, batch.id), {"ids": [str(uuid4())]}).status_code == 400
    assert client.post(at("paid", acme.slug, batch.id), {"ids": [str(first.id)]}).status_code == 303
    assert client.post(at("failed", acme.slug, second.id), {"reason": ""}).status_code == 422
    assert client.post(at("failed", acme.slug, second.id), {"reason": "AC04"}).status_code == 303
    assert client.post(at("returned", acme.slug, first.id), {"reason": "MD06"}).status_code == 303
    with tenancy.use(acme.id):
        assert [row.status for row in Withdrawal.objects.order_by("id")] == ["returned", "failed"]
    assert "MD06" in text(client.get(at("batch", acme.slug, batch.id)))


def test_a_whole_batch_is_paid_at_once(acme: Any, alice: Any, books: Any, browse: Any) -> None:
    owe(acme, books, 2)
    client = browse(alice)
    batch = made(client, acme)
    for step in ("approve", "send", "paid"):
        assert client.post(at(step, acme.slug, batch.id), {"typed": "50.00"}).status_code == 303
    with tenancy.use(acme.id):
        batch.refresh_from_db()
    assert batch.status == "done"


def test_who_signed_in_long_ago_shows_again_who_they_are_before_money_leaves(
    acme: Any, alice: Any, books: Any, browse: Any
) -> None:
    owe(acme, books, 1)
    client = browse(alice)
    batch = made(client, acme)
    for step, before in (("approve", "draft"), ("send", "approved")):
        with clock.frozen(clock.now() + datetime.timedelta(minutes=16)):
            asked = client.post(at(step, acme.slug, batch.id), {"typed": "25.00"})
        assert asked.status_code == 401
        assert 'name="typed" value="25.00"' in asked.content.decode()
        with tenancy.use(acme.id):
            batch.refresh_from_db()
        assert batch.status == before
        assert client.post(at(step, acme.slug, batch.id), {"typed": "25.00"}).status_code == 303


def test_above_the_limit_the_maker_is_told_to_find_a_colleague(
    acme: Any, alice: Any, books: Any, browse: Any
) -> None:
    owe(acme, books, 1, 60_000)
    client, second = browse(alice), browse(make_member(acme, "mia", "manager"))
    batch = made(client, acme)
    url = at("batch", acme.slug, batch.id)
    assert "Somebody else has to approve this batch." in text(client.get(url))
    assert client.post(at("approve", acme.slug, batch.id)).status_code == 403
    assert "You are the second person." in text(second.get(url))
    assert second.post(at("approve", acme.slug, batch.id)).status_code == 303


def test_a_draft_is_cancelled_and_the_money_is_due_again(
    acme: Any, alice: Any, books: Any, browse: Any
) -> None:
    owe(acme, books, 1)
    client = browse(alice)
    batch = made(client, acme, format="csv", execution_on="2030-01-02")
    assert "Everybody is paid" in text(client.get(at("batches", acme.slug)))
    assert client.post(at("cancel", acme.slug, batch.id), {"reason": "wrong day"}).status_code == 303
    assert "Ready" in text(client.get(at("batches", acme.slug)))
    assert client.post(at("approve", acme.slug, batch.id)).status_code == 409


def test_cancelling_a_downloaded_batch_says_who_has_the_file_and_wants_a_tick(
    acme: Any, alice: Any, books: Any, browse: Any
) -> None:
    owe(acme, books, 1)
    client = browse(alice)
    batch = made(client, acme)
    client.post(at("approve", acme.slug, batch.id))
    url, tick = at("batch", acme.slug, batch.id), 'name="nothing_paid"'
    assert tick not in text(client.get(url))
    client.post(at("file", acme.slug, batch.id))
    shown = text(client.get(url))
    assert tick in shown
    assert f"by {alice.label}." in shown
    for headers in ({}, {"HX-Request": "true"}):
        asked = client.post(at("cancel", acme.slug, batch.id), {"reason": "wrong day"}, headers=headers)
        assert asked.status_code == 422
        assert 'id="id_nothing_paid_error"' in text(asked)
        assert "wrong day" in text(asked)
        assert ("<html" in text(asked)) == (not headers)
    given = {"reason": "wrong day", "nothing_paid": "on"}
    assert client.post(at("cancel", acme.slug, batch.id), given).status_code == 303
    assert "File downloaded" in text(client.get(url))


def test_a_refused_batch_says_why_in_the_form(acme: Any, alice: Any, books: Any, browse: Any) -> None:
    client, url = browse(alice), at("make", acme.slug)
    empty = client.post(url, {"format": "sepa"})
    assert empty.status_code == 422
    assert "There is nothing that can be paid now." in text(empty)
    bad = client.post(url, {"format": "gold", "execution_on": "soon"})
    assert bad.status_code == 422
    assert 'id="id_execution_on_error"' in text(bad)


def test_an_account_is_set_and_shown_masked(acme: Any, alice: Any, books: Any, browse: Any) -> None:
    (person,) = owe(acme, books, 1, accounts=False)
    client, url = browse(alice), at("account", acme.slug, person.id)
    part = text(client.get(url, headers={"HX-Request": "true"}))
    assert "None yet" in part
    assert "<html" not in part
    edit = at("account_edit", acme.slug, person.id)
    assert person.name in text(client.get(edit))
    bad = client.post(edit, {"holder": "Dana", "iban": "NL00ABNA0417164300"})
    assert bad.status_code == 422
    assert 'id="id_iban_error"' in text(bad)
    assert client.post(edit, {"holder": "Dana", "iban": IBANS[0]}).status_code == 303
    with tenancy.use(acme.id):
        assert PayoutAccount.objects.get().iban_last4 == IBANS[0][-4:]
    whole = text(client.get(url))
    assert IBANS[0] not in whole
    assert IBANS[0][-4:] in whole


def test_viewers_see_no_payouts_and_strangers_find_none(
    acme: Any, alice: Any, bob: Any, charlie: Any, rival: Any, books: Any, browse: Any
) -> None:
    (person,) = owe(acme, books, 1)
    batch = made(browse(alice), acme)
    with tenancy.use(acme.id):
        withdrawal = Withdrawal.objects.get()
    pages = [
        ("batches",),
        ("make",),
        ("batch", batch.id),
        ("account", person.id),
        ("account_edit", person.id),
    ]
    for name, *args in pages:
        assert browse(bob).get(at(name, acme.slug, *args)).status_code == 403
        assert browse(charlie).get(at(name, acme.slug, *args)).status_code == 404
        assert Client().get(at(name, acme.slug, *args)).status_code == 302
    steps = [(name, batch.id) for name in ("approve", "file", "send", "paid", "cancel")]
    steps += [("failed", withdrawal.id), ("returned", withdrawal.id), ("account_edit", person.id)]
    for name, *args in steps:
        assert browse(bob).post(at(name, acme.slug, *args)).status_code == 403
        assert browse(charlie).post(at(name, rival.slug, *args)).status_code == 404


def test_long_lists_cost_as_many_statements_as_short_ones(
    acme: Any, alice: Any, books: Any, browse: Any
) -> None:
    client, counts = browse(alice), []
    for number in (3, 12):
        owe(acme, books, number)
        client.get(at("batches", acme.slug))
        with CaptureQueriesContext(connection) as due:
            client.get(at("batches", acme.slug))
        batch = made(client, acme)
        with CaptureQueriesContext(connection) as detail:
            client.get(at("batch", acme.slug, batch.id))
        counts.append((len(due), len(detail)))
    assert counts[0] == counts[1]
