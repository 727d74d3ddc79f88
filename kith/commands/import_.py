"""`kith import`: bring in customers from a file, now and in this process."""

from typing import IO, Any

import click
from django.core.files.storage import default_storage

from kith.commands import _tenants
from kith.kit import clock
from kith.kit.actors import OPERATOR
from kith.kit.errors import DomainError
from kith.participants import actions
from kith.tenants.models import Tenant

READING = {
    "columns_ignored": "Columns not used", "columns_kept": "Columns kept as they are", "sheet": "Sheet",
    "other_sheets": "Sheets not read", "dates": "Dates like 3-2-2026 were read as",
}  # fmt: skip


@click.group(help="Bring in data from files.")
def command() -> None:
    """Groups the kinds of files."""


@command.command(
    "customers", help="Import customers from a CSV, .xlsx or JSON file; exit code 1 when nothing was stored."
)
@click.argument("file", type=click.File("rb"))
@click.option("--tenant", "slug", required=True, help="Short name of the organization.")
@click.option(
    "--mode", type=click.Choice(["all-or-nothing", "skip-bad-rows"]), default="all-or-nothing", show_default=True,
    help="Whether one bad row keeps all others out.",
)  # fmt: skip
@click.option("--keep-columns", is_flag=True, help="Store columns with unknown headings with each person.")
@click.option("--sheet", default="", help="Name of the sheet of a workbook; the first one unless said.")
def customers(file: IO[bytes], slug: str, **how: Any) -> None:
    """Shows a bar, then the counts and where the list of bad rows is."""
    tenant = _tenants.active(slug)
    if not file.seekable():
        raise click.ClickException("Give the name of a file; what comes through a pipe cannot be read twice.")
    try:
        done = _run(tenant, file, how)
    except actions.RowsRefused as refused:
        outcome = refused.details["job"]
        _say(outcome["counts"], outcome["error_file"])
        raise click.ClickException(refused.text) from None
    except DomainError as refused:
        raise click.ClickException(refused.text) from None
    _say(done.counts, done.error_file)
    for name, words in READING.items():
        if name in done.reading:
            found = done.reading[name]
            click.echo(f"{words}: {found if isinstance(found, str) else ', '.join(found)}")


def _run(tenant: Tenant, file: IO[bytes], how: dict[str, Any]) -> actions.Imported:
    with click.progressbar(length=1000, label=f"Importing into {tenant.name}") as bar:

        def progress(done: int, of: int) -> None:
            bar.update(max(0, 1000 * done // max(of, 1) - bar.pos))

        return actions.import_customers(
            tenant_id=tenant.id, stream=file, **how, source="command", actor=OPERATOR, now=clock.now(),
            progress=progress,
        )  # fmt: skip


def _say(counts: dict[str, int], error_file: str) -> None:
    click.echo(", ".join(f"{number:,} {word}" for word, number in counts.items()))
    if error_file:
        click.echo(f"The bad rows and their remedies: {_place(error_file)}")


def _place(name: str) -> str:
    try:
        return default_storage.path(name)
    except NotImplementedError:  # not on this machine's disk
        return name
