"""The same request sent twice has one effect and one answer.

The answer is stored in the transaction that did the work, so a crash between the two is impossible; an
advisory lock tells a caller whose first attempt is still running.
"""

import datetime
import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from kith.kit import clock, crypto, tenancy, turns
from kith.kit.actors import PUBLIC
from kith.kit.errors import Conflict, Invalid
from kith.kit.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = datetime.timedelta(days=7)
MAX_LENGTH = 255


class KeyReused(Invalid):
    """The key was used before for another request."""

    code, message = (
        "idempotency_key_reused",
        _("This Idempotency-Key was used for another request. Use a new key."),
    )


class InFlight(Conflict):
    """The first request with this key has not ended yet."""

    code, message = (
        "idempotency_in_flight",
        _("The first request with this Idempotency-Key is still running. Try again."),
    )


class KeyTooLong(Invalid):
    """Keys are at most 255 printable characters."""

    code, message = "idempotency_key_invalid", _("An Idempotency-Key has 1 to 255 printable characters.")


def once(request: HttpRequest, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run the request, or return the stored answer of its first run.

    Call inside the tenant's transaction. Only successful answers are kept: a refusal changed nothing,
    so it may be tried again with the same key.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return run()
    if not 0 < len(key) <= MAX_LENGTH or not key.isprintable():
        raise KeyTooLong
    tenant_id = tenancy.current_tenant_id()
    wanted, caller = _digest(request), tenancy.current_actor().ref
    if caller == PUBLIC.ref:
        # Strangers share a name: whoever foresees another's key must not use it up.
        caller += f"|{wanted.hex()}"
    caller += f"|{key}"
    if not _locked(f"{tenant_id}|{caller}"):
        raise InFlight
    stored = IdempotencyKey.objects.filter(key=caller).first()
    if stored is not None:
        return _replay(stored, wanted)
    response = run()
    if response.status_code < 300:
        IdempotencyKey.objects.create(
            tenant_id=tenant_id,
            key=caller,
            request_hash=wanted,
            status=response.status_code,
            content_type=response["Content-Type"],
            # An answer may hold what is shown once, such as a new API key, and what people entrusted us with.
            body=crypto.encrypt_bytes(response.content, subject_id=crypto.TENANT, context=_place(caller)),
            created_at=clock.now(),
        )
    return response


def forget_old(now: datetime.datetime) -> int:
    """Remove keys past their time, for every tenant. Returns how many."""
    with tenancy.across_tenants("housekeeping of the whole installation"):
        removed, _ = IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()
        return int(removed)


def _locked(name: str) -> bool:
    return turns.is_mine(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True))


def _digest(request: HttpRequest) -> bytes:
    digest = hashlib.sha256(f"{request.method}\0{request.get_full_path()}\0".encode())
    if not str(request.content_type).startswith("multipart/"):
        digest.update(request.body)
        return digest.digest()
    # An upload may be larger than what is kept in memory, and its boundary differs each time it is sent.
    for name, values in sorted(request.POST.lists()):
        digest.update(repr((name, values)).encode())
    for name, uploads in sorted(request.FILES.lists()):
        for upload in uploads:
            digest.update(repr((name, upload.size)).encode())
            for chunk in upload.chunks():
                digest.update(chunk)
            upload.seek(0)
    return digest.digest()


def _place(caller: str) -> str:
    return f"kit_idempotencykey.body:{caller}"


def _replay(stored: IdempotencyKey, wanted: bytes) -> HttpResponse:
    if bytes(stored.request_hash) != wanted:
        raise KeyReused
    body = crypto.decrypt_bytes(stored.body, subject_id=crypto.TENANT, context=_place(stored.key))
    response = HttpResponse(body, status=stored.status, content_type=stored.content_type)
    response["Idempotent-Replay"] = "true"
    return response
