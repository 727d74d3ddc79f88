"""Every committed change of an audited table has exactly one row in the trail, with its actor (F3).

Pass criterion: in 20 random histories of single, bulk, raw, empty and rolled-back writes by changing actors, the
trail is the list of what was committed, row by row; and every audited table has the trigger that writes it.
"""

import itertools
from typing import Any

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import make_tenant
from kith.audit.models import AuditEntry
from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.participants.models import Participant
from kith.programs.models import Sponsor
from kith.referrals.tests.factories import make_participant

ACTORS = [Actor(kind="member", id=name, label=name) for name in ("anna", "bram")]
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["insert", "bulk_insert", "update", "bulk_update", "raw", "nothing", "delete", "person"]),
        st.sampled_from(ACTORS),
        st.sampled_from(["commit", "roll back", "roll back half"]),
    ),
    min_size=1, max_size=15,
)  # fmt: skip
_numbers = itertools.count(1)


class Refused(Exception):
    """Ends a block without its changes."""


def write(kind: str) -> list[tuple[str, str, str]]:
    """Do it and answer (table, row, operation) of each row that changed."""
    new = [Sponsor(code=f"s{next(_numbers)}", name="Sponsor", created_at=clock.now()) for _ in range(3)]
    ids = [str(pk) for pk in Sponsor.objects.order_by("id").values_list("id", flat=True)]
    table = Sponsor._meta.db_table
    match kind:
        case "insert":
            new[0].save(force_insert=True)
            return [(table, str(new[0].id), "I")]
        case "bulk_insert":
            Sponsor.objects.bulk_create(new)
            return [(table, str(row.id), "I") for row in new]
        case "update":
            for row in Sponsor.objects.filter(id__in=ids[:1]):
                row.name += "x"
                row.save()
            return [(table, row_id, "U") for row_id in ids[:1]]
        case "bulk_update":
            Sponsor.objects.update(name=f"name {next(_numbers)}")
            return [(table, row_id, "U") for row_id in ids]
        case "raw":
            with connection.cursor() as cursor:
                cursor.execute(
                    f"update {table} set name = name || 'y' where id = any(%s::uuid[])", [ids[-2:]]
                )
            return [(table, row_id, "U") for row_id in ids[-2:]]
        case "delete":
            Sponsor.objects.filter(id__in=ids[:2]).delete()
            return [(table, row_id, "D") for row_id in ids[:2]]
        case "person":
            person = make_participant()
            return [(Participant._meta.db_table, str(person.pk), "I")]
        case _:
            Sponsor.objects.update(code=_same())
            return []


def _same() -> Any:
    from django.db.models import F

    return F("code")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES)
def test_the_trail_is_what_was_committed(transactional_db: None, writes: list[Any]) -> None:
    tenant = make_tenant("trailed")
    wanted: list[tuple[str, str, str, str]] = []
    for kind, actor, ending in writes:
        changed: list[tuple[str, str, str]] = []
        try:
            with tenancy.use(tenant.pk, actor=actor):
                changed = write(kind)
                if ending == "roll back half":
                    _write_and_take_back(kind)
                if ending == "roll back":
                    raise Refused
        except Refused:
            changed = []
        wanted += [(*change, actor.ref) for change in changed]
    tables = {Sponsor._meta.db_table, Participant._meta.db_table}
    with tenancy.use(tenant.pk):
        rows = AuditEntry.objects.filter(table_name__in=tables).order_by("id")
        found = list(rows.values_list("table_name", "row_id", "op", "actor"))
    assert sorted(found) == sorted(wanted)


def _write_and_take_back(kind: str) -> None:
    try:
        with transaction.atomic():
            write(kind)
            raise Refused
    except Refused:
        pass


@pytest.mark.django_db(databases=["default", "owner"])
def test_no_audited_table_lacks_a_trigger_for_any_of_the_three_operations() -> None:
    from tests.guards.test_fences import owned_models

    audited = {model._meta.db_table for model in owned_models() if model.Fence.audit}
    with connections["owner"].cursor() as cursor:
        # Bits of tgtype: 4 insert, 8 delete, 16 update; 1 row; not 2, which is before.
        cursor.execute(
            "select tgrelid::regclass::text from pg_trigger join pg_proc on pg_proc.oid = tgfoid"
            " where proname = 'audit_row' and tgtype & 29 = 29 and tgtype & 2 = 0 and tgenabled = 'O'"
        )
        assert audited <= {table for (table,) in cursor.fetchall()}
    assert len(audited) > 20
