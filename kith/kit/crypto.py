"""Encryption of single values, and look-ups without clear text.

Three levels of keys: the master key (settings) derives one key-encryption key per tenant; that wraps one
random data key per subject, usually a person. Destroying the subject's key makes all of the person's
values unreadable, in backups too once those rotate. Changing the master key re-wraps keys, never values.

A value is AES-256-GCM: `version 1 | key id 4 | nonce 12 | ciphertext | tag 16`, authenticated together
with `tenant:context`, where the context is "table.column:row id". A value moved to another row, column
or tenant does not decrypt.

**Keys are remembered for one scope only.** Each `tenancy.use()` reads the keys it needs (several at once
with `load_keys`) and forgets them when it ends, so a key destroyed elsewhere is gone from the next
transaction on, in every process, without messages between them. Within the scope a key remembered
inside a savepoint is dropped with it: a rolled-back key must never encrypt anything.
"""

import contextvars
import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, tenancy
from kith.kit.keyring import KEY_SIZE, NONCE_SIZE, Keyring, Undecryptable, keyring

__all__ = [
    "TENANT", "Keyring", "Kind", "PhoneInvalid", "Undecryptable", "Value", "audit_pepper", "blind_index",
    "blind_indexes", "decrypt", "decrypt_bytes", "decrypt_many", "destroy_subject_key", "encrypt", "encrypt_bytes",
    "encrypt_many", "keyring", "load_keys", "rewrap_keys",
]  # fmt: skip

TENANT = uuid.UUID(int=0)
"""The subject of a tenant's own secrets, such as provider credentials: no person's erasure ends it."""

Kind = Literal["email", "phone", "iban", "raw"]
T = TypeVar("T")

_VERSION = 1
_ID_SIZE, _TAG_SIZE = 4, 16
_HEADER_SIZE = 1 + _ID_SIZE + NONCE_SIZE
_SHA256_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class PhoneInvalid(errors.Invalid):
    """A phone number to look up is not international (E.164)."""

    code = "phone_invalid"
    message = _("Write the phone number with + and the country code, like +31612345678.")


def encrypt(plaintext: str, *, subject_id: uuid.UUID, context: str) -> bytes:
    """Encrypt text for the tenant in force; makes the subject's key when there is none.

    `context` is "table.column:row id" and must be the same when decrypting.
    """
    return encrypt_bytes(plaintext.encode(), subject_id=subject_id, context=context)


def decrypt(blob: bytes | memoryview, *, subject_id: uuid.UUID, context: str) -> str:
    """The text again. Raises Undecryptable."""
    return decrypt_bytes(blob, subject_id=subject_id, context=context).decode()


def encrypt_bytes(plaintext: bytes, *, subject_id: uuid.UUID, context: str) -> bytes:
    """As `encrypt`, for files and other bytes. The result is 33 bytes longer."""
    return _sealed(plaintext, _key_for(subject_id, create=True), _aad(context))


def decrypt_bytes(blob: bytes | memoryview, *, subject_id: uuid.UUID, context: str) -> bytes:
    """The bytes again. Raises Undecryptable."""
    return _opened(bytes(blob), _key_for(subject_id, create=False), _aad(context))


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A value of one subject and the place it belongs to."""

    subject_id: uuid.UUID
    context: str
    value: T


def encrypt_many(texts: Sequence[Value[str]]) -> list[bytes]:
    """As `encrypt` for each, with three statements in all; the keys are not remembered."""
    subject_ids = {text.subject_id for text in texts}
    keys = _stored_keys(subject_ids)
    keys |= _create_keys(subject_ids - keys.keys())
    if subject_ids - keys.keys():  # destroyed between two of the statements
        raise errors.Unavailable()
    return [_sealed(text.value.encode(), keys[text.subject_id], _aad(text.context)) for text in texts]


def decrypt_many(blobs: Sequence[Value[bytes | memoryview]]) -> list[str | None]:
    """As `decrypt` for each, with one statement; None for what cannot be read. The keys are not remembered."""
    keys = _stored_keys({blob.subject_id for blob in blobs})
    return [_opened_or_none(blob, keys.get(blob.subject_id)) for blob in blobs]


def load_keys(subject_ids: Iterable[uuid.UUID]) -> None:
    """Read the keys of many subjects in one statement, before decrypting a list."""
    keys = _remembered()
    missing = {subject_id for subject_id in subject_ids if keys.get(subject_id) is None}
    for subject_id, key in _stored_keys(missing).items():
        keys.put(subject_id, key)


def destroy_subject_key(subject_id: uuid.UUID) -> bool:
    """Make everything encrypted for the subject unreadable, for good. False when there was no key."""
    from kith.kit.models import SubjectKey

    rows = SubjectKey.objects.filter(tenant_id=tenancy.current_tenant_id(), subject_id=subject_id)
    destroyed, _by_model = rows.delete()
    _remembered().forget(subject_id)
    return destroyed > 0


def rewrap_keys(*, limit: int = 1000) -> int:
    """Move up to `limit` subject keys of the tenant in force to the present master key; how many were moved.

    Call until it answers 0 in every tenant; after that the retired master key unwraps nothing any more.
    """
    from kith.kit.models import SubjectKey

    ring, tenant_id = keyring(), tenancy.current_tenant_id()
    rows = SubjectKey.objects.filter(tenant_id=tenant_id).exclude(kek_version=ring.version)
    stale = list(rows.order_by("subject_id").select_for_update(skip_locked=True)[:limit])
    for row in stale:
        key = ring.unwrap(
            bytes(row.wrapped), tenant_id=tenant_id, subject_id=row.subject_id, version=row.kek_version
        )
        row.wrapped = ring.wrap(key, tenant_id=tenant_id, subject_id=row.subject_id)
        row.kek_version = ring.version
    SubjectKey.objects.bulk_update(stale, ["wrapped", "kek_version"])
    return len(stale)


def blind_index(value: str, *, kind: Kind) -> bytes:
    """16 bytes by which equal values of one kind are found within the tenant in force, and only there.

    An e-mail address may come as the SHA-256 hex digest of its trimmed lower-case form and gives the
    same bytes as the address. Phones must be E.164; raises PhoneInvalid.
    """
    return blind_indexes([value], kind=kind)[0]


def blind_indexes(values: Iterable[str], *, kind: Kind) -> list[bytes]:
    """As `blind_index` for each."""
    pepper = keyring().pepper("blind", tenant_id=tenancy.current_tenant_id())
    prefix = f"{kind}:".encode()
    return [hmac.digest(pepper, prefix + _normal(value, kind), "sha256")[:16] for value in values]


def audit_pepper(tenant_id: int | None = None) -> str:
    """What the audit trigger adds before hashing personal values: hex, of this tenant or the one in force."""
    tenant_id = tenancy.current_tenant_id() if tenant_id is None else tenant_id
    return keyring().pepper("audit", tenant_id=tenant_id).hex()


def _normal(value: str, kind: Kind) -> bytes:
    if kind == "email":
        lower = value.strip().lower()
        if _SHA256_HEX.fullmatch(lower):
            return bytes.fromhex(lower)
        return hashlib.sha256(lower.encode()).digest()
    if kind == "phone":
        digits = re.sub(r"[\s().\-]", "", value)
        if not _E164.fullmatch(digits):
            raise PhoneInvalid(fields={"phone": PhoneInvalid.message})
        return digits.encode()
    if kind == "iban":
        return re.sub(r"\s", "", value).upper().encode()
    if kind == "raw":
        return value.encode()
    raise ValueError(f"unknown kind of look-up: {kind}")


class _Keys:
    """Subject keys of one scope, each with the savepoints that were open when it was read."""

    def __init__(self) -> None:
        self._keys: dict[uuid.UUID, tuple[tuple[str | None, ...], bytes]] = {}

    def get(self, subject_id: uuid.UUID) -> bytes | None:
        known = self._keys.get(subject_id)
        if known is None:
            return None
        savepoints, key = known
        return key if tuple(connection.savepoint_ids[: len(savepoints)]) == savepoints else None

    def put(self, subject_id: uuid.UUID, key: bytes) -> None:
        self._keys[subject_id] = tuple(connection.savepoint_ids), key

    def forget(self, subject_id: uuid.UUID) -> None:
        self._keys.pop(subject_id, None)


_scope_keys: contextvars.ContextVar[tuple[tenancy.Scope, _Keys] | None] = contextvars.ContextVar(
    "kith_keys", default=None
)


def _remembered() -> _Keys:
    scope, known = tenancy.current(), _scope_keys.get()
    # Identity, not equality: two transactions of one tenant have equal scopes.
    if known is None or known[0] is not scope:
        known = (scope, _Keys())
        _scope_keys.set(known)
    return known[1]


def _key_for(subject_id: uuid.UUID, *, create: bool) -> bytes:
    for _attempt in range(3):
        key = _remembered().get(subject_id)
        if key is None:
            load_keys([subject_id])
            key = _remembered().get(subject_id)
        if key is not None:
            return key
        if not create:
            raise Undecryptable("the subject has no key (any more)")
        for made_id, made in _create_keys({subject_id}).items():
            _remembered().put(made_id, made)
    raise errors.Unavailable()


def _stored_keys(subject_ids: Set[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    if not subject_ids:
        return {}
    ring, tenant_id = keyring(), tenancy.current_tenant_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "select subject_id, wrapped, kek_version from kit_subjectkey"
            " where tenant_id = %s and subject_id = any(string_to_array(%s, ',')::uuid[])",
            [tenant_id, ",".join(str(subject_id) for subject_id in subject_ids)],
        )
        return {
            subject_id: ring.unwrap(
                bytes(wrapped), tenant_id=tenant_id, subject_id=subject_id, version=version
            )
            for subject_id, wrapped, version in cursor.fetchall()
        }


def _create_keys(subject_ids: Set[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """A new key for each; where somebody else made one first, that one."""
    if not subject_ids:
        return {}
    ring, tenant_id = keyring(), tenancy.current_tenant_id()
    # In one order everywhere, so that two who make keys for the same subjects do not wait for each other.
    keys = {subject_id: secrets.token_bytes(KEY_SIZE) for subject_id in sorted(subject_ids)}
    wrapped = (ring.wrap(key, tenant_id=tenant_id, subject_id=subject_id) for subject_id, key in keys.items())
    ids = ",".join(map(str, keys))
    with connection.cursor() as cursor:
        # Whoever comes second waits here for the first to commit, changes nothing, and reads the first one's key.
        # One text each, since a driver takes longer over an array of thousands than the server over the insert.
        cursor.execute(
            "insert into kit_subjectkey (tenant_id, subject_id, wrapped, kek_version)"
            " select %s, subject_id::uuid, decode(wrapped, 'hex'), %s"
            " from unnest(string_to_array(%s, ','), string_to_array(%s, ',')) as made (subject_id, wrapped)"
            " on conflict (tenant_id, subject_id) do nothing returning subject_id",
            [tenant_id, ring.version, ids, ",".join(key.hex() for key in wrapped)],
        )
        made = {row[0] for row in cursor.fetchall()}
    lost = subject_ids - made
    return {subject_id: keys[subject_id] for subject_id in made} | _stored_keys(lost)


def _opened(blob: bytes, key: bytes, aad: bytes) -> bytes:
    if len(blob) < _HEADER_SIZE + _TAG_SIZE or blob[0] != _VERSION:
        raise Undecryptable("not a value of this layout")
    if not hmac.compare_digest(blob[1 : 1 + _ID_SIZE], _key_id(key)):
        raise Undecryptable("encrypted by another key")
    try:
        return AESGCM(key).decrypt(blob[1 + _ID_SIZE : _HEADER_SIZE], blob[_HEADER_SIZE:], aad)
    except InvalidTag:
        raise Undecryptable("altered, or from another place") from None


def _opened_or_none(blob: Value[bytes | memoryview], key: bytes | None) -> str | None:
    try:
        return None if key is None else _opened(bytes(blob.value), key, _aad(blob.context)).decode()
    except Undecryptable:
        return None


def _sealed(plaintext: bytes, key: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_SIZE)
    return bytes([_VERSION]) + _key_id(key) + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def _aad(context: str) -> bytes:
    if not context:
        raise ValueError("say where the value belongs: table.column:row id")
    return f"{tenancy.current_tenant_id()}:{context}".encode()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"kith:v1:key id:" + key).digest()[:_ID_SIZE]
