"""A shop that owes Dana, and a batch at each step of its life."""

import uuid
from dataclasses import replace

import pytest

from kith.payouts import actions
from kith.payouts.tests.factories import (
    give_account,
    make_person,
    make_reward,
    open_books,
    set_debtor,
)


@pytest.fixture
def checker(alice):
    """A second person of the organization."""
    return replace(alice, id=str(uuid.uuid4()), label="Carol")


@pytest.fixture
def shop(in_acme, alice):
    """An organization that can pay: a program with a budget and a paying account."""
    set_debtor(alice)
    return open_books()


@pytest.fixture
def dana(shop):
    """Two available rewards of EUR 25 and an account."""
    person = make_person("Dana Jansen")
    give_account(person)
    make_reward(shop, person)
    make_reward(shop, person)
    return person


@pytest.fixture
def made(dana, alice, now):
    """A draft that pays Dana EUR 50."""
    return actions.make_batch(actor=alice, now=now).batch


@pytest.fixture
def sent(made, alice, now):
    """The same batch at the bank."""
    actions.approve_batch(batch=made, actor=alice, now=now)
    return actions.send_batch(batch=made, actor=alice, now=now)


@pytest.fixture
def paid(sent, alice, now):
    """The same batch, paid."""
    actions.mark_paid(batch=sent, actor=alice, now=now)
    sent.refresh_from_db()
    return sent
