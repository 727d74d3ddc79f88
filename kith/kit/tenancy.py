"""The tenant in force: one scope per transaction, told to the database, checked by the manager.

Two of the four fences are here. The manager refuses to build a query while no tenant is in force, and
each transaction carries `app.tenant_id` for PostgreSQL's row-level security, so a page that forgets to
ask still sees nothing of another tenant.
"""

import contextlib
import contextvars
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import connection, models, transaction

from kith.kit import patience
from kith.kit.actors import SYSTEM, Actor
from kith.kit.ids import uuid7
from kith.kit.provision import SYSTEM_ROLE


class NoTenant(RuntimeError):
    """A tenant-owned table was asked for while no tenant is in force: a bug, never an answer."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the running transaction may see, and in whose name it writes."""

    tenant_id: int | None
    actor: Actor
    request_id: str = ""
    across: bool = False


_scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("kith_scope", default=None)
_request_id: contextvars.ContextVar[str] = contextvars.ContextVar("kith_request_id", default="")


def current() -> Scope:
    """The scope in force. Raises NoTenant when there is none."""
    scope = _scope.get()
    if scope is None:
        raise NoTenant("no tenant is in force; enter one with tenancy.use(tenant_id)")
    return scope


def current_tenant_id() -> int:
    """Integer id of the tenant in force. Raises NoTenant outside a scope or while crossing tenants."""
    scope = current()
    if scope.tenant_id is None:
        raise NoTenant("crossing tenants: enter one with tenancy.use(tenant_id)")
    return scope.tenant_id


def current_actor() -> Actor:
    """The actor in force, SYSTEM outside any scope."""
    scope = _scope.get()
    return scope.actor if scope else SYSTEM


def current_request_id() -> str:
    """The id of the request in force, also before it is known whose it is; empty outside one."""
    scope = _scope.get()
    return (scope.request_id if scope else "") or _request_id.get()


@contextlib.contextmanager
def answering(request_id: str) -> Iterator[None]:
    """Whatever is written inside, by whomever, came with this request."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


@contextlib.contextmanager
def use(tenant_id: int | None, *, actor: Actor = SYSTEM, request_id: str = "") -> Iterator[Scope]:
    """Put a tenant in force for one transaction.

    Opens `transaction.atomic()`, tells the database the tenant, actor and request, and restores the
    surrounding scope afterwards. Nested calls are allowed; the inner one is a savepoint. Raises NoTenant
    for an unsaved tenant.
    """
    if tenant_id is None:
        raise NoTenant("this tenant has no id yet")
    with _entered(Scope(tenant_id, actor, request_id or current_request_id())) as scope:
        yield scope


@contextlib.contextmanager
def across_tenants(reason: str, *, actor: Actor = SYSTEM) -> Iterator[Scope]:
    """The named escape: a transaction that sees every tenant, for the platform's own work.

    `reason` is for whoever greps for this name; it must say why one tenant is not enough.
    """
    if not reason:
        raise ValueError("say why one tenant is not enough")
    with _entered(Scope(None, actor, current_request_id(), across=True)) as scope:
        yield scope


@contextlib.contextmanager
def _entered(scope: Scope) -> Iterator[Scope]:
    outer = _scope.get()
    token = _scope.set(scope)
    try:
        with transaction.atomic():
            _tell_database(scope, patience.current().settings() if outer is None else {})
            yield scope
            # Only on the way out of a nested block: a failed one is rolled back to its savepoint,
            # which restores these settings by itself.
            if outer is not None:
                _tell_database(outer, {})
    finally:
        _scope.reset(token)


def _tell_database(scope: Scope, limits: Mapping[str, str]) -> None:
    """Limits hold to the end of the transaction, so the outermost scope sets them; what is inside may shorten them."""
    from kith.kit import crypto  # crypto asks this module for the tenant in force

    values = {
        "role": SYSTEM_ROLE if scope.across else "none",
        "app.tenant_id": "" if scope.tenant_id is None else str(scope.tenant_id),
        "app.actor": scope.actor.ref,
        "app.request_id": scope.request_id,
        "app.pepper": crypto.audit_pepper(scope.tenant_id) if scope.tenant_id is not None else "",
        **limits,
    }
    statement = "select " + ", ".join(f"set_config('{name}', %s, true)" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values.values()))


M = TypeVar("M", bound=models.Model)


class TenantManager(models.Manager[M]):
    """Refuses to query without a tenant in force; filters to it otherwise."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Rows of the tenant in force; every tenant's while crossing. Raises NoTenant outside a scope."""
        scope = current()
        rows = super().get_queryset()
        return rows if scope.across else rows.filter(tenant_id=scope.tenant_id)


class TenantForeignKey(models.ForeignKey):
    """A reference to another tenant-owned row.

    The database constraint is the composite `(tenant_id, x_id)` that the migration's `Fence` adds, so
    the single-column one is left out.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)


class TenantOwned(models.Model):
    """A table of which each row belongs to one tenant."""

    class Fence:
        """What the table's `Fence` in the migration must say as well; a guard compares the two."""

        pii: ClassVar[tuple[str, ...]] = ()
        secret: ClassVar[tuple[str, ...]] = ()
        audit: ClassVar[bool] = True
        writes: ClassVar[str] = "all"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No index of its own: the key (tenant_id, id) that every fenced table has begins with it.
    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.PROTECT,
        default=current_tenant_id,
        db_index=False,
        related_name="+",
        editable=False,
    )

    objects: ClassVar[TenantManager[Any]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
