"""`kith export`: write customers into a file."""

from typing import IO

import click

from kith.commands import _tenants
from kith.kit import tenancy
from kith.kit.actors import OPERATOR
from kith.kit.tables import Format
from kith.participants import actions


@click.group(help="Write data into files.")
def command() -> None:
    """Groups the kinds of files."""


@command.command("customers", help="Write every customer into FILE, or to the screen with -.")
@click.argument("file", type=click.File("wb"))
@click.option("--tenant", "slug", required=True, help="Short name of the organization.")
@click.option(
    "--format", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="Kind of file."
)
def customers(file: IO[bytes], slug: str, format: Format) -> None:
    """Streams, so that the size does not matter."""
    tenant = _tenants.active(slug)
    with tenancy.use(tenant.id, actor=OPERATOR):
        file.writelines(actions.everybody(format=format))
