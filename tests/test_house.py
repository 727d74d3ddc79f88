"""The house itself: the embedded database, roles, supervision, and what `kith` says when it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from kith.kit import processes, provision
from kith.kit.embedded import Cluster
from kith.kit.starting import CannotStart, Exit
from tests import machine, postgres
from tests.machine import free_port, open_to_server, until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("house")
    open_to_server(folder)
    made = Cluster(folder / "var", durable=False)
    made.ensure()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def database() -> Iterator[postgres.TestDatabase]:
    made = postgres.acquire()
    yield made
    postgres.release(made)


def kith(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in an environment without any other setting of Kith."""
    return machine.kith(*arguments, environment=machine.environment(**environ), seconds=60)


# ---- the embedded server


def test_every_connection_needs_the_password(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("select current_user").fetchone() == ("postgres",)
    for url in (
        cluster.url(password="guess"),
        f"host={cluster.data} port={cluster.port} user=postgres password=guess",
    ):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)


def test_it_listens_on_this_machine_only_and_keeps_checksums(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url()) as connection:
        shown = [
            connection.execute(f"show {name}").fetchone() for name in ("listen_addresses", "data_checksums")
        ]
    assert shown == [("127.0.0.1",), ("on",)]


def test_letters_beyond_ascii_count_as_letters(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("create extension if not exists pg_trgm")
        row = connection.execute("select lower('ÉÀ'), cardinality(show_trgm('née'))").fetchone()
    assert row == ("éà", 4)


def test_its_password_is_readable_by_nobody_else(cluster: Cluster) -> None:
    assert (cluster.data_dir / "postgres.password").stat().st_mode & 0o777 == 0o600


def test_a_killed_server_is_started_again_with_what_was_committed(cluster: Cluster) -> None:
    cluster.stop()
    durable = Cluster(cluster.data_dir)
    durable.ensure()
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("create table kept as select 1 as one")
    pid = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not durable.running(), 10, "the server has ended")
    durable.ensure()
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("select one from kept").fetchone() == (1,)


def test_a_pid_file_that_names_another_process_is_no_obstacle(cluster: Cluster) -> None:
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n1\n5432\n")
    assert not cluster.running()
    cluster.ensure()
    assert cluster.running()


def test_another_port_is_taken_when_the_remembered_one_is_in_use(cluster: Cluster) -> None:
    cluster.stop()
    remembered = cluster.port
    with socket.create_server(("127.0.0.1", remembered)):
        cluster.ensure()
        assert cluster.port != remembered
    psycopg.connect(cluster.url()).close()


def test_a_half_made_database_is_made_anew(cluster: Cluster) -> None:
    half = Cluster(cluster.data_dir.parent / "half", durable=False)
    (half.data_dir / "postgres.new" / "data" / "base").mkdir(parents=True)
    half.ensure()
    try:
        psycopg.connect(half.url()).close()
        assert not (half.data_dir / "postgres.new").exists()
    finally:
        half.stop()


def test_a_database_whose_secrets_are_gone_is_never_overwritten(cluster: Cluster) -> None:
    password = (cluster.data_dir / "postgres.password").rename(cluster.data_dir / "hidden")
    try:
        with pytest.raises(CannotStart, match="whose secrets are gone"):
            Cluster(cluster.data_dir).ensure()
        assert (cluster.data / "PG_VERSION").exists()
    finally:
        password.rename(cluster.data_dir / "postgres.password")


def test_files_of_another_major_version_are_refused_in_one_sentence(cluster: Cluster) -> None:
    cluster.stop()
    version = cluster.data / "PG_VERSION"
    own = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(
            CannotStart, match="made by PostgreSQL 14 but this Kith brings PostgreSQL 18; dump it"
        ):
            cluster.ensure()
        assert not cluster.running()
    finally:
        version.write_text(own)
        cluster.ensure()


# ---- roles


def test_the_application_role_has_no_power_of_its_own(database: postgres.TestDatabase) -> None:
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
            " pg_has_role(oid, 'kith_system', 'usage'), pg_has_role(oid, 'kith_system', 'member')"
            " from pg_roles where rolname = 'kith_app'"
        ).fetchone()
    assert row == (False, False, False, False, False, True)
    with psycopg.connect(database.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("create table public.mine ()")


def test_provisioning_twice_changes_nothing(database: postgres.TestDatabase) -> None:
    provision.provision(database.owner_url, provision.APP_ROLE, None)
    psycopg.connect(database.app_url).close()


def test_a_powerful_application_role_is_refused(cluster: Cluster) -> None:
    provision.create_owner(cluster.url(), "powers", "owner-password")
    owner_url = cluster.url(provision.OWNER_ROLE, "powers", "owner-password")
    provision.provision(owner_url, provision.APP_ROLE, "app-password")
    with psycopg.connect(cluster.url(), autocommit=True) as admin:
        admin.execute("alter role kith_app bypassrls")
        with pytest.raises(CannotStart, match="NOBYPASSRLS"):
            provision.provision(owner_url, provision.APP_ROLE, None)
        admin.execute("alter role kith_app nobypassrls")
    provision.provision(owner_url, provision.APP_ROLE, None)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(CannotStart) as refusal:
        provision.connect("postgresql://kith:very-secret@127.0.0.1:9/kith")
    assert "127.0.0.1:9/kith" in str(refusal.value)
    assert "very-secret" not in str(refusal.value)


def test_an_address_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(CannotStart) as refused:
        provision.connect("mysql://kith:very-secret@127.0.0.1/kith")
    assert "very-secret" not in str(refused.value)


# ---- processes


def test_the_data_directory_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    processes.own_data_dir(folder)
    assert folder.stat().st_mode & 0o066 == 0


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="set KITH_DATA_DIR"):
        processes.own_data_dir(tmp_path / "file" / "var")


def test_a_data_directory_has_one_holder(tmp_path: Path) -> None:
    with processes.sole_holder(tmp_path):
        with pytest.raises(CannotStart, match=f"process {os.getpid()}"), processes.sole_holder(tmp_path):
            pass
    with processes.sole_holder(tmp_path):
        pass


def test_a_child_that_dies_is_started_again_and_all_end_on_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_DELAY", 0.1)
    said: list[str] = []
    child = processes.Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
    supervisor = processes.Supervisor([child], os.environ, said.append)
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        supervisor.start()
        assert child.process is not None
        first = child.process.pid
        os.kill(first, signal.SIGKILL)
        _watch_until(supervisor, lambda: child.process is not None and child.process.pid != first)
        assert supervisor.running()
        assert said == ["The sleeper process ended (SIGKILL); it starts again in 0.1 s."]
    finally:
        supervisor.stop()
        for signum, handler in before.items():
            signal.signal(signum, handler)
    assert not supervisor.running()


def _watch_until(supervisor: processes.Supervisor, condition) -> None:  # type: ignore[no-untyped-def]
    def end_when_true() -> None:
        with suppress(AssertionError):  # the caller asserts what it waited for
            until(condition, 10, "it is so")
        supervisor.stopping.set()

    watcher = threading.Thread(target=end_when_true)
    watcher.start()
    supervisor.watch()
    watcher.join()


# ---- the command line


def refusal(done: subprocess.CompletedProcess[str], code: Exit = Exit.FAILED) -> str:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_run_refuses_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal(kith("run", KITH_DATA_DIR=str(tmp_path / "var"), KITH_PORT=port), Exit.BUSY)
    assert f"Port {port} on 127.0.0.1 is taken" in said
    assert not (tmp_path / "var" / "postgres").exists()


def test_run_refuses_a_data_directory_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    said = refusal(kith("run", KITH_DATA_DIR=str(tmp_path / "var"), KITH_PORT=str(free_port())), Exit.NO_ROOM)
    assert "cannot be written" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KITH_PORT", "abc"),
        ("KITH_PORT", "99999"),
        ("KITH_DATABASE_URL", "mysql://kith:very-secret@127.0.0.1/kith"),
        ("KITH_MASTER_KEY", "very-secret"),
        ("KITH_LOG_LEVEL", "loud"),
        ("KITH_WEB_WORKERS", "-1"),
        ("KITH_PROT", "8000"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_without_its_secret(
    name: str, value: str, tmp_path: Path
) -> None:
    said = refusal(kith("run", KITH_DATA_DIR=str(tmp_path / "var"), **{name: value}), Exit.CONFIGURATION)
    assert said.startswith(name)
    assert "very-secret" not in said


def test_commands_name_a_database_that_does_not_answer(tmp_path: Path) -> None:
    for arguments in (["ledger", "check"], ["worker"], ["scheduler"], ["web"]):
        said = refusal(
            kith(
                *arguments,
                KITH_DATA_DIR=str(tmp_path),
                KITH_DATABASE_URL="postgresql://kith@127.0.0.1:9/kith",
            ),
            Exit.UNAVAILABLE,
        )
        assert "127.0.0.1:9/kith cannot be reached" in said


def test_commands_know_where_it_was_served_last(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("http://127.0.0.1:8123\n")
    (tmp_path / "credentials.json").write_text(json.dumps([{"tenant": "x"}]))
    for environ, url in (({}, "http://127.0.0.1:8123/t/x/"), ({"KITH_PORT": "9"}, "http://127.0.0.1:9/t/x/")):
        done = kith("credentials", KITH_DATA_DIR=str(tmp_path), **environ)
        assert [row["url"] for row in json.loads(done.stdout)] == [url], done.stderr


def test_run_refuses_the_owner_as_application_role(database: postgres.TestDatabase, tmp_path: Path) -> None:
    environ = {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.owner_url}
    said = refusal(
        kith("run", KITH_DATA_DIR=str(tmp_path / "var"), KITH_PORT=str(free_port()), **environ),
        Exit.CONFIGURATION,
    )
    assert "must name another role" in said


def test_a_second_run_on_the_same_data_is_refused(tmp_path: Path) -> None:
    folder = processes.own_data_dir(tmp_path / "var")
    with processes.sole_holder(folder):
        said = refusal(kith("run", KITH_DATA_DIR=str(folder), KITH_PORT=str(free_port())), Exit.BUSY)
    assert "Kith already runs on" in said


def test_commands_that_need_the_database_say_how_to_start_it(tmp_path: Path) -> None:
    for name in ("web", "worker", "scheduler"):
        assert "start Kith with `kith run`" in refusal(
            kith(name, KITH_DATA_DIR=str(tmp_path / "var")), Exit.UNAVAILABLE
        )


def test_credentials_exist_only_on_a_demo_installation(tmp_path: Path) -> None:
    assert "no demo sign-ins" in refusal(kith("credentials", KITH_DATA_DIR=str(tmp_path)))
    rows = [dict.fromkeys(("tenant", "role", "username", "email", "password", "url"), "x")]
    (tmp_path / "credentials.json").write_text(json.dumps(rows))
    done = kith("credentials", KITH_DATA_DIR=str(tmp_path))
    assert done.returncode == 0
    assert json.loads(done.stdout) == [{**rows[0], "url": "http://127.0.0.1:8000/t/x/"}]


def test_doctor_names_what_is_wrong_and_how_to_mend_it(
    database: postgres.TestDatabase, tmp_path: Path
) -> None:
    folder = processes.own_data_dir(tmp_path / "var")
    found = _doctor(folder, database)
    for name in ("python", "data directory", "secrets", "database", "application role", "migrations"):
        assert found[name]["ok"], found[name]
    assert not found["worker"]["ok"]
    assert "kith worker" in found["worker"]["remedy"]

    folder.chmod(0o755)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("create table astray (id int, tenant_id int not null)")
        owner.execute("delete from django_migrations where app = 'sessions'")
    found = _doctor(folder, database, KITH_SECRET_KEY="short")
    wrong = ("data directory", "secrets", "migrations", "row-level security")
    assert [name for name in wrong if found[name]["ok"]] == []
    assert "astray" in found["row-level security"]["detail"]
    assert found["data directory"]["remedy"] == f"Run: chmod go-rw {folder}"


def _doctor(folder: Path, database: postgres.TestDatabase, **environ: str) -> Mapping[str, dict[str, str]]:
    addresses = {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.app_url}
    done = kith("doctor", "--json", KITH_DATA_DIR=str(folder), **addresses, **environ)
    assert done.returncode == 1, done.stderr
    return {finding["name"]: finding for finding in json.loads(done.stdout)}
