"""`kith ledger`: are the books sound?"""

import click

from kith.commands import _tenants
from kith.kit import tenancy
from kith.ledger import queries
from kith.payouts import queries as payouts
from kith.tenants.models import Tenant


@click.group(help="Look after the books.")
def command() -> None:
    """Groups what concerns the ledger."""


@command.command(
    "check",
    help="Recompute every balance, reward and withdrawal from the transfers; exit code 1 when one is wrong.",
)
@click.option("--tenant", "slug", default="", help="Only the organization with this short name.")
def check(slug: str) -> None:
    """Works while Kith runs; each organization is checked in a transaction of its own."""
    tenants = _tenants.chosen(slug)
    offences = sum(map(_check, tenants))
    if offences:
        raise click.ClickException(
            f"{offences} offence(s) in the ledger. Stop payouts until they are understood."
        )
    click.echo(f"The ledger is sound ({len(tenants)} organization(s) checked).")


def _check(tenant: Tenant) -> int:
    with tenancy.use(tenant.pk):
        offences = [found.sentence for found in queries.check()]
        offences += [found.sentence for found in payouts.money_offences()]
    for sentence in offences:
        click.echo(f"{tenant.slug}: {sentence}")
    return len(offences)
