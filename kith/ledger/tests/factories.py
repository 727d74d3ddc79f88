"""A small set of books to post into, and the other connections that tests look through."""

import contextlib
import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.db import connections

from kith.kit.actors import SYSTEM
from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.ledger import actions, queries, rules
from kith.ledger.actions import ParticipantAccounts, Posting

AT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Books:
    """One budget and one participant in one currency, opened in the tenant in force."""

    currency: str
    funding: int
    budget: int
    program_id: uuid.UUID
    person_id: uuid.UUID
    person: ParticipantAccounts

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    def held(self) -> dict[str, int]:
        """Balance by account kind: the budget's, the participant's and the tenant's."""
        lines = [*queries.balances(self.program_id), *queries.balances(self.person_id)]
        return {line.kind: line.money.amount_minor for line in lines if line.money.currency == self.currency}

    def post(self, kind: str, legs, *, key: str = "", **more) -> Posting:
        return actions.post(key=key or str(uuid7()), kind=kind, legs=legs, event_at=AT, actor=SYSTEM, **more)

    def fund(self, minor: int, **more) -> Posting:
        return self.post("fund", rules.legs_fund(self.funding, self.budget, self.money(minor)), **more)

    def accrue(self, minor: int, **more) -> Posting:
        legs = rules.legs_accrue(self.budget, self.person.pending, self.money(minor))
        return self.post("accrue", legs, **more)

    def mature(self, minor: int, *, key: str = "") -> Posting:
        due = actions.Due(key or str(uuid7()), self.person, self.money(minor))
        return actions.mature(dues=[due], event_at=AT, actor=SYSTEM)[0]

    def claw_back(self, minor: int, *, key: str = "") -> Posting:
        return actions.claw_back(
            key=key or str(uuid7()),
            accounts=self.person,
            budget=self.budget,
            amount=self.money(minor),
            event_at=AT,
            actor=SYSTEM,
        )

    def request(self, minor: int, **more) -> Posting:
        legs = rules.legs_withdraw_request(self.person.available, self.person.reserved, self.money(minor))
        return self.post("withdraw.request", legs, **more)


def open_books(currency: str = "EUR", *, funded: int = 0, capped: bool = True) -> Books:
    program_id, person_id = uuid7(), uuid7()
    books = Books(
        currency,
        actions.open_account(kind="funding", currency=currency),
        actions.open_account(kind="budget", owner_id=program_id, currency=currency, capped=capped),
        program_id,
        person_id,
        actions.open_participant(owner_id=person_id, currency=currency),
    )
    if funded:
        books.fund(funded)
    return books


@contextlib.contextmanager
def owner_of_tables(tenant_id: int) -> Iterator[psycopg.Connection]:
    """The role that owns the tables, as a migration or an administrator would be, looking at one tenant."""
    at = connections["owner"].settings_dict
    with psycopg.connect(
        dbname=at["NAME"], user=at["USER"], password=at["PASSWORD"], host=at["HOST"], port=at["PORT"]
    ) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        yield connection
