"""`kith backup`: one file with everything that cannot be made again."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import click

import kith.env
from kith import __version__, secrets
from kith.commands import _archive, _dumps, _holdings, _installation
from kith.kit import clock, provision
from kith.kit.starting import CannotStart, Exit

PATTERN = "kith-*.backup"
# Passwords of database roles are made anew wherever a backup is restored.
LOCAL_SECRETS = ("owner_database_password", "app_database_password")


@click.command(
    help="Write a backup to the file TARGET; without an ending it is a folder, made if need be, and the "
    "file is named after the time."
)
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--with-secrets", is_flag=True, help="Include the master key; keep such a backup like the key itself."
)
@click.option(
    "--keep", type=click.IntRange(min=1), help="Afterwards remove all but the newest N in the folder."
)
def command(target: Path, with_secrets: bool, keep: int | None) -> None:
    """Works while Kith runs; an embedded server that was not running is stopped again."""
    path = _path(target)
    if keep and path == target:
        raise click.UsageError(f"--keep needs a folder, and {target} is none.")
    if path.exists():
        raise CannotStart(f"{path} exists already; name another file.", Exit.NO_ROOM)
    if not _installation.uses_embedded() or _installation.cluster().running():
        _installation.resolve()
        manifest = write(path, with_secrets=with_secrets)
    else:
        with _installation.database(click.echo):
            manifest = write(path, with_secrets=with_secrets)
    _report(path, manifest, with_secrets)
    if keep:
        for old in sorted(target.glob(PATTERN))[:-keep]:
            old.unlink()


def _path(target: Path) -> Path:
    """Where the backup goes. A folder that is missing is made, for its owner only."""
    if target.suffix and not target.is_dir():
        return target
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"The folder {target} cannot be made: {error.strerror}.", Exit.NO_ROOM) from None
    return target / f"kith-{clock.now():%Y%m%dT%H%M%SZ}.backup"


def write(path: Path, *, with_secrets: bool) -> dict[str, Any]:
    """Write the backup and return its manifest. Counts, sums and dump are of one and the same moment."""
    url = kith.env.env.database_url
    with provision.connect(url) as owner, _archive.writing(path) as archive:
        if not _holdings.migrations(owner):
            raise CannotStart(f"The database at {provision.where(url)} holds nothing of Kith yet.", Exit.DATA)
        _holdings.let_system_read(owner)
        owner.execute("begin isolation level repeatable read read only")
        owner.execute(f"set local role {provision.SYSTEM_ROLE}")
        snapshot = owner.execute("select pg_export_snapshot()").fetchone()
        manifest = {
            "kith": __version__,
            "made_at": clock.now().isoformat(timespec="seconds"),
            **_holdings.context(owner),
            **_holdings.measure(owner),
        }
        with _dumps.dumping(owner, url, snapshot[0] if snapshot else "") as dump:
            archive.add(_archive.DUMP, dump)
        _add_files(archive)
        if with_secrets:
            archive.add(_archive.SECRETS, io.BytesIO(json.dumps(_secrets()).encode()))
        archive.describe(manifest)
    return manifest


def _add_files(archive: _archive.Writer) -> None:
    """Uploads and results. Each has a name of its own and never changes; one removed meanwhile is left out."""
    folder = kith.env.env.data_dir / "files"
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                content = path.open("rb")
            except FileNotFoundError:
                continue
            with content:
                archive.add(f"{_archive.FILES}{path.relative_to(folder)}", content)


def _secrets() -> dict[str, Any]:
    """What values are encrypted and sessions signed with, from the environment or the file."""
    found = {name: value for name, value in secrets.known().items() if name not in LOCAL_SECRETS}
    given = {name: getattr(kith.env.env, name) for name in ("master_key", "pepper_key", "secret_key")}
    if given["master_key"]:
        masters = (given["master_key"], *kith.env.env.master_key_previous)
        # Without a key of their own look-ups stay with the oldest.
        found = {"pepper_key": masters[-1], **found, "master_key_previous": ",".join(masters[1:])}
    return {**found, **{name: value for name, value in given.items() if value}}


def _report(path: Path, manifest: dict[str, Any], with_secrets: bool) -> None:
    rows, size = sum(manifest["counts"].values()), path.stat().st_size
    click.echo(f"{path} holds {rows:,} rows of {len(manifest['counts'])} tables ({size / 1e6:,.1f} MB).")
    if with_secrets:
        click.echo("It holds the master key as well: whoever has this file can read everything.")
    else:
        place = "KITH_MASTER_KEY" if kith.env.env.master_key else kith.env.env.data_dir / "secrets.json"
        click.echo(
            f"The master key is not in it. Keep a copy of {place} somewhere else: without it "
            "phone numbers, addresses and bank accounts cannot be read after a restore."
        )
