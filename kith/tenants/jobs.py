"""Background work of this feature."""

from typing import Any

from kith.kit import clock, files, idempotency, jobs, limits, tenancy
from kith.tenants import actions, queries
from kith.tenants.models import Invitation
from kith.tenants.providers import mail


@jobs.job("tenants.send_invitation", retry=5)
def send_invitation(*, tenant_id: int, invitation_id: str, **_: Any) -> None:
    """Mail the link of an invitation, unless it is gone. Run twice, the later mail has the link that works."""
    with tenancy.use(tenant_id):
        row = (
            Invitation.objects.select_related("tenant")
            .filter(pk=invitation_id, accepted_at=None, withdrawn_at=None)
            .first()
        )
        token = actions.renew_link(invitation=row) if row else ""
    if row is not None:
        mail.send_invitation(invitation=row, token=token)


@jobs.job("kit.forget_old")
def forget_old(**_: Any) -> None:
    """Hourly housekeeping: idempotency keys and jobs' files past their week, counting windows past their end."""
    now = clock.now()
    idempotency.forget_old(now)
    limits.forget_expired()
    for tenant_id in queries.active_tenant_ids():
        with tenancy.use(tenant_id):
            files.remove_old(now)
