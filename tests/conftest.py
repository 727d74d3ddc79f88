"""What stories and browser tests share: one web process for each test process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Live, serving, settle


@pytest.fixture(scope="session")
def live(django_db_setup: None, django_db_blocker: Any, files: Path) -> Iterator[Live]:
    """`kith web` in a process of its own, on a free port, with the same database and files."""
    with (
        django_db_blocker.unblock(),
        serving(files, DJANGO_SETTINGS_MODULE="tests.live_settings") as url,
    ):
        yield Live(url, settle)
