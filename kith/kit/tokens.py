"""Signed access tokens (JWT, RS256): the newest key signs, the ones before it verify for a while.

Keys are kept in the secrets file as {name: PEM}, oldest first. A name is the moment the key was made, which
is when the one before it retired. Every process looks into the file again, so a new key needs no restart.
"""

import datetime
import functools
import json
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils.translation import gettext_lazy as _

from kith import secrets
from kith.kit.errors import NotSignedIn

ALGORITHM = "RS256"
ISSUER = "kith"
OVERLAP = datetime.timedelta(minutes=15)
"""How long a retired key still verifies; no token lives longer."""

_SECRET = "jwt_keys"
_NAME = "%Y%m%dT%H%M%S.%fZ"


class TokenInvalid(NotSignedIn):
    """The access token is malformed, altered or expired."""

    code, message = "token_invalid", _("The access token is not valid any more. Refresh it or sign in again.")


def sign(claims: dict[str, Any], *, now: datetime.datetime, lifetime: datetime.timedelta) -> str:
    """A token with `claims`, issued at `now`. Raises ValueError for a lifetime longer than OVERLAP."""
    if lifetime > OVERLAP:
        raise ValueError(f"a token may live for {OVERLAP} at most, or it would outlive its key")
    name, key = list(_keys().items())[-1]
    body = {**claims, "iss": ISSUER, "iat": now, "exp": now + lifetime}
    return jwt.encode(body, key, algorithm=ALGORITHM, headers={"kid": name})


def verify(token: str, *, now: datetime.datetime) -> dict[str, Any]:
    """The claims of a token that is valid at `now`. Raises TokenInvalid."""
    try:
        keys, name = _keys(), jwt.get_unverified_header(token).get("kid", "")
        if name not in _verifying(keys, now):
            raise TokenInvalid
        claims: dict[str, Any] = jwt.decode(
            token,
            keys[name].public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # Against `now`, below: the library would ask another clock.
            options={"require": ["exp", "iat", "sub"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError:
        raise TokenInvalid from None
    if claims["exp"] <= now.timestamp():
        raise TokenInvalid
    return claims


def rotate(*, now: datetime.datetime, keep_former: bool = True) -> str:
    """Make the key that signs from now on, in every process. Returns its name.

    Tokens signed before stay valid until they expire; with `keep_former=False`, for a key that has leaked,
    they end at once and clients have to refresh.
    """
    name = now.astimezone(datetime.UTC).strftime(_NAME)

    def alter(text: str | None) -> str:
        known: dict[str, str] = json.loads(text) if text else {}
        kept = {each: pem for each, pem in known.items() if each in _verifying(known, now)}
        return json.dumps({**(kept if keep_former else {}), name: _new_pem()})

    secrets.change(_SECRET, alter)
    return name


def _verifying(names: Iterable[str], now: datetime.datetime) -> set[str]:
    """The keys that still count: the newest, and those whose successor is younger than OVERLAP."""
    ordered = list(names)
    made = [datetime.datetime.strptime(name, _NAME).replace(tzinfo=datetime.UTC) for name in ordered[1:]]
    retired = [name for name, successor in zip(ordered, made, strict=False) if successor + OVERLAP <= now]
    return set(ordered) - set(retired)


def _keys() -> dict[str, rsa.RSAPrivateKey]:
    # Read each time, which takes less than checking a signature: another process may have made a new key.
    return _loaded(secrets.stored(_SECRET, make=_first))


@functools.lru_cache(maxsize=1)
def _loaded(stored: str) -> dict[str, rsa.RSAPrivateKey]:
    return {
        name: serialization.load_pem_private_key(pem.encode(), password=None)  # type: ignore[misc]
        for name, pem in json.loads(stored).items()
    }


def _first() -> str:
    return json.dumps({"k1": _new_pem()})


def _new_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
