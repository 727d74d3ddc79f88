"""Processes, ports and folders of this machine, for tests that start something on it."""

import os
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
TRUST = ssl.create_default_context()
"""For `verify=` of clients made by the hundred: each would read every certificate of the system, 25 ms of work."""


def environment(**given: str) -> dict[str, str]:
    """That of this process with what is given, and without any other setting of Kith."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    clean.pop("DJANGO_SETTINGS_MODULE", None)
    return {**clean, **given}


def kith(
    *arguments: str, environment: Mapping[str, str], seconds: float = 120
) -> "subprocess.CompletedProcess[str]":
    """Run a command of `kith` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "kith", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip


@contextmanager
def web(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a `kith web` on a free port that ends with the block."""
    port = free_port()
    command, url = [sys.executable, "-m", "kith", "web"], f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command, cwd=ROOT, env={**environment, "KITH_PORT": str(port)})

    def answers_or_ends() -> bool:
        assert process.poll() is None, "the web process ended"
        return answers(url)

    try:
        until(answers_or_ends, 60, "the web process answers")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    """Whether requests are served there at this moment."""
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/api/health", timeout=3, verify=TRUST).status_code == 200
    return False


def until(
    condition: Callable[[], Any], seconds: float, what: str, meanwhile: Callable[[], None] = lambda: None
) -> Any:
    """Ask until it is so, at most that long; what it was then. Fails naming what did not happen."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        meanwhile()
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        select_nothing(0.05)
    return found


def select_nothing(seconds: float) -> None:
    """Wait for processes we cannot be told about."""
    select.select([], [], [], seconds)


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_to_server(folder: Path) -> None:
    """pytest's folders are closed; under root PostgreSQL runs as another user, who has to get in."""
    if os.geteuid() == 0:
        for path in [folder, *folder.parents]:
            if path.stat().st_mode & 0o777 == 0o700:
                path.chmod(0o711)
