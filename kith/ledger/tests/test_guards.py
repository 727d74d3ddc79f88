"""What nobody may do to the books: not the application, not even the owner of the tables."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import errors

from kith.kit import tenancy
from kith.ledger import queries
from kith.ledger.models import Account
from kith.ledger.tests.factories import open_books, owner_of_tables

WRITES = [
    "update ledger_account set balance = balance + 1",
    "update ledger_account set seq = seq + 1",
    "update ledger_account set frozen = true",
    "update ledger_account set floor = null",
    "update ledger_account set owner_id = null",
    "delete from ledger_account",
    "truncate ledger_account cascade",
    "insert into ledger_account (tenant_id, currency, currency_id, kind, is_system)"
    " values (1, 'EUR', 1, 'fees', true)",
    "update ledger_journal set meta = '{}'",
    "update ledger_journal set event_at = now()",
    "delete from ledger_journal",
    "truncate ledger_journal cascade",
    "insert into ledger_journal (tenant_id, idempotency_key, request_hash, kind, event_at, actor, request_id)"
    " values (1, 'k', sha256('k'), 'fund', now(), 'me', '')",
    "update ledger_transfer set amount = 1",
    "delete from ledger_transfer",
    "truncate ledger_transfer",
    "insert into ledger_transfer"
    " (journal_id, tenant_id, currency, debit_account_id, credit_account_id, amount)"
    " select journal_id, tenant_id, currency, debit_account_id, credit_account_id, 1 from ledger_transfer",
]


@pytest.fixture
def tenant_id(committed):
    """A tenant with committed books."""
    tenant_id = committed("guarded").pk
    with tenancy.use(tenant_id):
        books = open_books(funded=100)
        books.accrue(40)
    return tenant_id


@pytest.mark.parametrize("statement", WRITES)
def test_the_application_has_no_privilege_to_write(tenant_id, statement):
    with tenancy.use(tenant_id):
        with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(caught.value.__cause__, errors.InsufficientPrivilege)


@pytest.mark.parametrize("statement", WRITES)
def test_the_role_that_crosses_tenants_has_no_privilege_to_write(tenant_id, statement):
    with tenancy.across_tenants("the crossing role is tested"):
        with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(caught.value.__cause__, errors.InsufficientPrivilege)


@pytest.mark.parametrize("statement", WRITES)
def test_the_owner_of_the_tables_is_refused_too(tenant_id, statement):
    with owner_of_tables(tenant_id) as owner:
        assert owner.execute("select 1 from ledger_transfer where tenant_id = %s", [tenant_id]).fetchone()
        with pytest.raises(errors.RestrictViolation):
            owner.execute(statement)


def test_the_owner_may_not_write_through_a_block_that_only_names_the_door(tenant_id):
    with owner_of_tables(tenant_id) as owner, pytest.raises(errors.RestrictViolation):
        owner.execute(
            "do $$ begin /* ledger_open(integer, */ insert into ledger_account"
            " (tenant_id, currency, currency_id, kind, is_system) values (1, 'EUR', 1, 'fees', true); end $$"
        )


def test_saving_a_model_is_refused(tenant_id):
    with tenancy.use(tenant_id):
        account = Account.objects.first()
        account.balance += 1
        with pytest.raises(DatabaseError), transaction.atomic():
            account.save()
        with pytest.raises(DatabaseError), transaction.atomic():
            account.delete()


def test_the_application_sees_nothing_of_another_tenant(tenant_id, committed):
    other = committed("other").pk
    with tenancy.use(other), connection.cursor() as cursor:
        for table in ("ledger_account", "ledger_journal", "ledger_transfer", "ledger_entry"):
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone() == (0,), table
        assert queries.check() == []


def test_the_public_may_not_call_the_functions(tenant_id):
    with owner_of_tables(tenant_id) as owner:
        callable_by_all = owner.execute(
            "select p.proname from pg_proc p where p.proname like 'ledger%' and"
            " (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))"
        ).fetchall()
    assert callable_by_all == []


def test_every_function_that_runs_as_the_owner_pins_its_search_path(tenant_id):
    with owner_of_tables(tenant_id) as owner:
        definers = owner.execute(
            "select proname, proconfig from pg_proc where proname like 'ledger%' and prosecdef"
        ).fetchall()
    assert {name for name, _ in definers} >= {"ledger_post", "ledger_post_many", "ledger_open", "ledger_lock"}
    for name, configured in definers:
        assert configured == ["search_path=pg_catalog, public, pg_temp"], name


def test_a_temporary_table_does_not_stand_in_for_the_real_one(tenant_id):
    with tenancy.use(tenant_id):
        with connection.cursor() as cursor:
            cursor.execute(
                "create temporary table ledger_account (like public.ledger_account) on commit drop"
            )
            cursor.execute("select ledger_open(%s, 'fees', null, 'EUR')", [tenant_id])
            cursor.execute("select count(*) from public.ledger_account where kind = 'fees'")
            assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("kind", "owner", "floor", "ceiling", "is_system"),
    [
        ("available", True, None, None, False),
        ("available", True, -1, None, False),
        ("available", False, 0, None, False),
        ("available", True, 0, None, True),
        ("debt", True, None, None, False),
        ("debt", True, None, 5, False),
        ("budget", True, -5, None, True),
        ("funding", True, None, None, True),
        ("savings", True, 0, None, False),
    ],
)
def test_the_database_knows_the_chart(tenant_id, kind, owner, floor, ceiling, is_system):
    with owner_of_tables(tenant_id) as connection_, connection_.transaction(force_rollback=True):
        connection_.execute("alter table ledger_account disable trigger user")
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            connection_.execute(
                "insert into ledger_account"
                " (tenant_id, currency, currency_id, kind, owner_id, floor, ceiling, is_system)"
                " select %s, code, id, %s, case when %s then gen_random_uuid() end, %s, %s, %s"
                " from ledger_currency where code = 'EUR'",
                [tenant_id, kind, owner, floor, ceiling, is_system],
            )
        assert caught.value.diag.constraint_name == "ledger_account_chart"
        raise psycopg.Rollback
