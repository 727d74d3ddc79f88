"""`kith migrate`: roles, extensions and tables brought up to date, or back to a former release."""

import click

from kith.commands import _installation, _releases


@click.command(help="Make roles and extensions, and bring the tables up to date as the owner.")
@click.option(
    "--to-release", type=click.Choice(list(_releases.STATES)),
    help="Bring the tables to the state of that release instead; what later ones added is lost. Stop Kith first.",
)  # fmt: skip
def command(to_release: str | None) -> None:
    """Works while Kith runs as well; an embedded server that was not running is stopped again."""
    if _installation.uses_embedded() and _installation.cluster().running():
        _installation.resolve()
        _migrate(to_release)
        return
    with _installation.database(click.echo):
        _migrate(to_release)


def _migrate(release: str | None) -> None:
    _installation.boot()
    if release:
        _installation.migrate_to(_releases.STATES[release])
        click.echo(f"The tables are as Kith {release} knows them; install that version now.")
        return
    done = _installation.migrate(click.echo)
    click.echo("The tables are up to date." if done else "The tables were up to date already.")
