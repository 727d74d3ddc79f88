"""Signed access tokens (JWT, RS256). The newest key signs; every kept key verifies."""

import datetime
import functools
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils.translation import gettext_lazy as _

from kith import secrets
from kith.kit.errors import NotSignedIn

ALGORITHM = "RS256"
ISSUER = "kith"


class TokenInvalid(NotSignedIn):
    """The access token is malformed, altered or expired."""

    code, message = "token_invalid", _("The access token is not valid any more. Refresh it or sign in again.")


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps({"k1": pem.decode()})


@functools.cache
def _keys() -> dict[str, rsa.RSAPrivateKey]:
    stored = json.loads(secrets.stored("jwt_keys", make=_new_key))
    return {
        name: serialization.load_pem_private_key(pem.encode(), password=None)  # type: ignore[misc]
        for name, pem in stored.items()
    }


def sign(claims: dict[str, Any], *, now: datetime.datetime, lifetime: datetime.timedelta) -> str:
    """A token with `claims`, issued at `now`."""
    name, key = list(_keys().items())[-1]
    body = {**claims, "iss": ISSUER, "iat": now, "exp": now + lifetime}
    return jwt.encode(body, key, algorithm=ALGORITHM, headers={"kid": name})


def verify(token: str) -> dict[str, Any]:
    """The claims of a valid token. Raises TokenInvalid."""
    try:
        key = _keys()[jwt.get_unverified_header(token).get("kid", "")]
        return jwt.decode(
            token,
            key.public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub"]},
        )
    except (jwt.PyJWTError, KeyError):
        raise TokenInvalid from None
