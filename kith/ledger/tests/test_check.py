"""Each fault that somebody with all rights could plant is found, and named."""

import pytest
from click.testing import CliRunner

from kith.commands.ledger import command
from kith.kit import tenancy
from kith.ledger import queries
from kith.ledger.models import Account
from kith.ledger.tests.factories import open_books, owner_of_tables

# What is done to the books with every trigger and constraint out of the way, and what must be found.
FAULTS = {
    "a balance is raised": (
        "update ledger_account set balance = balance + 1 where {own} and kind = 'pending'", "account_tip"),
    "a counter is moved": (
        "update ledger_account set seq = seq + 1 where {own} and kind = 'budget'", "account_tip"),
    "two balances are changed in step": (
        "update ledger_account set balance = balance + case kind when 'budget' then 5 else -5 end"
        " where {own} and kind in ('budget', 'pending')", "account_tip"),
    "an amount is changed": (
        "update ledger_transfer set amount = amount + 1 where {own}", "running_balance"),
    "a running balance is changed": (
        "update ledger_transfer set credit_balance = credit_balance + 1 where {own} and debit_seq = 1",
        "running_balance"),
    "a transfer disappears": (
        "delete from ledger_transfer where id ="
        " (select id from ledger_transfer where {own} order by id offset 1 limit 1)",
        "sequence_gap"),
    "a journal loses its transfers": (
        "delete from ledger_transfer where id = (select max(id) from ledger_transfer where {own})",
        "empty_journal"),
    "the floor is broken": (
        "update ledger_account set balance = -1 where {own} and kind = 'available'", "below_floor"),
    "the ceiling is broken": (
        "update ledger_account set balance = 1 where {own} and kind = 'debt'", "above_ceiling"),
    "money appears from nothing": (
        "update ledger_account set balance = balance + 100 where {own} and kind = 'available'",
        "not_zero_sum"),
}  # fmt: skip


@pytest.fixture
def tenant_id(committed):
    """A tenant with committed, sound books."""
    tenant_id = committed("checked").pk
    with tenancy.use(tenant_id):
        books = open_books(funded=1_000)
        books.accrue(300)
        books.accrue(200)
        books.mature(400)
        assert queries.check() == []
    return tenant_id


def plant(tenant_id: int, statement: str) -> None:
    """Falsify the books as somebody would who owns the tables and switches their protection off."""
    with owner_of_tables(tenant_id) as owner:
        for table in ("ledger_account", "ledger_journal", "ledger_transfer"):
            owner.execute(f"alter table {table} disable trigger user")
        owner.execute("alter table ledger_account drop constraint ledger_account_floor")
        owner.execute("alter table ledger_account drop constraint ledger_account_ceiling")
        owner.execute(statement.format(own=f"tenant_id = {tenant_id}"))
        owner.execute(
            "alter table ledger_account add constraint ledger_account_floor"
            " check (floor is null or balance >= floor) not valid,"
            " add constraint ledger_account_ceiling check (ceiling is null or balance <= ceiling) not valid"
        )
        for table in ("ledger_account", "ledger_journal", "ledger_transfer"):
            owner.execute(f"alter table {table} enable trigger user")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_in_its_tenant_only(tenant_id, committed, fault):
    statement, expected = FAULTS[fault]
    sound = committed("sound").pk
    with tenancy.use(sound):
        open_books(funded=10)
    plant(tenant_id, statement)
    with tenancy.use(tenant_id):
        offences = queries.check()
    assert expected in {offence.fault for offence in offences}
    assert all(offence.sentence for offence in offences)
    with tenancy.use(sound):
        assert queries.check() == []
    with tenancy.across_tenants("every tenant is checked at once"):
        assert tenant_id in {offence.tenant_id for offence in queries.check()}


def test_an_offence_says_where_and_what(tenant_id):
    plant(tenant_id, "update ledger_account set balance = balance + 1 where {own} and kind = 'pending'")
    with tenancy.use(tenant_id):
        account = Account.objects.get(kind="pending")
        offence = next(found for found in queries.check() if found.fault == "account_tip")
    assert offence.sentence == (
        f"the account does not agree with its last entry (account {account.pk}, currency EUR):"
        " the account says 101 after 3 entries, its last entry 100 after 3"
    )


def test_the_command_is_silent_about_sound_books_and_fails_on_others(committed):
    tenant = committed("told")
    with tenancy.use(tenant.pk):
        open_books(funded=1_000)  # rewards, which the command looks at as well, are not of this feature
    sound = CliRunner().invoke(command, ["check", "--tenant", tenant.slug])
    assert (sound.exit_code, sound.output) == (0, "The ledger is sound (1 organization(s) checked).\n")
    plant(tenant.pk, "update ledger_account set balance = balance + 1 where {own} and kind = 'budget'")
    broken = CliRunner().invoke(command, ["check", "--tenant", tenant.slug])
    assert broken.exit_code == 1
    assert f"{tenant.slug}: the account does not agree with its last entry" in broken.output
    assert CliRunner().invoke(command, ["check"]).exit_code == 1


def test_the_command_names_an_organization_it_does_not_know(db):
    unknown = CliRunner().invoke(command, ["check", "--tenant", "nobody"])
    assert unknown.exit_code == 1
    assert "nobody" in unknown.output
