"""Every way in which Kith cannot start: one sentence with the remedy, an exit code, and the data as it was."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from kith.kit import provision
from kith.kit.embedded import Cluster
from kith.kit.starting import Exit
from tests.faults.installation import Installation, prepare
from tests.machine import ROOT, open_to_server, until

SMALL_VOLUME_MB, LARGE_VOLUME_MB = 48, 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server as an operator gives one."""
    folder = tmp_path_factory.mktemp("given")
    open_to_server(folder)
    cluster = Cluster(folder / "var", durable=False)
    cluster.ensure()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def migrated(server: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation on that server whose tables are up to date."""
    provision.create_owner(server.url(), "kith", "given-password")
    folder = tmp_path_factory.mktemp("migrated")
    house = prepare(folder, KITH_DATABASE_URL=server.url(provision.OWNER_ROLE, "kith", "given-password"))
    assert house.kith("migrate").returncode == 0
    return house


def refused(house: Installation, code: Exit, *words: str, command: str = "run") -> str:
    """One sentence, that exit code, and no secret in it."""
    done = house.kith(command)
    lines = done.stderr.strip().splitlines()
    assert (done.returncode, len(lines)) == (code, 1), done.stderr
    for word in words:
        assert word in lines[0], lines[0]
    assert "password@" not in lines[0]
    return lines[0]


# ---- a given server


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    house = prepare(tmp_path, KITH_DATABASE_URL="postgresql://kith:very-password@127.0.0.1:9/kith")
    said = refused(house, Exit.UNAVAILABLE, "127.0.0.1:9/kith cannot be reached", "start it")
    assert "very-password" not in said


def test_a_wrong_password(server: Cluster, tmp_path: Path) -> None:
    url = server.url("postgres", "postgres", "wrong-password")
    refused(
        prepare(tmp_path, KITH_DATABASE_URL=url), Exit.NO_RIGHT, "mend user and password in KITH_DATABASE_URL"
    )


def test_a_database_that_does_not_exist_and_cannot_be_made(server: Cluster, tmp_path: Path) -> None:
    with _role(server, "nothing_made", "login") as url:
        refused(prepare(tmp_path, KITH_DATABASE_URL=url), Exit.CONFIGURATION, "does not exist", "make it")


def test_a_role_without_the_rights(server: Cluster, tmp_path: Path) -> None:
    with _role(server, "powerless", "login") as url:
        _make(server, "powerless", owner="powerless")
        refused(
            prepare(tmp_path, KITH_DATABASE_URL=url), Exit.NO_RIGHT, "administrator run: ALTER ROLE powerless"
        )


def test_a_database_that_cannot_hold_every_letter(server: Cluster, tmp_path: Path) -> None:
    with _role(server, "narrow", "login createrole") as url:
        _make(server, "narrow", owner="narrow", options="encoding 'LATIN1' locale 'C' template template0")
        refused(
            prepare(tmp_path, KITH_DATABASE_URL=url), Exit.CONFIGURATION, "text in LATIN1", "ENCODING 'UTF8'"
        )


def test_a_server_too_old(tmp_path: Path) -> None:
    with _pretended_server("13.4") as port:
        house = prepare(tmp_path, KITH_DATABASE_URL=f"postgresql://kith@127.0.0.1:{port}/kith")
        refused(house, Exit.CONFIGURATION, "is PostgreSQL 13; Kith needs PostgreSQL 15 to 18")


def test_a_server_too_new(tmp_path: Path) -> None:
    with _pretended_server("19beta1") as port:
        house = prepare(tmp_path, KITH_DATABASE_URL=f"postgresql://kith@127.0.0.1:{port}/kith")
        refused(house, Exit.CONFIGURATION, "is PostgreSQL 19; Kith needs PostgreSQL 15 to 18")


def test_a_database_that_a_newer_kith_has_migrated(migrated: Installation, server: Cluster) -> None:
    with psycopg.connect(server.url(database="kith"), autocommit=True) as admin:
        admin.execute(
            "insert into django_migrations (app, name, applied) values ('rewards', '9999_later', now())"
        )
        before = _everything(server)
        try:
            for command in ("run", "migrate"):
                refused(migrated, Exit.DATA, "newer Kith", "rewards.9999_later", command=command)
            assert _everything(server) == before
        finally:
            admin.execute("delete from django_migrations where name = '9999_later'")


def test_values_encrypted_with_another_master_key(migrated: Installation, server: Cluster) -> None:
    secrets = migrated.folder / "var" / "secrets.json"
    kept = secrets.read_text()
    with psycopg.connect(server.url(database="kith"), autocommit=True) as admin:
        admin.execute(
            "insert into kit_subjectkey (tenant_id, subject_id, wrapped, kek_version)"
            " values (1, gen_random_uuid(), 'x', 1)"
        )
        before = _everything(server)
        try:
            secrets.unlink()
            for command in ("run", "migrate", "worker"):
                refused(
                    migrated,
                    Exit.DATA,
                    "encrypted with a master key",
                    "bring that file back",
                    command=command,
                )
            assert not secrets.exists() or "master_key" not in secrets.read_text()
            assert _everything(server) == before
        finally:
            admin.execute("delete from kit_subjectkey")
            secrets.write_text(kept)


# ---- the embedded server and its folder


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with a database of its own that is not running."""
    folder = tmp_path_factory.mktemp("embedded")
    house = prepare(folder)
    assert house.kith("migrate").returncode == 0
    return house


@pytest.mark.parametrize("content", ["", "{", "[]", '{"master_key": "tr'])
def test_secrets_that_are_damaged(content: str, embedded: Installation) -> None:
    path = embedded.folder / "var" / "secrets.json"
    kept = path.read_text()
    path.write_text(content)
    try:
        refused(embedded, Exit.DATA, f"{path} is damaged", "bring it back from a copy")
        assert path.read_text() == content
    finally:
        path.write_text(kept)


def test_secrets_that_cannot_be_read(embedded: Installation) -> None:
    path = embedded.folder / "var" / "secrets.json"
    hidden = path.rename(path.with_name("hidden"))
    path.mkdir()
    try:
        refused(embedded, Exit.NO_RIGHT, f"{path} cannot be read", "holds the master key")
    finally:
        path.rmdir()
        hidden.rename(path)


def test_secrets_that_are_gone_beside_data(embedded: Installation) -> None:
    path = embedded.folder / "var" / "secrets.json"
    hidden = path.rename(path.with_name("hidden"))
    try:
        for command in ("run", "migrate"):
            refused(embedded, Exit.DATA, f"{path} is gone", "bring that file back", command=command)
        assert not path.exists()
    finally:
        hidden.rename(path)


def test_files_of_another_version(embedded: Installation) -> None:
    path = Cluster(embedded.folder / "var").data / "PG_VERSION"
    kept = path.read_text()
    path.write_text("14\n")
    try:
        refused(embedded, Exit.DATA, "was made by PostgreSQL 14 but this Kith brings PostgreSQL 18")
    finally:
        path.write_text(kept)


def test_after_all_these_refusals_it_starts(embedded: Installation) -> None:
    done = embedded.kith("migrate")
    assert (done.returncode, done.stdout) == (0, "The tables were up to date already.\n"), done.stderr


# ---- killed, and no space


@pytest.mark.faults
def test_killed_at_any_moment_of_its_first_start_it_starts_again(tmp_path: Path) -> None:
    """`kith run` is killed with SIGKILL while it makes the database, while it migrates, and when it serves; each
    time together with nothing else, so that a server, its pid file and locks are left. The next `kith run` serves
    within 30 s, and what was written before is there."""
    house = prepare(tmp_path)
    moments = ("Making a PostgreSQL", "Bringing the tables", "Collecting")
    try:
        for moment in moments:
            _kill_when_said(house, moment)
        house.start()
        team = house.organization()
        house.kill("run")
        took = time.monotonic()
        house.start()
        took = time.monotonic() - took
        assert took < 30
        assert house.sql("select slug from tenants_tenant") == [(team.slug,)]
        assert house.stop() == 0
    finally:
        house.clean()
    print(
        f"{len(moments)} kills during the first start and one while serving; served again after {took:.1f} s."
    )


@pytest.mark.faults
def test_no_space_for_the_database(tmp_path: Path) -> None:
    """On a volume of 48 MB the first start is refused with exit code 73. On one of 300 MB that is full later, 2 starts
    are refused the same way, and with room made the third finds everything as it was."""
    if os.geteuid() != 0:
        pytest.fail("This test mounts a small volume and needs root.")
    open_to_server(tmp_path)
    with _volume(tmp_path, SMALL_VOLUME_MB) as volume:
        house = prepare(volume)
        refused(house, Exit.NO_ROOM, "No space left on device", "make room", command="migrate")
    (tmp_path / "later").mkdir()
    with _volume(tmp_path / "later", LARGE_VOLUME_MB) as volume:
        house = prepare(volume)
        assert house.kith("migrate").returncode == 0
        rest = volume / "rest"
        with suppress(OSError), rest.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                pass
        for command in ("migrate", "run"):
            refused(house, Exit.NO_ROOM, "No space left on device", "make room", command=command)
        rest.unlink()
        done = house.kith("migrate")
        assert (done.returncode, done.stdout) == (0, "The tables were up to date already.\n"), done.stderr
    print(
        f"{SMALL_VOLUME_MB} MB: refused with 73. {LARGE_VOLUME_MB} MB, full: refused twice, then as before."
    )


# ---- what the tests do


def _everything(server: Cluster) -> dict[str, str]:
    """A checksum of every table of the migrated database."""
    with psycopg.connect(server.url(database="kith")) as admin:
        names = admin.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
        ).fetchall()
        total = sql.SQL(
            "select md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) from {} t"
        )
        return {
            name: admin.execute(total.format(sql.Identifier(name))).fetchone()[0]  # type: ignore[index]
            for (name,) in names
        }


@contextmanager
def _role(server: Cluster, name: str, rights: str) -> Iterator[str]:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(
            sql.SQL("create role {} " + rights + " password 'role-password'").format(sql.Identifier(name))
        )  # type: ignore[arg-type]
        yield server.url(name, name, "role-password")
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def _make(server: Cluster, name: str, *, owner: str, options: str = "") -> None:
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} owner {owner} {options}")


@contextmanager
def _pretended_server(version: str) -> Iterator[int]:
    """Speaks just enough of the protocol to sign anybody in and to name its version."""

    def message(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack(">i", len(content) + 4) + content

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            with peer:
                while True:
                    length, code = struct.unpack(">ii", peer.recv(8, socket.MSG_WAITALL))
                    peer.recv(length - 8, socket.MSG_WAITALL) if length > 8 else None
                    if code not in (80877103, 80877104):  # it asks for encryption first
                        break
                    peer.sendall(b"N")
                parameters = f"server_version\0{version}\0".encode()
                peer.sendall(
                    message(b"R", bytes(4))
                    + message(b"S", parameters)
                    + message(b"K", bytes(8))
                    + message(b"Z", b"I")
                )
                while peer.recv(1024):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def _kill_when_said(house: Installation, word: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kith", "run"], cwd=ROOT, env=house.environment, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert any(word in line for line in process.stdout), f"never said {word}"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


@contextmanager
def _volume(folder: Path, megabytes: int) -> Iterator[Path]:
    image, place = folder / "volume.img", folder / "volume"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        yield place
    finally:
        until(lambda: subprocess.run(["umount", str(place)], check=False).returncode == 0, 20, "unmounted")
