"""Browsers in which somebody is signed in."""

import datetime
import ipaddress

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from kith.kit.errors import NotFound
from kith.tenants.models import User

_SHORTENED = {4: 24, 6: 48}


def note_session(*, user: User, key: str, address: str, browser: str, now: datetime.datetime) -> None:
    """Remember where a session was seen last. Of the address only the network is kept."""
    UserSession.objects.update_or_create(
        session_key=key,
        defaults={"user": user, "ip": network_of(address), "user_agent": browser[:200], "last_seen_at": now},
        create_defaults={
            "user": user, "ip": network_of(address), "user_agent": browser[:200], "last_seen_at": now,
            "created_at": now,
        },
    )  # fmt: skip


def network_of(address: str) -> str:
    """The network an address is in, which says roughly where, and not who."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "0.0.0.0"  # noqa: S104
    bits = _SHORTENED[found.version]
    return str(ipaddress.ip_network(f"{found}/{bits}", strict=False).network_address)


@transaction.atomic
def end_session(*, user: User, session_id: int) -> None:
    """Sign one browser of the person out. Raises NotFound for another person's."""
    row = UserSession.objects.select_for_update().filter(pk=session_id, user=user).first()
    if row is None:
        raise NotFound
    _end(row)


@transaction.atomic
def end_other_sessions(*, user: User, key: str) -> int:
    """Sign every browser of the person out but the one with that key; how many that were."""
    rows = UserSession.objects.select_for_update().filter(user=user).exclude(session_key=key).order_by("pk")
    for row in (found := list(rows)):
        _end(row)
    return len(found)


def _end(row: UserSession) -> None:
    SessionStore().delete(row.session_key)
    row.delete()
