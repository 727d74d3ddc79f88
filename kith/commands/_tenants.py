"""Which organizations a command is about."""

import click

from kith.tenants import queries
from kith.tenants.models import Tenant


def active(slug: str) -> Tenant:
    """The active organization of that short name. Raises a ClickException when there is none."""
    try:
        return queries.get_tenant(slug)
    except Tenant.DoesNotExist:
        raise _missing(slug) from None


def chosen(slug: str) -> list[Tenant]:
    """The organization of that short name, or all when it is empty. Raises a ClickException when there is none."""
    found = list((Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()).order_by("slug"))
    if slug and not found:
        raise _missing(slug)
    return found


def _missing(slug: str) -> click.ClickException:
    return click.ClickException(f"There is no organization called {slug}.")
