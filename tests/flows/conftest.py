"""A real server on the process's own test database, for stories that go over HTTP and through a browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connections

from kith import subscriptions
from kith.analytics import actions as analytics
from kith.kit import clock, codes, jobs, outbox, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.presets import actions as presets
from kith.tenants import actions as members
from kith.tenants import queries as tenants
from kith.tenants.models import Tenant
from tests.machine import ROOT, web

DEBTOR_IBAN = "NL91ABNA0417164300"


@dataclass(frozen=True)
class Live:
    """A running web process; `settle()` does what worker and scheduler would do, at once."""

    url: str
    settle: Callable[[], None]


@pytest.fixture(scope="session")
def live(django_db_setup: None, django_db_blocker: Any, files: Path) -> Iterator[Live]:
    """`kith web` in a process of its own, on a free port, with the same database and files."""
    with django_db_blocker.unblock(), serving(files) as url:
        yield Live(url, settle)


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


@dataclass(frozen=True)
class Organization:
    """A travel organization of its own, with a paying account, and how its owner, admin and manager sign in."""

    tenant: Tenant
    passwords: Mapping[str, str]

    def username(self, role: str) -> str:
        """The user name of the member with that role."""
        return f"{self.tenant.slug}-{role}"

    def actor(self, role: str) -> Actor:
        """The member with that role."""
        with tenancy.use(self.tenant.id):
            return tenants.member_actor(next(row for row in tenants.members() if row.role == role))


@pytest.fixture
def organization(committed: Any) -> Organization:
    """Set up from the preset, with nobody and nothing else in it."""
    slug, now = f"travel-{codes.referral_code().lower()}", clock.now()
    passwords = {role: codes.random_token(12) for role in ("owner", "admin", "manager")}
    owner = presets.Owner(f"{slug}-owner", f"owner@{slug}.example.com", "Olga Owner", passwords["owner"])
    tenant = presets.load_preset(
        code="travel", slug=slug, name="Wandelvogel", owner=owner, actor=SYSTEM, now=now
    )
    with tenancy.use(tenant.id):
        for role in ("admin", "manager"):
            user = members.create_user(
                username=f"{slug}-{role}", email=f"{role}@{slug}.example.com", name=f"{role.title()} Person",
                password=passwords[role], now=now,
            )  # fmt: skip
            members.add_member(user=user, role=role, now=now)
        for key, value in (("name", tenant.name), ("iban", DEBTOR_IBAN)):
            members.set_setting(key=f"payouts.debtor_{key}", value=value, actor=SYSTEM, now=now)
    return Organization(tenant, passwords)


def _url(alias: str) -> str:
    found = connections[alias].settings_dict
    password = quote(found["PASSWORD"], safe="")
    return f"postgresql://{found['USER']}:{password}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


def _same_files(files: Path) -> None:
    """The server keeps uploads below its data directory; the test process must find them there."""
    link = files / "files"
    if not link.exists():
        link.symlink_to(files, target_is_directory=True)
