"""`kith scheduler`: delivers events and enqueues what is due by the clock."""

import click

from kith.kit import schedule


@click.command(help="Deliver events and queue what is due, until stopped.")
def command() -> None:
    """Several may run; each due job is queued once."""
    schedule.run()
