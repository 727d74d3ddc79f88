"""What every test finds: a real PostgreSQL of its own, two organizations and their standing people.

Acme has the owner Alice and the viewer Bob; Rival has the owner Charlie. Participants Dana and Eli are
made by the features that need them.
"""

import atexit
import datetime
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connections
from django.utils import timezone, translation
from xdist.scheduler import LoadFileScheduling

from kith.kit import clock, tenancy
from kith.kit.actors import Actor

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# The same examples every time, and no test depends on how fast the machine is.
hypothesis.settings.register_profile("kith", deadline=None, derandomize=True)
hypothesis.settings.load_profile("kith")

if "PYTEST_DEBUG_TEMPROOT" not in os.environ:
    # Of this run alone: pytest closes the folder that runs share whenever one starts, and under root that
    # locks the database servers of the others out.
    _temporary = tempfile.mkdtemp(prefix="kith-tests-")
    Path(_temporary).chmod(0o711)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = _temporary
    atexit.register(shutil.rmtree, _temporary, ignore_errors=True)

NOW = datetime.datetime(2026, 6, 15, 10, 0, tzinfo=datetime.UTC)


class ByFile(LoadFileScheduling):
    """Each file goes to one worker, and the browser to one, so that what tests share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """For `--dist loadfile`."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what another server than the embedded one changes."""
    if os.environ.get("KITH_TEST_POSTGRES", "embedded") != "embedded":
        terminalreporter.write_line("Tests that use no server were left to the run on the embedded one.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another server than the embedded one leave out what no server has a part in."""
    from tests import postgres

    if postgres.SERVER == "embedded":
        return
    left = [item for item in items if not postgres.concerns(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A migrated database of this process; the application's role, not the owner, is `default`."""
    from tests import postgres

    database = postgres.acquire()
    with django_db_blocker.unblock():
        postgres.lead_django_to(database)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    postgres.release()


@pytest.fixture(autouse=True, scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Uploads and e-mails of tests stay out of the data directory."""
    from django.test.utils import override_settings

    root = tmp_path_factory.mktemp("files")
    storages = {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": root, "base_url": None},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    (root / "static").mkdir()
    with override_settings(STORAGES=storages, STATIC_ROOT=root / "static"):
        yield root


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Members of tests get hashes that cost nothing; `slow_passwords` and every process of Kith have the real ones."""
    from django.test.utils import override_settings

    with override_settings(PASSWORD_HASHERS=["tests.passwords.Quick"]):
        yield


@pytest.fixture
def slow_passwords(settings: Any) -> None:
    """Hashing as people meet it, for tests that measure how long it takes."""
    settings.PASSWORD_HASHERS = ["kith.kit.passwords.Argon2id"]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The language and time zone that a request chose end with its test."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def now() -> datetime.datetime:
    """A Monday morning in June."""
    return NOW


_numbers = itertools.count(1)


def make_tenant(slug: str, **values: Any) -> Any:
    """A bare organization, without a preset."""
    from kith.tenants import actions

    return actions.create_tenant(
        slug=f"{slug}-{next(_numbers)}-{os.getpid()}", name=slug.title(), currency="EUR", locale="en",
        timezone="Europe/Amsterdam", now=NOW, **values,
    )  # fmt: skip


def make_member(tenant: Any, name: str, role: str) -> Actor:
    """A member of `tenant` and the actor that stands for it."""
    from kith.tenants import actions, queries

    user = actions.create_user(
        username=f"{name}-{next(_numbers)}-{os.getpid()}", email=f"{name}-{next(_numbers)}-{os.getpid()}@example.com",
        name=name.title(), password="correct horse battery", now=NOW,
    )  # fmt: skip
    with tenancy.use(tenant.id):
        member = actions.add_member(user=user, role=role, now=NOW)
        return queries.member_actor(member)


@pytest.fixture
def acme(db: None) -> Any:
    """The organization most tests work in."""
    return make_tenant("acme")


@pytest.fixture
def rival(db: None) -> Any:
    """The other organization."""
    return make_tenant("rival")


@pytest.fixture
def alice(acme: Any) -> Actor:
    """Acme's owner."""
    return make_member(acme, "alice", "owner")


@pytest.fixture
def bob(acme: Any) -> Actor:
    """Acme's viewer: reads, never writes."""
    return make_member(acme, "bob", "viewer")


@pytest.fixture
def charlie(rival: Any) -> Actor:
    """Rival's owner."""
    return make_member(rival, "charlie", "owner")


@pytest.fixture
def in_acme(acme: Any, alice: Actor) -> Iterator[Any]:
    """Acme in force, Alice acting."""
    with tenancy.use(acme.id, actor=alice, request_id="test-request"):
        yield acme


@pytest.fixture
def frozen() -> Iterator[Any]:
    """The clock stands at NOW and can be moved."""
    with clock.frozen(NOW) as held:
        yield held


@pytest.fixture
def committed(transactional_db: None) -> Callable[..., Any]:
    """A factory of organizations whose rows are really committed, for threads and processes.

    Nothing is cleaned up: each test has organizations of its own.
    """
    return make_tenant


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits on the process's database, without the flush that the application's role may not do.

    Only what other tests would count is cleared afterwards: failures to sign in, and letters about them.
    """
    with django_db_blocker.unblock():
        yield
        with connections["default"].cursor() as cursor:
            cursor.execute("delete from kit_rate_window")
            cursor.execute(
                "delete from procrastinate_jobs where status = 'todo' and task_name like 'tenants.send_%'"
            )
        connections.close_all()


def user_of(actor: Actor) -> Any:
    """Who the member is."""
    from kith.tenants.models import Member

    with tenancy.use(actor.tenant_id or 0):
        return Member.objects.select_related("user").get(pk=actor.id).user


def signed_in(actor: Actor) -> Any:
    """A browser-like client whose session belongs to the member."""
    from django.test import Client

    client = Client()
    client.force_login(user_of(actor))
    return client


def api_client(actor: Actor) -> Any:
    """A client that sends the member's access token."""
    from django.test import Client

    from kith.tenants import actions

    with tenancy.use(actor.tenant_id or 0):
        pair = actions.open_token_family(member_id=actor.id, now=clock.now())
    return Client(headers={"authorization": f"Bearer {pair.access}"})


@pytest.fixture
def browse() -> Callable[[Actor], Any]:
    """`browse(alice)`: a signed-in browser."""
    return signed_in


@pytest.fixture
def call() -> Callable[[Actor], Any]:
    """`call(alice)`: an API client."""
    return api_client
