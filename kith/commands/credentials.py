"""`kith credentials`: how to sign in to a demo installation."""

import json

import click

from kith.commands import _credentials, _installation
from kith.kit.embedded import CannotStart


@click.command(help="Print the sign-ins of a demo installation as JSON.")
def command() -> None:
    """Print `[{tenant, role, username, email, password, url}]`. Exit code 1 without demo data."""
    rows = _credentials.read()
    if not rows:
        raise CannotStart(
            "There are no demo sign-ins here: only an installation that loaded the demo data has them, "
            "after its first `kith run` with KITH_DEMO=true."
        )
    served = _installation.address()
    click.echo(json.dumps([{**row, "url": f"{served}/t/{row['tenant']}/"} for row in rows], indent=2))
