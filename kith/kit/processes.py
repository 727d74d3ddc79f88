"""Supervising the processes of one installation: one holder per data directory, everything that ends is started again.

Somebody waits for what has ended, so the delays are short: at most LONGEST_DELAY, and next to nothing for a
process that had worked before.
"""

from __future__ import annotations

import ctypes
import fcntl
import getpass
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kith.kit.embedded import Cluster
from kith.kit.starting import CannotStart, Exit

FIRST_DELAY, LONGEST_DELAY = 0.2, 3.0
STEADY_SECONDS = 10.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.2
_PR_SET_PDEATHSIG = 1
_PRIVATE = ("files", "mail")

Say = Callable[[str], None]


def own_data_dir(folder: Path) -> Path:
    """Make the data directory if missing, closed to other users. Raises CannotStart when not writable.

    Root leaves it enterable, for PostgreSQL runs as another user below it; nothing in it is listable, and the
    folders of uploads and of letters, whose names everybody knows, are closed.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        status = folder.stat()
        if status.st_uid == os.geteuid() and status.st_mode & 0o777 & ~mode:
            folder.chmod(status.st_mode & mode)
        for name in _PRIVATE:
            (folder / name).mkdir(exist_ok=True)
            if (folder / name).stat().st_uid == os.geteuid():
                (folder / name).chmod(0o700)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data directory {folder} cannot be written by {_who()} ({error.strerror}); "
            "change its owner or set KITH_DATA_DIR.",
            Exit.NO_ROOM,
        ) from None
    return folder.resolve()


@contextmanager
def sole_holder(folder: Path) -> Iterator[None]:
    """Hold the data directory for this process alone. Raises CannotStart when another one does."""
    with (folder / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "?"
            raise CannotStart(
                f"Kith already runs on {folder} (process {holder}); stop that one or set KITH_DATA_DIR.",
                Exit.BUSY,
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@dataclass
class Child:
    """A process that is started again when it ends."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    delay: float = 0.0
    due: float = 0.0


@dataclass
class Supervisor:
    """Keeps children running until told to stop, then ends them all."""

    children: Sequence[Child]
    environment: Mapping[str, str]
    say: Say
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start every child and take over the signals that end the program."""
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, lambda *_: self.stopping.set())
        for child in self.children:
            self._launch(child)

    def watch(self, *meanwhile: Callable[[], None]) -> None:
        """Restart what ends, until a signal arrives; call each of `meanwhile` several times a second."""
        while not self.stopping.wait(POLL_SECONDS):
            for look in meanwhile:
                look()
            for child in self.children:
                self._look_after(child)

    def stop(self) -> None:
        """Ask every child to end, and end by force what has not after some seconds."""
        self.stopping.set()
        alive = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in alive:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in alive:
            # Its own session: this also ends what a child that died badly has left.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        """Ask every child to end, to be started again in the environment as it is then."""
        for child in self.children:
            if child.process is not None:
                child.process.terminate()

    def running(self) -> bool:
        """Whether every child is alive at this moment."""
        return all(child.process is not None and child.process.poll() is None for child in self.children)

    def _launch(self, child: Child) -> None:
        child.started = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603 -- our own program
            list(child.command),
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process = None
            steady = now - child.started > STEADY_SECONDS
            child.delay = FIRST_DELAY if steady or not child.delay else min(child.delay * 2, LONGEST_DELAY)
            child.due = now + child.delay
            self.say(
                f"The {child.name} process ended ({_reason(code)}); it starts again in {child.delay:.1f} s."
            )
        if now >= child.due:
            self._launch(child)


@dataclass
class DatabaseKeeper:
    """Starts the embedded PostgreSQL again whenever it has ended. Call it several times a second.

    `moved` is called when it had to take another port, for then nobody finds it at the old address.
    """

    server: Cluster
    say: Say
    moved: Callable[[], None]
    due: float = 0.0

    def __call__(self) -> None:
        """Look, and start it if need be; waits until it has recovered."""
        if time.monotonic() < self.due or self.server.running():
            return
        port, began = self.server.port, time.monotonic()
        self.say("PostgreSQL has ended; it starts again.")
        try:
            self.server.ensure()
        except (CannotStart, OSError) as refusal:
            self.due = time.monotonic() + LONGEST_DELAY
            self.say(f"{refusal} The next try is in {LONGEST_DELAY:.0f} s.")
            return
        self.say(f"PostgreSQL runs again after {time.monotonic() - began:.1f} s.")
        if self.server.port != port:
            self.moved()


_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Run in the child: a supervisor that is killed outright takes its children along."""
    with suppress(AttributeError):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _who() -> str:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return f"user {os.geteuid()}"
