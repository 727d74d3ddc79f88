"""`kith export`: write customers into a file."""

from typing import IO

import click

from kith.commands.import_ import OPERATOR, find_tenant
from kith.kit import tenancy
from kith.participants import actions, queries


@click.group(help="Write data into files.")
def command() -> None:
    """Groups the kinds of files."""


@command.command("customers", help="Write every customer into FILE, or to the screen with -.")
@click.argument("file", type=click.File("wb"))
@click.option("--tenant", "slug", required=True, help="Short name of the organization.")
@click.option(
    "--format", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="Kind of file."
)
def customers(file: IO[bytes], slug: str, format: actions.Format) -> None:
    """Streams, so that the size does not matter."""
    tenant = find_tenant(slug)
    with tenancy.use(tenant.id, actor=OPERATOR):
        rows = queries.export_rows()
        for piece in actions.as_csv(rows) if format == "csv" else actions.as_json(rows):
            file.write(piece)
