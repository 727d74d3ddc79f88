"""Payouts under pressure: whatever happens at the same time, each amount leaves once and the books are sound."""

import datetime
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from kith.kit import errors, tenancy
from kith.kit.actors import Actor
from kith.kit.ids import uuid7
from kith.ledger import queries as books
from kith.payouts import actions
from kith.payouts.models import PayoutBatch, Withdrawal, WithdrawalLine
from kith.payouts.tests.factories import (
    IBANS,
    give_account,
    held,
    make_person,
    make_reward,
    open_books,
    set_debtor,
    take_back,
)
from kith.rewards.models import Reward

NOW = datetime.datetime(2026, 6, 15, 10, 0, tzinfo=datetime.UTC)


class Shop:
    """A committed organization with three people who are owed EUR 25 twice."""

    def __init__(self, tenant: Any) -> None:
        self.tenant = tenant
        self.maker = Actor(kind="member", id=str(uuid7()), label="Maker", tenant_id=tenant.id)
        with self.inside():
            set_debtor(self.maker)
            self.books = open_books()
            self.people = [make_person(f"Person {number}") for number in range(3)]
            for number, person in enumerate(self.people):
                give_account(person, IBANS[number])
                make_reward(self.books, person)
                make_reward(self.books, person)

    def inside(self) -> Any:
        return tenancy.use(self.tenant.id, actor=self.maker)

    def at_once(self, *steps: Callable[[], Any]) -> list[Any]:
        """Run every step in its own thread and transaction, started together; answers or refusals."""
        gate = threading.Barrier(len(steps))

        def run(step: Callable[[], Any]) -> Any:
            try:
                gate.wait(timeout=10)
                with self.inside():
                    return step()
            except errors.DomainError as refusal:
                return refusal
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(steps)) as pool:
            return list(pool.map(run, steps))

    def make(self, **more: Any) -> PayoutBatch:
        return actions.make_batch(actor=self.maker, now=NOW, **more).batch

    def to_bank(self) -> PayoutBatch:
        with self.inside():
            batch = self.make()
            actions.approve_batch(batch=batch, actor=self.maker, now=NOW)
            return actions.send_batch(batch=batch, actor=self.maker, now=NOW)

    def balances(self) -> list[dict[str, int]]:
        with self.inside():
            assert books.check() == []
            return [held(person) for person in self.people]


@pytest.fixture
def shop(committed: Callable[..., Any]) -> Shop:
    return Shop(committed("acme"))


def refusals(answers: list[Any]) -> list[str]:
    return [answer.code for answer in answers if isinstance(answer, errors.DomainError)]


def test_the_same_rewards_into_several_batches_at_once(shop: Shop) -> None:
    with shop.inside():
        ids = list(Reward.objects.values_list("id", flat=True))
    answers = shop.at_once(*[lambda: shop.make(reward_ids=ids)] * 3, *[shop.make] * 3)
    assert refusals(answers) == ["nothing_to_pay"] * 5
    assert shop.balances() == [{"reserved": 5000}] * 3
    with shop.inside():
        assert PayoutBatch.objects.get().total_minor == 15000
        assert WithdrawalLine.objects.count() == 6


def test_different_rewards_of_the_same_people_at_once(shop: Shop) -> None:
    with shop.inside():
        ids = list(Reward.objects.order_by("id").values_list("id", flat=True))
    answers = shop.at_once(*[lambda one=one: shop.make(reward_ids=[one]) for one in ids])
    assert refusals(answers) == []
    assert sorted(batch.number for batch in answers) == [1, 2, 3, 4, 5, 6]
    assert shop.balances() == [{"reserved": 5000}] * 3


def test_a_reward_clawed_back_while_a_batch_is_made(shop: Shop) -> None:
    with shop.inside():
        first = Reward.objects.order_by("id").first()
    answers = shop.at_once(shop.make, lambda: take_back(first, 2500))
    assert refusals(answers) == []
    person = shop.balances()[0]
    # Whichever came first: either less is reserved, or what is missing is a debt.
    assert person in ({"reserved": 2500}, {"reserved": 5000, "debt": -2500})


def test_paying_many_times_at_once_pays_once(shop: Shop) -> None:
    batch = shop.to_bank()
    with shop.inside():
        ids = list(Withdrawal.objects.values_list("id", flat=True))
    pay_all = lambda: actions.mark_paid(batch=batch, actor=shop.maker, now=NOW)  # noqa: E731
    pay_some = lambda: actions.mark_paid(withdrawal_ids=ids[:2], actor=shop.maker, now=NOW)  # noqa: E731
    answers = shop.at_once(*[pay_all] * 3, *[pay_some] * 3)
    assert refusals(answers) == []
    assert shop.balances() == [{"paid": 5000}] * 3
    with shop.inside():
        assert PayoutBatch.objects.get().status == "done"
        assert set(Reward.objects.values_list("status", flat=True)) == {"settled"}


def test_paid_and_failed_at_once_is_one_of_the_two(shop: Shop) -> None:
    shop.to_bank()
    with shop.inside():
        row = Withdrawal.objects.order_by("reference").first()
    answers = shop.at_once(
        lambda: actions.mark_paid(withdrawal_ids=[row.pk], actor=shop.maker, now=NOW),
        lambda: actions.mark_failed(withdrawal=row, reason="Closed", actor=shop.maker, now=NOW),
    )
    assert refusals(answers) == ["withdrawal_not_processing"]
    with shop.inside():
        row.refresh_from_db()
        money = held(row.participant)
    assert money == ({"paid": 5000} if row.status == "paid" else {"available": 5000})
    shop.balances()


def test_returned_many_times_at_once_returns_once(shop: Shop) -> None:
    batch = shop.to_bank()
    with shop.inside():
        actions.mark_paid(batch=batch, actor=shop.maker, now=NOW)
        row = Withdrawal.objects.order_by("reference").first()
    back = lambda: actions.mark_returned(withdrawal=row, reason="Closed", actor=shop.maker, now=NOW)  # noqa: E731
    assert refusals(shop.at_once(*[back] * 5)) == []
    assert sorted(map(str, shop.balances())) == sorted(
        map(str, [{"available": 5000}, {"paid": 5000}, {"paid": 5000}])
    )


def test_approved_and_cancelled_at_once_leaves_one_state(shop: Shop) -> None:
    with shop.inside():
        batch = shop.make()
    shop.at_once(
        lambda: actions.approve_batch(batch=batch, actor=shop.maker, now=NOW),
        lambda: actions.cancel_batch(batch=batch, actor=shop.maker, now=NOW),
        lambda: actions.cancel_batch(batch=batch, actor=shop.maker, now=NOW),
    )
    assert shop.balances() == [{"available": 5000}] * 3
    with shop.inside():
        assert PayoutBatch.objects.get().status == "cancelled"
        assert set(Withdrawal.objects.values_list("status", flat=True)) == {"cancelled"}


def test_the_file_asked_for_many_times_at_once_is_one_file(shop: Shop) -> None:
    with shop.inside():
        batch = actions.approve_batch(batch=shop.make(), actor=shop.maker, now=NOW)
    files = shop.at_once(*[lambda: actions.write_file(batch=batch, now=NOW)] * 4)
    assert refusals(files) == []
    assert len({file.sha256 for file in files}) == 1
    assert len({file.content for file in files}) == 1


def test_a_step_that_breaks_half_way_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = shop.to_bank()
    monkeypatch.setattr("kith.payouts.actions.moves.ledger.post_many", _broken)
    with pytest.raises(RuntimeError), shop.inside():
        actions.mark_paid(batch=batch, actor=shop.maker, now=NOW)
    monkeypatch.undo()
    assert shop.balances() == [{"reserved": 5000}] * 3
    with shop.inside():
        assert set(Withdrawal.objects.values_list("status", flat=True)) == {"processing"}
        assert set(Reward.objects.values_list("status", flat=True)) == {"available"}
        actions.mark_paid(batch=batch, actor=shop.maker, now=NOW)
    assert shop.balances() == [{"paid": 5000}] * 3


def _broken(**_: Any) -> None:
    raise RuntimeError("the cable was pulled")


def test_another_organization_is_not_touched(shop: Shop, committed: Callable[..., Any]) -> None:
    rival = Shop(committed("rival"))
    shop.to_bank()
    assert rival.balances() == [{"available": 5000}] * 3
    with rival.inside():
        assert PayoutBatch.objects.count() == 0
        stranger = uuid.UUID(str(shop.people[0].pk))
        assert books.balances(stranger) == []
