"""Background work of programs."""

from typing import Any

from kith.kit import clock, files, jobs, tenancy
from kith.programs import actions
from kith.tenants.queries import active_tenant_ids


@jobs.job("programs.forget_pictures")
def forget_pictures(**_: Any) -> None:
    """Daily: remove the pictures that no landing page shows any more."""
    now = clock.now()
    for tenant_id in active_tenant_ids():
        with tenancy.use(tenant_id):
            unused = actions.forget_unused_pictures(now=now)
        with tenancy.use(tenant_id):
            for name in unused:
                files.remove(name)
