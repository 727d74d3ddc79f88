"""The tenant in force: what raises, what filters, what the database itself refuses."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.tenants.models import Member, TokenFamily

pytestmark = pytest.mark.django_db


def test_a_query_without_a_tenant_raises() -> None:
    with pytest.raises(tenancy.NoTenant):
        Member.objects.count()
    with pytest.raises(tenancy.NoTenant):
        tenancy.current_tenant_id()


def test_a_tenant_sees_its_own_rows_only(acme: Any, rival: Any, alice: Any, charlie: Any) -> None:
    with tenancy.use(acme.id):
        assert set(Member.objects.values_list("id", flat=True).order_by("id")) == {_id(alice)}
    with tenancy.across_tenants("this test compares both"):
        assert {_id(alice), _id(charlie)} <= set(Member.objects.values_list("id", flat=True))


def _id(actor: Any) -> Any:
    from uuid import UUID

    return UUID(actor.id)


def test_raw_sql_of_another_tenant_finds_nothing_and_changes_nothing(
    acme: Any, rival: Any, alice: Any, charlie: Any
) -> None:
    with tenancy.use(rival.id), connection.cursor() as cursor:
        cursor.execute("select count(*) from tenants_member where tenant_id = %s", [acme.id])
        assert cursor.fetchone() == (0,)
        cursor.execute("update tenants_member set role = 'viewer' where tenant_id = %s", [acme.id])
        assert cursor.rowcount == 0
        cursor.execute("delete from tenants_member where id = %s", [alice.id])
        assert cursor.rowcount == 0


def test_a_row_cannot_be_written_into_another_tenant(acme: Any, rival: Any, alice: Any, now: Any) -> None:
    with tenancy.use(rival.id):
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            TokenFamily.objects.create(tenant_id=acme.id, member_id=alice.id, created_at=now)
        with pytest.raises(DatabaseError, match="tenant_fk"), transaction.atomic():
            TokenFamily.objects.create(member_id=alice.id, created_at=now)


def test_scopes_nest_and_restore(acme: Any, rival: Any) -> None:
    def told() -> tuple[str, str]:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('app.tenant_id', true), current_user")
            return tuple(cursor.fetchone())  # type: ignore[return-value]

    with tenancy.use(acme.id, actor=SYSTEM, request_id="outer"):
        assert told() == (str(acme.id), "kith_app")
        with tenancy.across_tenants("looking around"):
            assert told() == ("", "kith_system")
            with tenancy.use(rival.id):
                assert told() == (str(rival.id), "kith_app")
                assert tenancy.current_request_id() == "outer"
            assert told() == ("", "kith_system")
        assert told() == (str(acme.id), "kith_app")
        with pytest.raises(ZeroDivisionError), tenancy.use(rival.id):
            _ = 1 / 0
        assert told() == (str(acme.id), "kith_app")


def test_crossing_tenants_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="why"), tenancy.across_tenants(""):
        pass
