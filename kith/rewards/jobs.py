"""What rewards do by the clock, and decisions about many referrals."""

from collections import Counter
from typing import Any

from kith.kit import clock, jobs, tenancy
from kith.kit.jobs import job
from kith.kit.models import Job
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


@job("rewards.decide_many")
@jobs.tracked
def decide_many(row: Job) -> dict[str, Any]:
    """Take one step with many referrals, a piece per transaction. Begun again, it goes on after the last piece.

    Whoever asked must still be allowed to when their piece comes.
    """
    step, ids, reason = row.params["step"], row.params["ids"], row.params["reason"]
    counts, done = Counter(row.counts), row.done
    for piece in actions.pieces(ids, done):
        asker = tenants.actor_of(row.tenant_id, row.created_by)
        with tenancy.use(row.tenant_id, actor=asker):
            counts += actions.decide_piece(
                step=step, ids=piece, reason=reason, actor=asker, now=row.created_at
            )
        done += len(piece)
        jobs.progress(row, done=done, total=len(ids), counts=counts)
    return {"counts": counts, "done": done, "total": len(ids)}
