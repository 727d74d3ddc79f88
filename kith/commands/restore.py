"""`kith restore`: everything from a backup, or nothing.

A fresh database is filled beside the one in force, compared with the manifest, migrated and checked. Only then do
the two change names, in one transaction: whatever happens before leaves the former data in force. Files have
names of their own, so those of the backup are put beside the former ones first, and the former removed last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import click
import psycopg
from psycopg import sql

import kith.env
from kith import secrets
from kith.commands import _archive, _dumps, _holdings, _installation
from kith.kit import provision
from kith.kit.keyring import fingerprint
from kith.kit.starting import CannotStart, Exit

# Transactions are counted on, in steps, until those of the backup lie in the past.
COUNTING_STEP = 200_000
MOST_TRANSACTIONS = 1_000_000_000


@click.command(help="Bring back what `kith backup` wrote to FILE, into an empty installation.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where there are organizations already; they are lost.")
@click.option(
    "--without-keys", is_flag=True,
    help="Also without the master key; phone numbers, addresses and bank accounts stay unreadable.",
)  # fmt: skip
def command(file: Path, replace: bool, without_keys: bool) -> None:
    """Kith must not run meanwhile. Works on the embedded server and on that of KITH_DATABASE_URL."""
    with _archive.reading(file) as backup:
        click.echo(f"{file} is whole; made {backup.manifest['made_at']} by Kith {backup.manifest['kith']}.")
        _require_keys(backup, without_keys)
        with _installation.database(click.echo, keep=not replace) as beside:
            restore(backup, beside, replace=replace)
    click.echo(
        "Everything is back and agrees with the backup. Start Kith with `kith run`, then `kith doctor`."
    )


def restore(backup: _archive.Reader, beside: str, *, replace: bool) -> None:
    """Fill, compare, migrate, check, swap. Raises CannotStart with the former data in force."""
    owner_url, app_url = kith.env.env.database_url, kith.env.env.app_database_url
    name = urlsplit(owner_url).path.lstrip("/")
    fresh_url, fresh_app = (_renamed(url, f"{name}_restoring") for url in (owner_url, app_url))
    _refuse_used(owner_url, replace)
    with _fresh_database(beside, name) as admin:
        provision.provision(fresh_url, urlsplit(app_url).username or "", None)
        _installation.adopt(fresh_url, fresh_app)
        _installation.boot()
        _installation.refuse_unknown(backup.manifest["migrations"], "the backup")
        click.echo("Filling a fresh database …")
        server = admin.info.server_version // 10000
        _dumps.load(lambda: backup.part(_archive.DUMP), fresh_url, server)
        _settle(backup, fresh_url)
        _installation.migrate(click.echo, force=True)
        _forget_unreadable(fresh_url)
        _check_ledger()
        _put_files(backup)
        _swap(admin, name)
        secrets.adopt(backup.secrets())
    _installation.adopt(owner_url, app_url)
    _remove_other_files(backup)


def _require_keys(backup: _archive.Reader, without_keys: bool) -> None:
    """Have the master keys that the backup's values are encrypted with. Raises CannotStart."""
    needed = set(backup.manifest["master_keys"])
    # In force for this process at once, written beside the data only when that is in force.
    _installation.use_secrets(backup.secrets())
    held = {fingerprint(key) for key in _installation.master_keys()}
    if not needed <= held and not without_keys:
        raise CannotStart(
            "The backup's values are encrypted with a master key that is not here; bring the former "
            f"secrets.json to {kith.env.env.data_dir} or set KITH_MASTER_KEY, or add --without-keys to lose them.",
            Exit.DATA,
        )


def _refuse_used(owner_url: str, replace: bool) -> None:
    with provision.connect(owner_url) as owner:
        if _holdings.migrations(owner):
            _holdings.let_system_read(owner)
        owner.execute(f"set role {provision.SYSTEM_ROLE}")
        here = _holdings.organizations(owner)
        if here and not replace:
            raise CannotStart(
                f"There are {here} organization(s) in {provision.where(owner_url)}; restore into an empty "
                "installation (another KITH_DATA_DIR or KITH_DATABASE_URL), or add --replace to lose them.",
                Exit.DATA,
            )
        row = owner.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        ).fetchone()
        if row and row[0]:
            raise CannotStart(
                f"{row[0]} connection(s) use {provision.where(owner_url)}; stop Kith first.", Exit.BUSY
            )


@contextmanager
def _fresh_database(beside: str, name: str) -> Iterator[psycopg.Connection]:
    """An empty database beside `name`, gone afterwards unless it took its name; and the connection that may rename."""
    fresh, former = f"{name}_restoring", f"{name}_former"
    with provision.connect(beside) as admin:
        try:
            for left in (fresh, former):
                _drop(admin, left)
            _create_alike(admin, fresh, name)
            yield admin
        except psycopg.errors.InsufficientPrivilege as error:
            raise CannotStart(
                f"Role {admin.info.user} may not make the database to restore into ({error.diag.message_primary}); "
                f"let an administrator run: ALTER ROLE {admin.info.user} CREATEDB;",
                Exit.NO_RIGHT,
            ) from None
        finally:
            with suppress(psycopg.Error):
                for left in (fresh, former):
                    _drop(admin, left)


def _create_alike(admin: psycopg.Connection, fresh: str, model: str) -> None:
    """A database with the owner, encoding and order of letters of another one."""
    row = admin.execute(
        "select pg_get_userbyid(datdba), datcollate, datctype, datlocprovider,"
        " coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')"
        " from pg_database d where datname = %s",
        [model],
    ).fetchone()
    assert row is not None  # noqa: S101 -- we were connected to it
    owner, collate, ctype, provider, locale = row
    kinds = {"b": "builtin", "i": "icu", "c": "libc"}
    making = sql.SQL(
        "create database {} owner {} template template0 encoding 'UTF8' lc_collate {} lc_ctype {} locale_provider {}"
    ).format(
        sql.Identifier(fresh), sql.Identifier(owner), sql.Literal(collate), sql.Literal(ctype),
        sql.Identifier(kinds[provider]),
    )  # fmt: skip
    if provider != "c":
        making += sql.SQL(" {} {}").format(
            sql.SQL("builtin_locale" if provider == "b" else "icu_locale"), sql.Literal(locale)
        )
    admin.execute(making)
    admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(fresh)))


def _settle(backup: _archive.Reader, fresh_url: str) -> None:
    """Give functions their owner, compare everything with the manifest, and let time go on after it."""
    with provision.connect(fresh_url) as owner:
        system = sql.Identifier(provision.SYSTEM_ROLE)
        owner.execute(sql.SQL("grant usage, create on schema public to {}").format(system))
        for function in backup.manifest["system_functions"]:
            owner.execute(sql.SQL("alter function {} owner to {}").format(sql.SQL(function), system))
        owner.execute(sql.SQL("revoke create on schema public from {}").format(system))
        _holdings.let_system_read(owner)
        owner.execute(sql.SQL("set role {}").format(system))
        differences = _holdings.differences(backup.manifest, _holdings.measure(owner))
        if differences:
            raise CannotStart(
                f"What was restored is not what was backed up ({'; '.join(differences[:5])}); "
                "the former data stays in force.",
                Exit.DATA,
            )
        owner.execute("reset role")
        _count_on(owner, int(backup.manifest["next_transaction"]))


def _count_on(owner: psycopg.Connection, wanted: int) -> None:
    """Use up transaction numbers until those in the backup lie in the past.

    Events, clicks and the sealed trail are read in the order of transactions: on a server that counts from a
    lower number, everything written after the restore would seem older than what was read long ago.
    """
    owner.execute("set synchronous_commit = off")
    while True:
        row = owner.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
        missing = wanted - (row[0] if row else 0)
        if missing <= 0:
            return
        if missing > MOST_TRANSACTIONS:
            raise CannotStart(
                f"The backup's server had counted {missing:,} transactions more than this one, too many to "
                "catch up with; restore into a server of the same history (pg_basebackup).",
                Exit.DATA,
            )
        owner.execute(
            f"do $$ begin for n in 1..{min(missing, COUNTING_STEP)} loop"
            " perform pg_current_xact_id(); commit; end loop; end $$"
        )


def _forget_unreadable(fresh_url: str) -> None:
    """Drop persons' keys that no master key here opens, as `--without-keys` allowed: Kith would refuse to start."""
    held = [fingerprint(key) for key in _installation.master_keys()]
    with provision.connect(fresh_url) as owner, owner.transaction():
        owner.execute(sql.SQL("set local role {}").format(sql.Identifier(provision.SYSTEM_ROLE)))
        owner.execute(
            "delete from kit_subjectkey where kek_version <> all(%s)", [held]
        )  # write: not yet in force


def _check_ledger() -> None:
    from kith.kit import tenancy
    from kith.ledger import queries
    from kith.tenants.models import Tenant

    for tenant in Tenant.objects.order_by("id"):
        with tenancy.use(tenant.id):
            offences = queries.check()
        if offences:
            raise CannotStart(
                f"The ledger of {tenant.slug} in the backup is not sound: {offences[0].sentence}; "
                "the former data stays in force.",
                Exit.DATA,
            )


def _put_files(backup: _archive.Reader) -> None:
    """Put the backup's files in their places beside those that are there."""
    folder = kith.env.env.data_dir / "files"
    for name in backup.files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = path.with_name(f".{path.name}.restoring")
        with backup.part(f"{_archive.FILES}{name}") as content:
            staging.write_bytes(content.read())
        staging.rename(path)


def _swap(admin: psycopg.Connection, name: str) -> None:
    """Both names change in one transaction; from its commit on the restored data is in force."""
    from django.db import connections

    connections.close_all()
    renaming = sql.SQL("alter database {} rename to {}")
    with admin.transaction():
        for before, after in ((name, f"{name}_former"), (f"{name}_restoring", name)):
            admin.execute(renaming.format(sql.Identifier(before), sql.Identifier(after)))


def _remove_other_files(backup: _archive.Reader) -> None:
    folder, kept = kith.env.env.data_dir / "files", set(backup.files())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and str(path.relative_to(folder)) not in kept:
            path.unlink()


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _renamed(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()
