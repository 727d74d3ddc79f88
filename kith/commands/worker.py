"""`kith worker`: runs background jobs."""

import click

from kith.kit import jobs


@click.command(help="Run background jobs until stopped.")
@click.option("--once", is_flag=True, help="Run what is queued now, then end.")
def command(once: bool) -> None:
    """Ends after the running jobs on SIGTERM or SIGINT."""
    jobs.run_worker(wait=not once)
