"""A PostgreSQL of its own that waits for the disk, as in production; gone when the measurement ends."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kith.kit.embedded import Cluster
from kith.kit.provision import APP_ROLE, OWNER_ROLE, create_owner, provision


@dataclass(frozen=True)
class Database:
    """An empty, migrated database and where the server's programs lie."""

    owner_url: str
    app_url: str
    folder: Path


@contextmanager
def durable_database() -> Iterator[Database]:
    """Start a server, migrate, tell this process's environment, and remove everything at the end."""
    # Whoever ends this process wants the server and the files gone, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="kith-bench-"))
    folder.chmod(0o755)
    cluster = Cluster(folder)
    try:
        cluster.ensure()
        owner_password, app_password = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        create_owner(cluster.url(), "bench", owner_password)
        owner_url = cluster.url(OWNER_ROLE, "bench", owner_password)
        provision(owner_url, APP_ROLE, app_password)
        found = Database(owner_url, cluster.url(APP_ROLE, "bench", app_password), folder)
        os.environ |= {
            "KITH_DATABASE_URL": found.owner_url, "KITH_APP_DATABASE_URL": found.app_url,
            "KITH_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "kith.settings",
        }  # fmt: skip
        migrate = [sys.executable, "-m", "django", "migrate", "--database=owner", "--verbosity=0"]
        subprocess.run(migrate, check=True)
        yield found
    finally:
        cluster.stop()
        home = cluster.home
        shutil.rmtree(folder, ignore_errors=True)
        if home != folder:
            shutil.rmtree(home, ignore_errors=True)
