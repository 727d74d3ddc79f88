"""Background work of this feature."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore

from kith.audit import queries as audit
from kith.kit import clock, files, idempotency, jobs, limits, tenancy
from kith.tenants import actions, queries
from kith.tenants.models import Invitation, User
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


@jobs.job("tenants.send_reset", retry=5)
def send_reset(*, user_id: str, language: str, **_: Any) -> None:
    """Mail the link to choose a new password. Without a person there is nobody to write to."""
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is not None:
        mail.send_reset(user=user, language=language)


@jobs.job("tenants.send_unlock", retry=5)
def send_unlock(*, user_id: str, language: str, **_: Any) -> None:
    """Mail the link that lifts the lock of an account. Without a person there is nobody to write to."""
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is not None:
        token = actions.unlock_token(user=user, now=clock.now())
        mail.send_unlock(user=user, token=token, language=language)


@jobs.job("tenants.send_code", retry=5)
def send_code(*, user_id: str, language: str, **_: Any) -> None:
    """Mail a code to sign in with, where that is allowed. Without a person there is nobody to write to."""
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    code = actions.make_code(user=user) if user else ""
    if user is not None and code:
        mail.send_code(user=user, code=code, language=language)


@jobs.job("tenants.send_notice", retry=5)
def send_notice(*, user_id: str, what: str, **_: Any) -> None:
    """Tell somebody that the way they sign in has changed."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        mail.send_notice(user=user, what=what)


@jobs.job("kit.forget_old")
def forget_old(**_: Any) -> None:
    """Hourly housekeeping: what is past its time of idempotency keys, jobs' files, counters, sessions and tokens."""
    now = clock.now()
    idempotency.forget_old(now)
    limits.forget_expired()
    SessionStore.clear_expired()
    for tenant_id in queries.active_tenant_ids():
        with tenancy.use(tenant_id):
            files.remove_old(now)
            actions.forget_expired_tokens(now=now)


@jobs.job("tenants.mail_heads")
def mail_heads(**_: Any) -> None:
    """Daily: one message per organization that wants it; nobody reads those of demonstrations."""
    head = audit.head()
    if head is None:
        return
    for tenant_id in queries.active_tenant_ids():
        with tenancy.use(tenant_id):
            if queries.setting("audit.mail_head") and not queries.current_tenant().is_demo:
                jobs.enqueue(
                    "tenants.send_head", tenant_id=tenant_id, number=head.number, hash=bytes(head.hash).hex()
                )


@jobs.job("tenants.send_head", retry=5)
def send_head(*, tenant_id: int, number: int, hash: str, **_: Any) -> None:
    """The hash of a block to the organization's owners, outside the reach of whoever may change the database."""
    with tenancy.use(tenant_id):
        tenant, owners = queries.current_tenant(), queries.owner_addresses()
    if owners:
        mail.send_head(tenant=tenant, to=owners, number=number, hash=hash)
