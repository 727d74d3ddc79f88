"""Who is acting: a plain value that actions, audit rows and events carry."""

from dataclasses import dataclass, field
from typing import Literal

ActorKind = Literal["member", "api_key", "participant", "public", "system", "operator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One caller inside one tenant; `permissions` are `feature.verb` words already resolved from the role."""

    kind: ActorKind
    id: str = ""
    label: str = ""
    tenant_id: int | None = None
    role: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    on_behalf_of: str = ""

    def may(self, permission: str) -> bool:
        """True when this actor holds the permission; the system itself always does."""
        return self.kind == "system" or permission in self.permissions

    @property
    def ref(self) -> str:
        """Short form stored on audit rows and journals, e.g. `member:0190…`."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @property
    def principal(self) -> str:
        """Whose hands these are: a key acts for the person who made it. What four-eyes rules compare."""
        return self.on_behalf_of or self.ref


SYSTEM = Actor(kind="system", label="Kith")
PUBLIC = Actor(kind="public")
OPERATOR = Actor(kind="operator", label="Operator")
"""Whoever calls `kith` on the command line."""
