"""`kith migrate`: roles, extensions, tables and the pages' files brought up to date."""

import click

from kith.commands import _installation


@click.command(help="Make roles and extensions, and bring tables and the pages' files up to date.")
def command() -> None:
    """Works while Kith runs as well; an embedded server that was not running is stopped again."""
    if _installation.uses_embedded() and _installation.cluster().running():
        _installation.resolve()
        _migrate()
        return
    with _installation.database(click.echo):
        _migrate()


def _migrate() -> None:
    _installation.boot()
    done = _installation.migrate(click.echo)
    click.echo("The tables are up to date." if done else "The tables were up to date already.")
    _installation.collect_static(click.echo)
