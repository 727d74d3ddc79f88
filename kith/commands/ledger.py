"""`kith ledger`: are the books sound?"""

import click

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
    tenants = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()
    found = list(tenants.order_by("slug").values_list("id", "slug"))
    if slug and not found:
        raise click.ClickException(f"There is no organization called {slug}.")
    offences = sum(_check(tenant_id, name) for tenant_id, name in found)
    if offences:
        raise click.ClickException(
            f"{offences} offence(s) in the ledger. Stop payouts until they are understood."
        )
    click.echo(f"The ledger is sound ({len(found)} organization(s) checked).")


def _check(tenant_id: int, name: str) -> int:
    with tenancy.use(tenant_id):
        offences = [found.sentence for found in queries.check()]
        offences += [found.sentence for found in payouts.money_offences()]
    for sentence in offences:
        click.echo(f"{name}: {sentence}")
    return len(offences)
