"""`kith demo`: the demonstration data and the tour through it."""

import secrets
import time
from collections.abc import Mapping, Sequence

import click

from kith.commands import _credentials, _installation
from kith.presets import demo, story
from kith.presets.providers.client import Client, Refused, Unreachable

NEEDED = ("manager", "admin")


@click.group(help="Demonstration data, and a tour through the main job.")
def command() -> None:
    """Groups what concerns the demonstration."""


@command.command("load", help="Load the demo organizations into an empty installation.")
def load() -> None:
    """Does nothing where an organization exists."""
    began = time.monotonic()
    if not demo.load_once():
        click.echo("There are organizations already; nothing was loaded.")
        return
    click.echo(f"The demo organizations were loaded in {time.monotonic() - began:.0f} s.")
    click.echo("`kith credentials` prints how to sign in.")


@command.command(
    "story", help="Tell the travel company's story step by step, through a running installation."
)
@click.option("--url", default="", help="Address of the installation; this one's when left out.")
@click.option("--tenant", default="travel", help="Short name of the organization it happens in.")
def tell(url: str, tenant: str) -> None:
    """Import, link, click, booking, approval, hold, batch, bank file, paid; with what changed after each step."""
    address = (url or _installation.address()).rstrip("/")
    rows = [row for row in _credentials.read() if row["tenant"] == tenant and row["role"] in NEEDED]
    if len(rows) < len(NEEDED):
        raise click.ClickException(
            f"There are no demo sign-ins for {tenant} here; the story needs the demo data of `kith run`."
        )
    click.echo(f"The travel company's story, at {address}, organization {tenant}.")
    try:
        told = story.Story(
            url=address, staff=_staff(address, rows), say=click.echo, meanwhile=lambda: None,
            mark=secrets.token_hex(3).upper(),
        )  # fmt: skip
        told.tell()
    except Unreachable:
        raise click.ClickException(
            f"Nothing answers at {address}; start Kith with `make run`, or name its address with --url."
        ) from None
    except (Refused, story.StoryBroken) as stop:
        raise click.ClickException(str(stop)) from None
    click.echo(f"\nThat was the whole story. See it in the console: {address}/t/{tenant}/")


def _staff(address: str, rows: Sequence[Mapping[str, str]]) -> dict[str, Client]:
    return {
        row["role"]: Client(address).sign_in(row["username"], row["password"], row["tenant"]) for row in rows
    }
