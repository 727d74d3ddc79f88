"""What every command needs to know about this installation: its database addresses, and Django made ready."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

import kith.env
from kith import __version__, secrets
from kith.commands import _holdings
from kith.kit import provision
from kith.kit.embedded import Cluster
from kith.kit.keyring import fingerprint
from kith.kit.processes import own_data_dir, sole_holder
from kith.kit.starting import CannotStart, Exit

DATABASE = "kith"
DEMO = "kith.presets.demo"
_MIGRATING = 0x6B697469

Say = Callable[[str], None]


def cluster() -> Cluster:
    """The embedded PostgreSQL of this data directory, running or not."""
    return Cluster(kith.env.env.data_dir)


def uses_embedded() -> bool:
    """Whether the database is the one Kith brings along."""
    return not os.environ.get("KITH_DATABASE_URL") and not os.environ.get("KITH_DATABASE_URL_FILE")


def resolve() -> None:
    """Fill in the addresses that the environment leaves open, without touching any database.

    The embedded server's are known while it runs; the application role's follows from the owner's.
    """
    if uses_embedded():
        server = cluster()
        if server.running():
            _embedded_passwords(server)
            adopt(*_embedded_addresses(server))
    elif not kith.env.env.app_database_url:
        adopt(kith.env.env.database_url, app_address(kith.env.env.database_url))


def require_database() -> None:
    """Raises CannotStart when the database does not run or answer, or its data cannot be read with our keys."""
    if uses_embedded() and not cluster().running():
        raise CannotStart(
            f"No database runs for {kith.env.env.data_dir}; start Kith with `kith run`, "
            "or name a PostgreSQL in KITH_DATABASE_URL.",
            Exit.UNAVAILABLE,
        )
    resolve()
    require_keys()


def address() -> str:
    """Where people reach this installation: as the environment says, else where it was served last."""
    if not any(os.environ.get(name) for name in ("KITH_BASE_URL", "KITH_BIND", "KITH_PORT")):
        with suppress(OSError):
            return _address_file().read_text().strip()
    return kith.env.env.public_url


def note_address() -> None:
    """Remember where it is served, for commands that are called without the same environment."""
    _address_file().write_text(f"{kith.env.env.public_url}\n")


def _address_file() -> Path:
    return kith.env.env.data_dir / "address"


def app_address(owner_url: str) -> str:
    """The address of the application role that Kith itself makes beside the owner at `owner_url`."""
    password = secrets.stored("app_database_password")
    parts = urlsplit(owner_url)
    server = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{provision.APP_ROLE}:{quote(password, safe='')}@{server}").geturl()


@contextmanager
def database(say: Say, *, keep: bool = True) -> Iterator[str]:
    """Hold the installation and its database ready to migrate: started, with roles and extensions.

    Gives the address from which other databases can be made beside it. Raises CannotStart with the remedy, also
    when the data cannot be read with the keys that are here; `keep=False` does not ask, for the data will be
    replaced. An embedded server is stopped at the end.
    """
    folder = own_data_dir(kith.env.env.data_dir)
    if not uses_embedded():
        _ensure_database(kith.env.env.database_url)
        if keep:
            require_keys()
        prepare_given()
        yield urlsplit(kith.env.env.database_url)._replace(path="/postgres").geturl()
        return
    with sole_holder(folder):
        server = cluster()
        if not server.made:
            say(f"Making a PostgreSQL database in {server.data} …")
        _embedded_passwords(server)
        try:
            server.ensure()
            _provision_embedded(server)
            if keep:
                require_keys()
            yield server.url()
        finally:
            server.stop()


def require_keys() -> None:
    """Raises CannotStart when values are encrypted with a master key that is not here.

    Asked before settings are read, for those make a master key where there is none.
    """
    with provision.connect(kith.env.env.database_url) as owner:
        lost = set(_holdings.master_keys(owner)) - {fingerprint(key) for key in master_keys()}
    if lost:
        raise CannotStart(
            f"The data in {provision.where(kith.env.env.database_url)} is encrypted with a master key that is "
            f"neither in KITH_MASTER_KEY nor in {kith.env.env.data_dir / 'secrets.json'}; bring that file back "
            "from a copy. Nothing was changed.",
            Exit.DATA,
        )


def master_keys() -> list[bytes]:
    """The master keys that are here, without making one."""
    if kith.env.env.master_key:
        given = (kith.env.env.master_key, *kith.env.env.master_key_previous)
    else:
        given = secrets.master_keys() if "master_key" in secrets.known() else ()
    return [base64.b64decode(key) for key in given]


def use_secrets(found: Mapping[str, str]) -> None:
    """Let this process work with secrets from elsewhere, where the environment names none. Call before boot()."""
    for name in ("master_key", "master_key_previous", "pepper_key", "secret_key"):
        if found.get(name) and not getattr(kith.env.env, name):
            os.environ[f"KITH_{name.upper()}"] = found[name]
    kith.env.env = kith.env.read()


def _provision_embedded(server: Cluster) -> None:
    owner_url, app_url = _embedded_addresses(server)
    provision.create_owner(server.url(), DATABASE, secrets.stored("owner_database_password"))
    provision.provision(owner_url, provision.APP_ROLE, secrets.stored("app_database_password"))
    adopt(owner_url, app_url)


def _embedded_passwords(server: Cluster) -> None:
    """Make them before the server's files, so that files without them mean a lost file, not a first start."""
    if server.made and "owner_database_password" not in secrets.known() and not kith.env.env.master_key:
        raise CannotStart(
            f"{kith.env.env.data_dir / 'secrets.json'} is gone, but {server.data} holds data encrypted with the "
            "master key in it; bring that file back from a copy. Nothing was changed.",
            Exit.DATA,
        )
    secrets.stored("owner_database_password")


def follow(server: Cluster) -> None:
    """Take over the addresses of an embedded server that has come up on another port."""
    adopt(*_embedded_addresses(server))


def _embedded_addresses(server: Cluster) -> tuple[str, str]:
    owner = server.url(provision.OWNER_ROLE, DATABASE, secrets.stored("owner_database_password"))
    return owner, app_address(owner)


def prepare_given() -> None:
    """Make the roles on the server of `KITH_DATABASE_URL`, as far as they are missing."""
    owner_url, app_url = kith.env.env.database_url, kith.env.env.app_database_url
    if not app_url:
        app_url = app_address(owner_url)
        if provision.role_exists(owner_url, provision.APP_ROLE) and not _connects(app_url):
            raise CannotStart(
                f"The role {provision.APP_ROLE} exists already with a password unknown here; "
                "name its address in KITH_APP_DATABASE_URL, or drop the role.",
                Exit.CONFIGURATION,
            )
    parts = urlsplit(app_url)
    role, password = parts.username or "", parts.password
    if role == urlsplit(owner_url).username:
        raise CannotStart(
            "KITH_APP_DATABASE_URL must name another role than KITH_DATABASE_URL, one that owns nothing.",
            Exit.CONFIGURATION,
        )
    known = provision.role_exists(owner_url, role)
    provision.provision(owner_url, role, None if known else password)
    provision.connect(app_url).close()
    adopt(owner_url, app_url)


def _ensure_database(owner_url: str) -> None:
    try:
        provision.connect(owner_url).close()
    except CannotStart as refusal:
        parts = urlsplit(owner_url)
        name = parts.path.lstrip("/")
        try:
            with provision.connect(parts._replace(path="/postgres").geturl()) as other:
                if other.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                    raise refusal from None
                other.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except (CannotStart, psycopg.Error):
            raise refusal from None


def _connects(url: str) -> bool:
    try:
        provision.connect(url).close()
    except CannotStart:
        return False
    return True


def adopt(owner_url: str, app_url: str) -> None:
    """Let this process and its children use these addresses. Settings are read once: call it before boot()."""
    os.environ.pop("KITH_DATABASE_URL_FILE", None)
    os.environ.pop("KITH_APP_DATABASE_URL_FILE", None)
    os.environ["KITH_DATABASE_URL"], os.environ["KITH_APP_DATABASE_URL"] = owner_url, app_url
    kith.env.env = kith.env.read()


def boot() -> None:
    """Make Django ready. Call resolve() or database() first, for settings are read once."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kith.settings")
    django.setup()


def migrate(say: Say, *, force: bool = False) -> bool:
    """Bring the tables up to date as the owner, one process at a time. Returns whether anything was done."""
    from django.core.management import call_command
    from django.db import connections

    with provision.connect(kith.env.env.database_url) as lock:
        lock.execute("select pg_advisory_lock(%s)", [_MIGRATING])
        refuse_unknown(_holdings.migrations(lock), "The database")
        if not force and not pending_migrations() and _app_may_read(lock):
            return False
        say("Bringing the tables up to date …")
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    connections.close_all()
    return True


def migrate_to(states: Mapping[str, str]) -> None:
    """Bring every app to the migration named for it, backwards or forwards; apps without a name are emptied."""
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader

    with provision.connect(kith.env.env.database_url) as lock:
        lock.execute("select pg_advisory_lock(%s)", [_MIGRATING])
        for app in sorted(MigrationLoader(None).migrated_apps):
            name = states.get(app, "zero")
            call_command("migrate", app, name, database="owner", interactive=False, verbosity=0)
    connections.close_all()


def refuse_unknown(applied: Iterable[str], what: str) -> None:
    """Raises CannotStart when a newer Kith has brought `what` to a state that this one does not know."""
    from django.db.migrations.loader import MigrationLoader

    known = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(applied) - known)
    if unknown:
        raise CannotStart(
            f"{what} was brought up to date by a newer Kith (this {__version__} does not know {unknown[0]}); "
            "install that version, or go back with it: docs/operations/upgrading.md. Nothing was changed.",
            Exit.DATA,
        )


def pending_migrations() -> list[str]:
    """Names of the migrations that this version brings and the database lacks."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _app_may_read(owner: psycopg.Connection) -> bool:
    role = urlsplit(kith.env.env.app_database_url).username
    row = owner.execute("select has_table_privilege(%s, 'django_content_type', 'select')", [role]).fetchone()
    return bool(row and row[0])


def collect_static(say: Say) -> None:
    """Copy and compress the pages' files when any of them, or how it is done, changed since the last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    from kith.kit import statics

    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    digest.update(Path(statics.__file__).read_bytes())
    files = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            files.append(f"{path}:{status.st_size}:{status.st_mtime_ns}")
    digest.update("\n".join(sorted(files)).encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say("Collecting the pages' files …")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest())


def load_demo(say: Say) -> None:
    """Load the demo organizations into an empty installation, once."""
    if kith.env.env.demo and _exists(DEMO):
        say("Loading the demo organizations; this takes about a minute …")
        importlib.import_module(DEMO).load_once()


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
