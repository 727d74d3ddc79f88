"""Whatever somebody with all rights does to the books is named by `kith ledger check`.

Pass criterion: each of 9 faults of the ledger beyond its balances, and each of 8 disagreements between it and
rewards or withdrawals, is named; sound books have none.
"""

from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from conftest import make_member, make_tenant
from kith.commands.ledger import command
from kith.kit import tenancy
from kith.ledger import queries as ledger
from kith.ledger.tests.factories import open_books
from kith.payouts import actions, queries
from kith.payouts.tests import factories as payouts
from tests import postgres
from tests.faults.proof import all_powers, own_database

__all__ = ["own_database"]

CONSTRAINTS = """
    select format('alter table %s drop constraint if exists %I cascade', conrelid::regclass, conname) from pg_constraint
     where conrelid in ('ledger_account'::regclass, 'ledger_journal'::regclass, 'ledger_transfer'::regclass)
       and contype in ('c', 'u', 'f')
"""
FIRST = "debit_seq = 1 and {own}"
LEDGER = {
    "money moves without a transfer": (
        "update ledger_account set balance = balance + case kind when 'budget' then 5 else -5 end"
        " where {own} and kind in ('budget', 'pending')", "replay"),
    "a transfer leads into an account of nobody here": (
        f"update ledger_transfer set credit_account_id = -1 where {FIRST}", "foreign_transfer"),
    "a transfer changes its currency": (
        f"update ledger_transfer set currency = 'USD' where {FIRST}", "foreign_transfer"),
    "a transfer loses its journal": (
        f"update ledger_transfer set journal_id = -1 where {FIRST}", "orphan_transfer"),
    "an amount is negative": (f"update ledger_transfer set amount = -amount where {FIRST}", "bad_amount"),
    "a transfer stays where it is": (
        f"update ledger_transfer set credit_account_id = debit_account_id where {FIRST}", "bad_amount"),
    "a key is used twice": ("update ledger_journal set idempotency_key = 'same' where {own}", "key_twice"),
    "a journal is reversed twice": (
        "update ledger_journal set reverses_id = (select min(id) from ledger_journal where {own}) where {own}",
        "reversed_twice"),
    "a reversal is none": (
        "update ledger_journal set reverses_id = (select min(id) from ledger_journal where {own})"
        " where id = (select max(id) from ledger_journal where {own})", "not_a_mirror"),
}  # fmt: skip


@pytest.mark.parametrize("fault", LEDGER)
def test_a_fault_that_constraints_would_refuse_is_named_without_them(
    own_database: postgres.TestDatabase, fault: str
) -> None:
    statement, expected = LEDGER[fault]
    tenant = make_tenant("books")
    with tenancy.use(tenant.pk):
        books = open_books(funded=1_000)
        books.accrue(300)
        books.accrue(200)
    with psycopg.connect(postgres.superuser_url(own_database)) as db:
        db.execute("set session_replication_role = replica")
        assert _faults(db, tenant.pk) == set()
        for (drop,) in db.execute(CONSTRAINTS).fetchall():
            db.execute(drop)
        assert db.execute(statement.format(own=f"tenant_id = {tenant.pk}")).rowcount > 0
        assert expected in _faults(db, tenant.pk)
        db.rollback()


def _faults(db: psycopg.Connection, tenant_id: int) -> set[str]:
    """As the application's role sees them, with the tenant in force."""
    db.execute("set local role kith_app")
    db.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
    found = {row[0] for row in db.execute("select fault from ledger_check()").fetchall()}
    db.execute("reset role")
    assert found <= set(ledger.FAULTS)
    return found


def test_every_fault_that_is_claimed_is_planted_somewhere() -> None:
    from kith.ledger.tests.test_check import FAULTS

    planted = {expected for _, expected in (*FAULTS.values(), *LEDGER.values())}
    assert planted == set(ledger.FAULTS)
    assert {expected for _, expected in MONEY.values()} == set(queries.MONEY_FAULTS)


MONEY = {
    "a reward is said to be available": (
        "update rewards_reward set status = 'rejected' where {own} and status = 'settled'", "reward_money"),
    "a reward is worth more": (
        "update rewards_reward set amount_minor = amount_minor + 1 where {own}", "reward_money"),
    "a reward disappears": ("delete from rewards_reward where {own}", "reward_money"),
    "a reward's beneficiary is another": (
        "update rewards_reward set beneficiary_id = gen_random_uuid() where {own}", "person_money"),
    "a withdrawal is said to have failed": (
        "update payouts_withdrawal set status = 'failed' where {own}", "withdrawal_steps"),
    "a withdrawal disappears": ("delete from payouts_withdrawal where {own}", "withdrawal_steps"),
    "a posting of a withdrawal disappears": (
        "delete from ledger_journal where {own} and idempotency_key like 'withdrawal:%:paid'", "withdrawal_steps"),
    "a withdrawal is worth less": (
        "update payouts_withdrawal set amount_minor = amount_minor - 1 where {own}", "withdrawal_money"),
}  # fmt: skip


@pytest.fixture
def paid(own_database: postgres.TestDatabase, now: Any) -> Any:
    """An organization that has paid Dana EUR 50 for two rewards."""
    tenant = make_tenant("payer")
    owner = make_member(tenant, "olga", "owner")
    with tenancy.use(tenant.pk, actor=owner):
        payouts.set_debtor(owner)
        shop = payouts.open_books()
        dana = payouts.make_person("Dana Jansen")
        payouts.give_account(dana)
        for _ in range(2):
            payouts.make_reward(shop, dana)
        batch = actions.make_batch(actor=owner, now=now).batch
        actions.approve_batch(batch=batch, actor=owner, now=now)
        actions.send_batch(batch=batch, actor=owner, now=now)
        actions.mark_paid(batch=batch, actor=owner, now=now)
    told = CliRunner().invoke(command, ["check", "--tenant", tenant.slug])
    assert told.exit_code == 0, told.output
    return tenant


@pytest.mark.parametrize("fault", MONEY)
def test_rewards_and_withdrawals_that_disagree_with_the_ledger_are_named(
    paid: Any, own_database: postgres.TestDatabase, fault: str
) -> None:
    statement, expected = MONEY[fault]
    with all_powers(own_database) as db:
        assert db.execute(statement.format(own=f"tenant_id = {paid.pk}")).rowcount > 0
    with tenancy.use(paid.pk):
        assert expected in {found.fault for found in queries.money_offences()}
    told = CliRunner().invoke(command, ["check", "--tenant", paid.slug])
    assert told.exit_code == 1
    assert f"{paid.slug}: {queries.MONEY_FAULTS[expected]}" in told.output
