"""Keys for an organization's own web pages: not secret, good from its own addresses only."""

import datetime
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import codes, web
from kith.kit.actors import Actor
from kith.kit.errors import Conflict, Invalid
from kith.referrals.models import SiteKey

PREFIX = "kith_pub_"
MOST_KEYS, MOST_ORIGINS = 20, 20
_HERE = {"localhost", "127.0.0.1"}


class SiteKeyLimit(Conflict):
    """More keys than an organization can have sites for."""

    code, message = "site_key_limit", _("There are %(limit)s site keys already. Revoke one first.")


@transaction.atomic
def create_site_key(*, name: str, origins: Sequence[str], actor: Actor, now: datetime.datetime) -> SiteKey:
    """A new key for pages of these origins. Raises SiteKeyLimit or Invalid."""
    wanted = _origins(origins)
    if SiteKey.objects.filter(revoked_at=None).count() >= MOST_KEYS:
        raise SiteKeyLimit(limit=MOST_KEYS)
    made: SiteKey = SiteKey.objects.create(
        name=_name(name), key=f"{PREFIX}{codes.random_token(15)}", origins=wanted, created_at=now
    )
    return made


@transaction.atomic
def change_site_key(
    *, site: SiteKey, name: str, origins: Sequence[str], actor: Actor, now: datetime.datetime
) -> None:
    """Another name and other origins, from now on. Raises Invalid."""
    site.name, site.origins = _name(name), _origins(origins)
    site.save(update_fields=["name", "origins"])


def revoke_site_key(*, site: SiteKey, actor: Actor, now: datetime.datetime) -> None:
    """Pages that still use the key are refused from now on."""
    SiteKey.objects.filter(pk=site.pk, revoked_at=None).update(revoked_at=now)


def _name(name: str) -> str:
    if not name.strip():
        raise Invalid(fields={"name": _("Give the site a name.")})
    return name.strip()[:60]


def _origins(given: Sequence[str]) -> list[str]:
    """Scheme, host and port of each address, once. Raises Invalid, naming the first that will not do."""
    found = list(dict.fromkeys(_origin(text) for text in given if text.strip()))
    if not 0 < len(found) <= MOST_ORIGINS:
        sentence = _("Name 1 to %(most)s addresses, one on each line.") % {"most": MOST_ORIGINS}
        raise Invalid(fields={"origins": sentence})
    return found


def _origin(text: str) -> str:
    address = web.address(text)
    parts = urlsplit(address or "")
    if address is None or not (parts.scheme == "https" or parts.hostname in _HERE):
        sentence = _("“%(text)s” is no address like https://www.example.com.") % {"text": text.strip()[:80]}
        raise Invalid(fields={"origins": sentence})
    standard = {"https": ":443", "http": ":80"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(standard)}"
