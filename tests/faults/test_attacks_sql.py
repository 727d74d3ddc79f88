"""Somebody who can send SQL as the application's role, inside one organization."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kith.audit.models import AuditEntry
from kith.kit import tenancy
from kith.kit.actors import Actor
from kith.tenants import actions
from tests.faults.worlds import build

pytestmark = pytest.mark.django_db


def send(*statements: str) -> None:
    """All or nothing, as the role of the application."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_the_audit_trail_cannot_be_forged_through_a_temporary_table(in_acme: Any, rival: Any) -> None:
    """The trail's function writes for whatever table it hangs on, so nobody else may hang it anywhere."""
    with pytest.raises(DatabaseError, match="permission denied"):
        send(
            "create temp table tenants_member (id text, tenant_id int)",
            "create trigger t after insert on pg_temp.tenants_member for each row"
            " execute function public.audit_row('', '')",
            f"insert into pg_temp.tenants_member values ('forged', {rival.id})",
        )
    with tenancy.use(rival.id):
        assert not AuditEntry.objects.filter(row_id="forged").exists()


def test_what_is_audited_stays_audited(in_acme: Any, alice: Actor, now: Any) -> None:
    """Firing a trigger needs no right to its function."""
    made = actions.create_api_key(name="till", scopes=["referrals.view"], actor=alice, now=now)
    assert AuditEntry.objects.filter(table_name="tenants_apikey", row_id=str(made.row.id)).exists()


def test_undeclared_steps_cannot_be_declared_in_a_temporary_table(db: None) -> None:
    """The steps of state machines come from the migrated table, whatever hides in front of it."""
    with tenancy.use(build().rival.id), pytest.raises(DatabaseError, match="not a declared step"):
        send(
            "create temp table kit_state_edge (machine text, from_state text, to_state text)",
            "insert into pg_temp.kit_state_edge select 'reward', status, 'settled' from rewards_reward",
            "update rewards_reward set status = 'settled'",
        )


def test_the_application_cannot_pretend_to_have_migrated() -> None:
    """The list of migrations belongs to the owner."""
    with pytest.raises(DatabaseError, match="permission denied"):
        send("delete from django_migrations")
