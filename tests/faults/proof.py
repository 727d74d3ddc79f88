"""A database of one's own to falsify, and the hand of somebody who may do everything in it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from tests import postgres


@pytest.fixture(scope="module")
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[postgres.TestDatabase]:
    """Django's connections lead to a database that nobody else uses while the module runs."""
    kept = {alias: dict(connections.settings[alias]) for alias in postgres.ALIASES}
    made = postgres.acquire()
    with django_db_blocker.unblock():
        postgres.lead_django_to(made)
        yield made
        for alias in postgres.ALIASES:
            connections[alias].close()
            connections.settings[alias].update(kept[alias])
            connections[alias].settings_dict.update(kept[alias])
    postgres.release(only=made)


@contextlib.contextmanager
def all_powers(database: postgres.TestDatabase) -> Iterator[psycopg.Connection]:
    """A superuser for whom no trigger, no foreign key and no row security holds; commits at the end."""
    with psycopg.connect(postgres.superuser_url(database)) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection
