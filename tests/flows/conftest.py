"""A real server on the process's own test database, for stories that go over HTTP and through a browser."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connections

from kith import subscriptions
from kith.analytics import actions as analytics
from kith.kit import clock, jobs, outbox

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Live:
    """A running web process; `settle()` does what worker and scheduler would do, at once."""

    url: str
    settle: Callable[[], None]


@pytest.fixture(scope="session")
def live(django_db_setup: None, django_db_blocker: Any, files: Path) -> Iterator[Live]:
    """`kith web` in a process of its own, on a free port, with the same database and files."""
    port = _free_port()
    environment = {
        **os.environ,
        "KITH_DATABASE_URL": _url("owner"),
        "KITH_APP_DATABASE_URL": _url("default"),
        "KITH_DATA_DIR": str(files),
        "KITH_SECRET_KEY": settings.SECRET_KEY,
        "KITH_MASTER_KEY": settings.KITH_MASTER_KEY,
        "KITH_PORT": str(port),
        "KITH_WEB_WORKERS": "1",
        "KITH_DEMO": "false",
    }
    _same_files(files)
    web = subprocess.Popen([sys.executable, "-m", "kith", "web"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api/health", web)
        with django_db_blocker.unblock():
            yield Live(url, settle)
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(20)


def settle() -> None:
    """Run queued jobs, deliver events and count clicks until nothing is left."""
    jobs.run_worker(wait=False)
    outbox.drain(subscriptions.SUBSCRIPTIONS)
    while analytics.count_clicks(now=clock.now()):
        pass


def _url(alias: str) -> str:
    found = connections[alias].settings_dict
    password = quote(found["PASSWORD"], safe="")
    return f"postgresql://{found['USER']}:{password}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


def _same_files(files: Path) -> None:
    """The server keeps uploads below its data directory; the test process must find them there."""
    link = files / "files"
    if not link.exists():
        link.symlink_to(files, target_is_directory=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = clock.now().timestamp() + 60
    while clock.now().timestamp() < deadline:
        assert process.poll() is None, "the web process ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            select_nothing(0.1)
    raise AssertionError("the web process did not answer within a minute")


def select_nothing(seconds: float) -> None:
    """Wait for a process we cannot be told about."""
    import select

    select.select([], [], [], seconds)
