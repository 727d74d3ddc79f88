"""The sealed chain: every kind of fault is named with its place, and sound histories raise no alarm.

Pass criterion: of 12 ways to falsify 30 rows in 3 blocks, each is named with block and row where there is
one, with exit code 1; of 6 sound but unusual histories none is.
"""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connection, connections

import kith.env
from conftest import make_member, make_tenant
from kith.audit import actions, queries, rules
from kith.audit.models import AuditEntry, Block
from kith.commands.audit import command
from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.ledger.tests.factories import open_books
from kith.tenants import actions as tenants
from tests import postgres
from tests.faults.proof import all_powers, own_database
from tests.machine import until

__all__ = ["own_database"]
BLOCK = 10


@pytest.fixture
def chain(own_database: postgres.TestDatabase, monkeypatch: Any, tmp_path: Any) -> Iterator[Any]:
    """An organization with 30 sealed rows in 3 blocks of 10, in an otherwise empty trail."""
    monkeypatch.setattr(rules, "BLOCK_ROWS", BLOCK)
    monkeypatch.setattr(kith.env, "env", dataclasses.replace(kith.env.env, data_dir=tmp_path))
    with all_powers(own_database) as db:
        db.execute("truncate audit_block, audit_auditentry, ledger_transfer, ledger_journal, ledger_account")
    tenant = make_tenant("chained")
    change(tenant, 30 - entries())
    until(all_visible, 60, "a transaction of another test is over")
    seal()
    assert (Block.objects.count(), entries()) == (3, 30)
    assert findings() == []
    yield tenant
    connections.close_all()


def change(tenant: Any, times: int) -> None:
    """So many audited changes, each in a transaction of its own."""
    for number in range(times):
        with tenancy.use(tenant.pk):
            tenants.update_tenant(
                tenant=tenant, changes={"name": f"Name {number} {clock.now()}"}, actor=SYSTEM
            )


def entries() -> int:
    with tenancy.across_tenants("the whole trail"):
        return AuditEntry.objects.count()


def all_visible() -> bool:
    """True when no transaction of the server, of whichever database, is as old as the newest row."""
    with tenancy.across_tenants("the whole trail"), connection.cursor() as cursor:
        cursor.execute("select bool_and(txid < event_horizon()) from audit_auditentry")
        return bool(cursor.fetchone()[0])


def seal() -> int:
    total = 0
    while sealed := actions.seal(now=clock.now()):
        total += sealed
    return total


def findings(**more: Any) -> list[tuple[str, int | None, int | None]]:
    with tenancy.across_tenants("the whole trail"):
        report = queries.verify(now=more.pop("now", clock.now()), **more)
    assert all(found.sentence for found in report.findings)
    return [(found.fault, found.block, found.row_id) for found in report.findings]


def ids() -> list[int]:
    with tenancy.across_tenants("the whole trail"):
        return list(AuditEntry.objects.order_by("txid", "id").values_list("id", flat=True))


COPY = (
    "insert into audit_auditentry (id, at, tenant_id, actor, request_id, table_name, row_id, op, diff, txid)"
    " select {new}, at, tenant_id, actor, request_id, table_name, row_id, op, diff, {txid}"
    " from audit_auditentry where id = {row}"
)
# What is done to the 15th row, which is in block 2, or to the blocks; and what must be found where.
ROWS: dict[str, tuple[str, str]] = {
    "a byte of a change": ("update audit_auditentry set diff = '{{\"name\": [1, 2]}}' where id = {row}", "row_changed"),
    "who did it": ("update audit_auditentry set actor = 'nobody' where id = {row}", "row_changed"),
    "when": ("update audit_auditentry set at = at + interval '1 microsecond' where id = {row}", "row_changed"),
    "whose it is": ("update audit_auditentry set tenant_id = null where id = {row}", "row_changed"),
    "a row is deleted": ("delete from audit_auditentry where id = {row}", "row_deleted"),
    "a row is moved to now": (
        "update audit_auditentry set txid = pg_current_xact_id() where id = {row}", "row_changed"),
}  # fmt: skip


@pytest.mark.parametrize("fault", ROWS)
def test_a_falsified_row_is_named_with_its_block(chain: Any, own_database: Any, fault: str) -> None:
    statement, expected = ROWS[fault]
    row = ids()[14]
    with all_powers(own_database) as db:
        assert db.execute(statement.format(row=row)).rowcount == 1
    assert (expected, 2, row) in findings()
    assert {block for _, block, _ in findings()} <= {2, None}
    done = CliRunner().invoke(command, ["verify"])
    assert (done.exit_code, f"(block 2, audit_auditentry {row})" in done.output) == (1, True)


def test_a_row_put_among_sealed_ones_is_named(chain: Any, own_database: Any) -> None:
    row = ids()[14]
    with all_powers(own_database) as db:
        db.execute(COPY.format(new=999_999, txid="txid", row=row))
    assert findings() == [("row_inserted", 2, 999_999)]


@pytest.mark.parametrize("sealed", [False, True])
def test_a_new_row_with_an_old_id_is_named_sealed_or_not(chain: Any, own_database: Any, sealed: bool) -> None:
    with all_powers(own_database) as db:
        db.execute(COPY.format(new=-5, txid="pg_current_xact_id()", row=ids()[14]))
    if sealed:
        assert seal() == 1
    assert findings() == [("row_backdated", 4 if sealed else None, -5)]


BLOCKS: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "a block is deleted": ("delete from audit_block where number = 2", [("block_missing", 2), ("row_inserted", 3)]),
    "two blocks change places": (
        "update audit_block set number = case number when 1 then -2 else -1 end where number < 3;"
        " update audit_block set number = -number where number < 0",
        [("block_changed", 1), ("block_changed", 2)]),
    "a leaf is exchanged": (
        "update audit_block set leaves = set_byte(leaves, 20, (get_byte(leaves, 20) + 1) % 256) where number = 2",
        [("block_changed", 2), ("row_changed", 2)]),
    "the end of a block is moved": (
        "update audit_block set upto_id = upto_id + 1 where number = 2", [("block_changed", 2)]),
    "a block becomes one of nothing": (
        "update audit_block set source = 'nothing' where number = 2", [("block_changed", 2)]),
}  # fmt: skip


@pytest.mark.parametrize("fault", BLOCKS)
def test_a_falsified_block_is_named(chain: Any, own_database: Any, fault: str) -> None:
    statement, expected = BLOCKS[fault]
    with all_powers(own_database) as db:
        db.execute(statement)
    found = {(fault, block) for fault, block, _ in findings()}
    assert set(expected) <= found


def test_a_shortened_or_rebuilt_chain_no_longer_has_the_head_that_was_exported(
    chain: Any, own_database: Any
) -> None:
    path = actions.export_head(now=clock.now())
    assert path is not None
    actions.export_head(now=clock.now())
    (line,) = path.read_text().splitlines()
    exported = line.split()[2]
    assert CliRunner().invoke(command, ["verify", "--head", exported]).exit_code == 0
    row = ids()[14]
    with all_powers(own_database) as db:
        db.execute("delete from audit_block where number = 3")
    assert ("head_missing", 3, None) in findings()
    # Whoever may do everything falsifies a row and seals all of it again: every hash fits, but not this one.
    with all_powers(own_database) as db:
        db.execute("delete from audit_block")
        db.execute("update audit_auditentry set actor = 'nobody' where id = %s", [row])
    assert seal() == 30
    assert findings() == [("head_missing", 3, None)]
    path.unlink()
    assert findings() == []
    assert findings(heads=[exported]) == [("head_missing", None, None)]
    told = CliRunner().invoke(command, ["verify", "--head", exported])
    assert (told.exit_code, exported in told.output) == (1, True)


def test_rows_that_wait_too_long_are_told(chain: Any) -> None:
    change(chain, 1)
    assert findings() == []
    assert findings(now=clock.now() + datetime.timedelta(hours=2)) == [("unsealed", None, None)]
    seal()
    assert findings(now=clock.now() + datetime.timedelta(hours=2)) == []


def test_a_journal_is_sealed_with_its_transfers(chain: Any, own_database: Any) -> None:
    with tenancy.use(chain.pk):
        books = open_books(funded=1_000)
        posting = books.accrue(300)
    seal()
    assert findings() == []
    with all_powers(own_database) as db:
        db.execute(
            "update ledger_transfer set amount = amount + 1 where journal_id = %s", [posting.journal_id]
        )
    ((fault, block, row),) = findings()
    assert (fault, row) == ("row_changed", posting.journal_id)
    assert Block.objects.get(number=block).source == "ledger"


def test_an_organization_is_verified_without_the_rows_of_others(chain: Any, own_database: Any) -> None:
    other = make_tenant("other")
    change(other, 3)
    seal()
    with all_powers(own_database) as db:
        db.execute("update audit_auditentry set actor = 'nobody' where tenant_id = %s", [other.pk])
    assert CliRunner().invoke(command, ["verify", "--tenant", chain.slug]).exit_code == 0
    told = CliRunner().invoke(command, ["verify", "--tenant", other.slug])
    assert (told.exit_code, told.output.count(f"{other.slug}: a row is not as it was sealed")) == (1, 4)
    assert CliRunner().invoke(command, ["verify", "--tenant", "nobody"]).exit_code == 1


# --- no false alarm -----------------------------------------------------------------------------------


def test_a_transaction_that_commits_late_is_sealed_in_its_place(chain: Any, own_database: Any) -> None:
    with _late(own_database) as late:
        change(chain, 5)
        assert seal() == 0, "rows behind an open transaction wait"
        late.commit()
    assert seal() == 6
    assert findings() == []


def test_an_older_transaction_may_get_its_id_before_or_after_younger_ones(
    chain: Any, own_database: Any
) -> None:
    with _late(own_database) as late:
        change(chain, 3)
        _change(late)
        late.commit()
    assert seal() == 5
    assert findings() == []


def test_what_was_rolled_back_leaves_no_gap_anyone_minds(chain: Any, own_database: Any) -> None:
    with _late(own_database) as late:
        late.rollback()
    change(chain, 2)
    assert seal() == 2
    assert findings() == []


def _late(database: postgres.TestDatabase) -> psycopg.Connection:
    """An open transaction that has written into the trail; it touches no row that others wait for."""
    connection = psycopg.connect(database.app_url, options="-c lock_timeout=5s")
    tenant = make_tenant("late")
    seal()
    connection.execute("select set_config('app.tenant_id', %s, false)", [str(tenant.pk)])
    connection.commit()
    _change(connection)
    return connection


def _change(connection: psycopg.Connection) -> None:
    connection.execute(
        "update tenants_tenant set name = name || 'x' where id = current_setting('app.tenant_id')::int"
    )


def test_removing_a_person_does_not_break_the_chain(chain: Any) -> None:
    from kith.participants.models import Participant
    from kith.referrals.tests.factories import make_scene

    with tenancy.use(chain.pk, actor=make_member(chain, "zoe", "owner")):
        dana = make_scene().dana
    seal()
    with tenancy.use(chain.pk):
        Participant.objects.filter(pk=dana.pk).update(name="erased", email="", status="erased")
    assert seal() > 0
    assert findings() == []
    with tenancy.use(chain.pk):
        assert dana.name not in str(list(AuditEntry.objects.values_list("diff", flat=True)))


def test_a_database_moved_to_a_server_with_smaller_transaction_numbers_is_sealed_on(
    chain: Any, own_database: Any
) -> None:
    change(chain, 4)
    with all_powers(own_database) as db:
        # As after a restore: the numbers of the former server are ahead of this one's.
        db.execute("delete from audit_block")
        db.execute("update audit_auditentry set txid = (txid::text::bigint + 1000000000000)::text::xid8")
    _seal_as_on_the_former_server(own_database)
    assert findings() == []
    change(chain, 12)
    assert seal() == 4, "first what the former server left"
    assert seal() == 12
    assert findings() == []
    with all_powers(own_database) as db:
        db.execute("update audit_auditentry set actor = 'nobody' where id = %s", [max(ids())])
    assert [fault for fault, _, _ in findings()] == ["row_changed"]


def _seal_as_on_the_former_server(database: postgres.TestDatabase) -> None:
    """Three blocks whose transactions are all ahead of this server's."""
    with tenancy.across_tenants("the whole trail"):
        rows = queries.rows("audit", "true", [], limit=30)
    chain = actions._Chain(0, rules.START, clock.now())
    for start in range(0, 30, BLOCK):
        part = rows[start : start + BLOCK]
        highest = max(row.leaf.id for row in rows[: start + BLOCK])
        place = queries.Place(
            part[-1].txid, part[-1].leaf.id, queries.Place().floor_id, highest, part[-1].txid + 1
        )
        chain.add("audit", place, rules.pack(row.leaf for row in part))
    Block.objects.bulk_create(chain.blocks)


def test_two_sealers_at_once_seal_once(chain: Any, own_database: Any) -> None:
    change(chain, 5)
    with psycopg.connect(own_database.app_url) as other:
        other.execute("select pg_advisory_xact_lock(%s)", [actions._SEALING])
        assert actions.seal(now=clock.now()) == 0
    assert actions.seal(now=clock.now()) == 5
    assert findings() == []


@pytest.mark.parametrize(
    "statement", ["update audit_block set number = 7", "delete from audit_block", "truncate audit_block"]
)
def test_the_application_cannot_change_a_block(chain: Any, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"), tenancy.across_tenants("trying"):
        with connections["default"].cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(Exception, match="append-only"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)


def test_the_head_is_printed_and_a_bad_one_refused(chain: Any) -> None:
    head = CliRunner().invoke(command, ["head"])
    last = Block.objects.get(number=3)
    assert head.output.split()[1:] == ["3", bytes(last.hash).hex()]
    refused = CliRunner().invoke(command, ["verify", "--head", "abc"])
    assert (refused.exit_code, "--head abc is not a hash" in refused.output) == (1, True)
