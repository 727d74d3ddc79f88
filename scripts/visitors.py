"""Browsers that are signed in to the demonstration of a running installation, for pictures and measurements."""

import os
from dataclasses import dataclass
from typing import Any

import django
import httpx

from kith.commands import _installation


@dataclass(frozen=True)
class Visitor:
    """Whose eyes: cookies of a member of staff, of a participant, or none; and where they start."""

    cookies: dict[str, str]
    home: str


@dataclass(frozen=True)
class Demonstration:
    """Address of the installation and who visits the demo organization `slug`."""

    url: str
    slug: str
    staff: Visitor
    participant: Visitor
    friend: Visitor


def demonstration(slug: str = "travel", role: str = "manager") -> Demonstration:
    """Sign a member and the busiest participant in. Exits with a sentence when nothing answers or nothing is there."""
    _installation.require_database()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kith.settings")
    django.setup()
    url = _installation.address()
    try:
        httpx.get(f"{url}/api/health", timeout=5).raise_for_status()
    except httpx.HTTPError:
        raise SystemExit(
            f"Nothing answers at {url}; start Kith with `make run` and wait until it says so."
        ) from None
    from kith.tenants.models import Tenant

    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise SystemExit(
            f"There is no demo organization {slug} here; an empty installation loads it when it starts."
        )
    return _signed_in(url, tenant, role)


def _signed_in(url: str, tenant: Any, role: str) -> Demonstration:
    from django.db.models import Count
    from django.test import Client

    from kith.kit import clock, tenancy
    from kith.kit.actors import SYSTEM
    from kith.participants import actions
    from kith.participants.models import Participant
    from kith.referrals.models import Referral
    from kith.tenants.access import portal_cookie
    from kith.tenants.models import Member

    client = Client()
    with tenancy.use(tenant.id):
        member = Member.objects.select_related("user").get(role=role, removed_at=None)
        counts = Referral.objects.values("referrer_id").annotate(number=Count("id")).order_by("-number")
        busiest = Participant.objects.get(pk=counts[0]["referrer_id"])
        opened = actions.start_portal_session(participant=busiest, person=None, actor=SYSTEM, now=clock.now())
    client.force_login(member.user)
    session = {name: cookie.value for name, cookie in client.cookies.items()}
    return Demonstration(
        url, tenant.slug, Visitor(session, f"/t/{tenant.slug}/"),
        Visitor({portal_cookie(tenant.slug): opened.token}, f"/p/{tenant.slug}/"),
        Visitor({}, f"/r/{busiest.code}/welcome"),
    )  # fmt: skip
