"""Each committed change has one row with its actor; personal data is never in it."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kith.audit.models import AuditEntry
from kith.tenants import actions
from kith.tenants.models import Invitation, Member, SettingValue, Tenant

pytestmark = pytest.mark.django_db


def test_a_change_leaves_one_row_with_actor_and_request(in_acme: Any, alice: Any, now: Any) -> None:
    actions.set_setting(key="rewards.hold_days", value=7, actor=alice, now=now)
    row = SettingValue.objects.get()
    entry = AuditEntry.objects.get(table_name="tenants_settingvalue", row_id=str(row.id))
    assert (entry.op, entry.actor, entry.request_id) == ("I", alice.ref, "test-request")
    assert entry.diff["value"] == 7


def test_bulk_changes_are_seen_and_show_only_what_changed(in_acme: Any, alice: Any) -> None:
    Member.objects.filter(pk=alice.id).update(role="admin")
    entry = AuditEntry.objects.get(table_name="tenants_member", row_id=alice.id, op="U")
    assert entry.diff == {"role": ["owner", "admin"]}
    Member.objects.filter(pk=alice.id).update(role="admin")
    assert AuditEntry.objects.filter(table_name="tenants_member", row_id=alice.id, op="U").count() == 1


def test_personal_data_is_a_digest_and_secrets_are_hidden(in_acme: Any, alice: Any, now: Any) -> None:
    actions.invite(email="new@example.com", role="viewer", actor=alice, now=now)
    row = Invitation.objects.get()
    entry = AuditEntry.objects.get(table_name="tenants_invitation")
    assert entry.diff["email"].startswith("digest:")
    assert entry.diff["token_hash"].startswith("secret:")
    assert bytes(row.token_hash).hex() not in str(entry.diff)
    assert "new@example.com" not in str(entry.diff)


def test_the_organization_itself_is_audited(in_acme: Any, alice: Any) -> None:
    actions.update_tenant(tenant=in_acme, changes={"name": "Acme Travel"}, actor=alice)
    entry = AuditEntry.objects.get(table_name="tenants_tenant", op="U")
    assert entry.diff == {"name": ["Acme", "Acme Travel"]}


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_auditentry set actor = 'nobody'",
        "delete from audit_auditentry",
        "insert into audit_auditentry (actor, request_id, table_name, row_id, op, diff)"
        " values ('a', '', 't', '1', 'I', '{}')",
        "truncate audit_auditentry",
    ],
)
def test_the_trail_cannot_be_written_by_hand(in_acme: Any, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_other_organizations_do_not_see_it(acme: Any, rival: Any, alice: Any) -> None:
    from kith.kit import tenancy

    with tenancy.use(rival.id):
        assert not AuditEntry.objects.filter(table_name="tenants_member", row_id=alice.id).exists()
    assert Tenant.objects.filter(pk=acme.id).exists()
