"""`kith audit`: is the trail as it was written?"""

import re

import click

from kith.audit import queries
from kith.commands import _tenants
from kith.kit import clock, tenancy
from kith.tenants.models import Tenant


@click.group(help="Look after the audit trail.")
def command() -> None:
    """Groups what concerns the trail."""


@command.command(
    "verify", help="Compare the trail and the ledger with the sealed chain; exit code 1 on a difference."
)
@click.option("--tenant", "slug", default="", help="Only the rows of the organization with this short name.")
@click.option(
    "--head", "heads", multiple=True, help="A hash that was exported; it must still be in the chain."
)
def verify(slug: str, heads: tuple[str, ...]) -> None:
    """Works while Kith runs, as the application's own role."""
    for head in heads:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", head):
            raise click.ClickException(
                f"--head {head} is not a hash; give the 64 characters that were exported."
            )
    tenant = _tenants.chosen(slug)[0] if slug else None
    scope = (
        tenancy.use(tenant.pk) if tenant else tenancy.across_tenants("the chain runs over everybody's rows")
    )
    with scope:
        report = queries.verify(now=clock.now(), tenant_id=tenant.pk if tenant else None, heads=heads)
        names = _names({found.tenant_id for found in report.findings})
    for found in report.findings:
        owner = f"{names[found.tenant_id]}: " if found.tenant_id in names else ""
        click.echo(owner + found.sentence)
    if report.findings:
        raise click.ClickException(
            f"{len(report.findings)} difference(s). Keep the database as it is and find out why."
        )
    click.echo(f"The trail is as it was sealed ({report.rows} rows in {report.blocks} blocks).")


def _names(tenant_ids: set[int | None]) -> dict[int | None, str]:
    return dict(
        Tenant.objects.filter(pk__in=[found for found in tenant_ids if found]).values_list("pk", "slug")
    )


@command.command("head", help="Print the last block of the chain: time, number and hash.")
def head() -> None:
    """The line that an export would write now."""
    last = queries.head()
    if last is None:
        raise click.ClickException("Nothing is sealed yet; the worker does so once a minute.")
    click.echo(f"{last.sealed_at:%Y-%m-%dT%H:%M:%SZ} {last.number} {bytes(last.hash).hex()}")
