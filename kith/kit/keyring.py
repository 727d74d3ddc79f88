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

from kith import secrets as secrets_file

KEY_SIZE, NONCE_SIZE = 32, 12


class Undecryptable(Exception):
    """The value cannot be read: key destroyed, other key, other place, or altered bytes."""


@dataclass(frozen=True)
class Keyring:
    """The master keys: the first wraps, all unwrap. Look-ups have a root of their own.

    A blind index cannot be re-wrapped, so the key it comes from stays when master keys change.
    """

    masters: tuple[bytes, ...] = field(repr=False)
    root: bytes = field(repr=False)

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

    def seal(self, text: str, *, purpose: str) -> str:
        """A secret of the installation under the present key, as text that names the key's version."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        sealed = AESGCM(_derive(self.masters[0], f"seal:{purpose}")).encrypt(nonce, text.encode(), None)
        return f"{self.version}:{base64.b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, *, purpose: str) -> str:
        """The secret again. Raises Undecryptable when its master key is not configured, or when altered."""
        version, _, body = sealed.partition(":")
        master = next((key for key in self.masters if str(fingerprint(key)) == version), None)
        if master is None:
            raise Undecryptable("sealed by a master key that is not configured")
        try:
            blob = base64.b64decode(body, validate=True)
            key = AESGCM(_derive(master, f"seal:{purpose}"))
            return key.decrypt(blob[:NONCE_SIZE], blob[NONCE_SIZE:], None).decode()
        except (InvalidTag, ValueError):
            raise Undecryptable("the sealed secret was altered") from None

    def pepper(self, purpose: str, *, tenant_id: int) -> bytes:
        """32 bytes that make digests of one tenant and purpose incomparable with any other's."""
        return _derive(self.root, f"pepper:{purpose}:{tenant_id}")


def keyring() -> Keyring:
    """The configured master keys. Raises ImproperlyConfigured when one is not base64 of 32 bytes.

    Keys in the secrets file are those of this moment: a rotation reaches every process without a restart.
    Without `KITH_PEPPER_KEY` look-ups stay with the oldest master key.
    """
    if settings.KITH_KEYS_FOLLOWED:
        masters = secrets_file.master_keys()
    else:
        masters = (settings.KITH_MASTER_KEY, *settings.KITH_MASTER_KEY_PREVIOUS)
    return _keyring(masters, settings.KITH_PEPPER_KEY or masters[-1])


def _wrap_aad(tenant_id: int, subject_id: uuid.UUID) -> bytes:
    return f"{tenant_id}:subject_key:{subject_id}".encode()


@functools.lru_cache(maxsize=8)
def _keyring(encoded: tuple[str, ...], root: str) -> Keyring:
    found = []
    for text in (*encoded, root):
        try:
            master = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            master = b""
        if len(master) != KEY_SIZE:
            raise ImproperlyConfigured(
                "a master key is base64 of 32 bytes; make one with: openssl rand -base64 32"
            )
        found.append(master)
    return Keyring(tuple(found[:-1]), found[-1])


@functools.lru_cache(maxsize=1024)
def _derive(master: bytes, purpose: str) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=f"kith:v1:{purpose}".encode())
    return hkdf.derive(master)


def fingerprint(master: bytes) -> int:
    """The number by which a wrapped key names its master key; says nothing about the key."""
    return int.from_bytes(_derive(master, "fingerprint")[:4]) & 0x7FFFFFFF
