"""`kith doctor` names each fault it claims to find.

Pass criterion: each check passes on a sound installation and fails, with a remedy, on each of 14 planted faults.
"""

import dataclasses
import datetime
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kith.env
from kith.commands import _checks
from kith.kit import clock
from tests import postgres
from tests.faults.proof import all_powers, own_database

__all__ = ["own_database"]


@pytest.fixture
def env(own_database: postgres.TestDatabase, monkeypatch: Any, tmp_path: Path) -> Callable[..., None]:
    """The installation of an own database and an empty data directory; called to change its variables."""

    def change(**values: Any) -> None:
        monkeypatch.setattr(kith.env, "env", dataclasses.replace(kith.env.env, **values))

    change(
        database_url=own_database.owner_url, app_database_url=own_database.app_url, data_dir=tmp_path,
        redis_url="", email_url="",
    )  # fmt: skip
    return change


@pytest.fixture
def nobody_listens() -> Iterator[int]:
    """A port that is taken and never answered."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


# In the database: check, what is done, a word of what is said. All is taken back afterwards.
PLANTED = {
    "a trigger is off": (
        _checks.protections, "alter table audit_auditentry disable trigger append_only",
        "alter table audit_auditentry enable trigger append_only", "append_only on audit_auditentry is off"),
    "a trigger is gone": (
        _checks.protections, "alter table ledger_journal rename to kept; create table ledger_journal (id int)",
        "drop table ledger_journal; alter table kept rename to ledger_journal", "ledger_journal may be changed"),
    "row security is not forced": (
        _checks.fences, "alter table rewards_reward no force row level security",
        "alter table rewards_reward force row level security", "rewards_reward"),
    "an event was given up": (
        _checks.failed_events,
        "insert into kit_eventfailure (tenant_id, consumer, position, error, attempts, due_at)"
        " values (1, 'rewards', 77, 'KeyError()', 8, now())",
        "delete from kit_eventfailure", "first 77 for rewards: KeyError()"),
    "a job runs for hours": (
        _checks.stale_jobs,
        "insert into kit_job (id, tenant_id, kind, state, done, counts, params, error_code, error_message, input_file,"
        " error_file, result_file, created_by, created_at) values (gen_random_uuid(), 1,"
        " 'participants.import', 'running', 0, '{}', '{}', '', '', '', '', '', '', now() - interval '3 hours')",
        "delete from kit_job", "participants.import"),
    "the trail is not sealed": (
        _checks.sealing,
        "insert into audit_auditentry (at, actor, request_id, table_name, row_id, op, diff)"
        " values (now() - interval '2 hours', 'x', '', 't', '1', 'I', '{}')",
        "delete from audit_auditentry where actor = 'x'", "7"),
    "no partition for next month": (
        _checks.partitions, "alter table referrals_click_{next} rename to referrals_click_kept",
        "alter table referrals_click_kept rename to referrals_click_{next}", "missing: {next}"),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_in_the_database_is_named(env: Any, own_database: postgres.TestDatabase, fault: str) -> None:
    check, plant, mend, said = PLANTED[fault]
    following = f"{(clock.now().replace(day=1) + datetime.timedelta(days=32)):%Y%m}"
    plant, mend, said = (text.replace("{next}", following) for text in (plant, mend, said))
    assert check().ok, check().detail
    _do(own_database, plant)
    try:
        finding = check()
    finally:
        _do(own_database, mend)
    assert (finding.ok, bool(finding.remedy)) == (False, True)
    assert said in finding.detail
    assert check().ok


def _do(database: postgres.TestDatabase, statements: str) -> None:
    with all_powers(database) as db:
        db.execute(statements)


def test_a_clock_that_is_off_is_named(env: Any) -> None:
    assert _checks.clocks().ok
    for seconds in (-5, 5):
        with clock.frozen(clock.now() + datetime.timedelta(seconds=seconds)):
            assert not _checks.clocks().ok


def test_a_full_disk_is_named(env: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(_checks, "LEAST_FREE_BYTES", 0)
    monkeypatch.setattr(_checks, "LEAST_FREE_PERCENT", 0)
    assert _checks.disk().ok
    monkeypatch.setattr(_checks, "LEAST_FREE_PERCENT", 101)
    assert not _checks.disk().ok
    monkeypatch.setattr(_checks, "LEAST_FREE_PERCENT", 0)
    monkeypatch.setattr(_checks, "LEAST_FREE_BYTES", 10**18)
    assert "GB free" in _checks.disk().detail
    assert not _checks.disk().ok


def test_an_old_or_missing_backup_is_named(env: Any, tmp_path: Path) -> None:
    assert _checks.backups().ok
    folder = tmp_path / "backups"
    folder.mkdir()
    assert "is empty" in _checks.backups().detail
    made = folder / "kith-20260101T000000Z.backup"
    made.touch()
    assert _checks.backups().ok
    old = clock.now().timestamp() - 3 * 86_400
    os.utime(made, (old, old))
    assert (_checks.backups().ok, _checks.backups().detail) == (False, "the newest is 3.0 days old")


@pytest.mark.parametrize("name", ["secrets.json", "postgres.password"])
def test_a_secret_others_can_read_is_named(env: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch(mode=0o600)
    assert _checks.secrets_file().ok
    path.chmod(0o640)
    assert str(path) in _checks.secrets_file().remedy
    assert not _checks.secrets_file().ok


def test_a_mail_server_and_a_redis_that_do_not_answer_are_named(
    env: Any, nobody_listens: int, settings: Any
) -> None:
    assert _checks.mailbox().ok
    assert _checks.redis_server().ok
    env(email_url=f"smtp://127.0.0.1:{nobody_listens}", redis_url=f"redis://127.0.0.1:{nobody_listens}/0")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", nobody_listens
    for finding in (_checks.mailbox(), _checks.redis_server()):
        assert not finding.ok
        assert "KITH_" in finding.remedy
