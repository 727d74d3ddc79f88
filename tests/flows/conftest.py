"""An organization of its own for each story, with people who can sign in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from kith.kit import clock, codes, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.presets import actions as presets
from kith.tenants import actions as members
from kith.tenants import queries as tenants
from kith.tenants.models import Tenant

DEBTOR_IBAN = "NL91ABNA0417164300"


@dataclass(frozen=True)
class Organization:
    """A travel organization of its own, with a paying account, and how its owner, admin and manager sign in."""

    tenant: Tenant
    passwords: Mapping[str, str]

    def username(self, role: str) -> str:
        """The user name of the member with that role."""
        return f"{self.tenant.slug}-{role}"

    def actor(self, role: str) -> Actor:
        """The member with that role."""
        with tenancy.use(self.tenant.id):
            return tenants.member_actor(next(row for row in tenants.members() if row.role == role))


@pytest.fixture
def organization(committed: Any) -> Organization:
    """Set up from the preset, with nobody and nothing else in it."""
    slug, now = f"travel-{codes.referral_code().lower()}", clock.now()
    passwords = {role: codes.random_token(12) for role in ("owner", "admin", "manager")}
    owner = presets.Owner(f"{slug}-owner", f"owner@{slug}.example.com", "Olga Owner", passwords["owner"])
    tenant = presets.load_preset(
        code="travel", slug=slug, name="Wandelvogel", owner=owner, actor=SYSTEM, now=now
    )
    with tenancy.use(tenant.id):
        for role in ("admin", "manager"):
            user = members.create_user(
                username=f"{slug}-{role}", email=f"{role}@{slug}.example.com", name=f"{role.title()} Person",
                password=passwords[role], now=now,
            )  # fmt: skip
            members.add_member(user=user, role=role, now=now)
        for key, value in (("name", tenant.name), ("iban", DEBTOR_IBAN)):
            members.set_setting(key=f"payouts.debtor_{key}", value=value, actor=SYSTEM, now=now)
    return Organization(tenant, passwords)
