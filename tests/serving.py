"""A real web process on the process's own test database, for tests that go over HTTP and through a browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connections

from kith import subscriptions
from kith.analytics import actions as analytics
from kith.kit import clock, jobs, outbox
from tests.machine import ROOT, web


@dataclass(frozen=True)
class Live:
    """A running web process; `settle()` does what worker and scheduler would do, at once."""

    url: str
    settle: Callable[[], None]


@contextmanager
def serving(files: Path, **more: str) -> Iterator[str]:
    """The address of a `kith web` that ends with the block; `more` are further variables of its environment."""
    environment = {
        **os.environ,
        "KITH_DATABASE_URL": _url("owner"),
        "KITH_APP_DATABASE_URL": _url("default"),
        "KITH_DATA_DIR": str(files),
        "KITH_SECRET_KEY": settings.SECRET_KEY,
        "KITH_MASTER_KEY": settings.KITH_MASTER_KEY,
        "KITH_PEPPER_KEY": settings.KITH_PEPPER_KEY,
        "KITH_WEB_WORKERS": "1",
        "KITH_DEMO": "false",
        "DJANGO_SETTINGS_MODULE": "kith.settings",
        **more,
    }
    _same_files(files)
    if not (files / "static" / "staticfiles.json").exists():
        collect = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    with web(environment) as url:
        yield url


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
