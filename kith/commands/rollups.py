"""`kith rollups`: do the figures agree with what happened?"""

import click

from kith.analytics import actions, queries
from kith.commands import _tenants
from kith.kit import tenancy
from kith.tenants.models import Tenant


@click.group(help="Look after the figures.")
def command() -> None:
    """Groups what concerns roll-ups."""


@command.command("check", help="Recompute every figure from events and clicks; exit code 1 when one differs.")
@click.option("--tenant", "slug", default="", help="Only the organization with this short name.")
@click.option("--repair", is_flag=True, help="Write the figures of an organization anew when one differs.")
def check(slug: str, repair: bool) -> None:
    """Works while Kith runs; each organization is checked, and repaired, in a transaction of its own."""
    tenants = _tenants.chosen(slug)
    differences = sum(_check(tenant, repair) for tenant in tenants)
    if differences and not repair:
        raise click.ClickException(
            f"{differences} figure(s) differ. `kith rollups check --repair` writes them anew."
        )
    told = f"{differences} figure(s) differed and were written anew" if differences else "The figures agree"
    click.echo(f"{told} ({len(tenants)} organization(s) checked).")


def _check(tenant: Tenant, repair: bool) -> int:
    with tenancy.use(tenant.pk):
        differences = queries.check()
        if differences and repair:
            actions.rebuild()
            if left := queries.check():
                raise click.ClickException(f"{tenant.slug}: after the repair still: {left[0].sentence}")
    for difference in differences:
        click.echo(f"{tenant.slug}: {difference.sentence}")
    return len(differences)
