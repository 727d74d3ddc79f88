"""The master keys, and what is derived from them: each tenant's key-encryption key and peppers."""

import base64
import binascii
import functools
import secrets
import uuid
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_SIZE, NONCE_SIZE = 32, 12


class Undecryptable(Exception):
    """The value cannot be read: key destroyed, other key, other place, or altered bytes."""


@dataclass(frozen=True)
class Keyring:
    """The master keys: the first wraps, all unwrap; the last (oldest) peppers the look-ups.

    Look-ups stay with the oldest key because a blind index cannot be re-wrapped: drop that key from the
    list only together with a rebuild of every blind index.
    """

    masters: tuple[bytes, ...] = field(repr=False)

    @property
    def version(self) -> int:
        """Version of the key in use: its fingerprint, so that dropping an old key renumbers nothing."""
        return fingerprint(self.masters[0])

    def wrap(self, key: bytes, *, tenant_id: int, subject_id: uuid.UUID) -> bytes:
        """The subject key under the tenant's key of the present version."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        kek = _derive(self.masters[0], f"kek:{tenant_id}")
        return nonce + AESGCM(kek).encrypt(nonce, key, _wrap_aad(tenant_id, subject_id))

    def unwrap(self, wrapped: bytes, *, tenant_id: int, subject_id: uuid.UUID, version: int) -> bytes:
        """The subject key. Raises Undecryptable when its master key is not configured, or when altered."""
        master = next((key for key in self.masters if fingerprint(key) == version), None)
        if master is None:
            raise Undecryptable("wrapped by a master key that is not configured")
        kek = _derive(master, f"kek:{tenant_id}")
        try:
            aad = _wrap_aad(tenant_id, subject_id)
            return AESGCM(kek).decrypt(wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], aad)
        except (InvalidTag, ValueError):
            raise Undecryptable("the wrapped key was altered or moved") from None

    def pepper(self, purpose: str, *, tenant_id: int) -> bytes:
        """32 bytes that make digests of one tenant and purpose incomparable with any other's."""
        return _derive(self.masters[-1], f"pepper:{purpose}:{tenant_id}")


def keyring() -> Keyring:
    """The configured master keys. Raises ImproperlyConfigured when one is not base64 of 32 bytes.

    `KITH_MASTER_KEY_PREVIOUS` lists retired keys, newest first.
    """
    return _keyring((settings.KITH_MASTER_KEY, *getattr(settings, "KITH_MASTER_KEY_PREVIOUS", ())))


def _wrap_aad(tenant_id: int, subject_id: uuid.UUID) -> bytes:
    return f"{tenant_id}:subject_key:{subject_id}".encode()


@functools.lru_cache(maxsize=8)
def _keyring(encoded: tuple[str, ...]) -> Keyring:
    masters = []
    for text in encoded:
        try:
            master = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            master = b""
        if len(master) != KEY_SIZE:
            raise ImproperlyConfigured(
                "a master key is base64 of 32 bytes; make one with: openssl rand -base64 32"
            )
        masters.append(master)
    return Keyring(tuple(masters))


@functools.lru_cache(maxsize=1024)
def _derive(master: bytes, purpose: str) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=f"kith:v1:{purpose}".encode())
    return hkdf.derive(master)


def fingerprint(master: bytes) -> int:
    """The number by which a wrapped key names its master key; says nothing about the key."""
    return int.from_bytes(_derive(master, "fingerprint")[:4]) & 0x7FFFFFFF
