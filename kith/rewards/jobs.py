"""What rewards do by the clock."""

from typing import Any

from kith.kit import clock, tenancy
from kith.kit.jobs import job
from kith.rewards import actions
from kith.tenants import queries as tenants

AT_ONCE = 500


@job("rewards.mature_due")
def mature_due(**_: Any) -> None:
    """Make available whatever is due, in every organization, a batch per transaction."""
    for tenant_id in tenants.active_tenant_ids():
        while _mature_some(tenant_id) == AT_ONCE:
            continue


def _mature_some(tenant_id: int) -> int:
    with tenancy.use(tenant_id):
        return actions.mature_due(now=clock.now(), limit=AT_ONCE)
