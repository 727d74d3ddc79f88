"""The file that goes to the bank: written once, kept encrypted, the same bytes ever after."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto, errors
from kith.kit.actors import Actor
from kith.kit.days import day_of
from kith.kit.money import Money, total
from kith.payouts import queries, rules
from kith.payouts.actions import moves
from kith.payouts.models import BatchFormat, BatchStatus, PayoutBatch
from kith.payouts.providers import csv, sepa
from kith.pipelines.actions import record_status
from kith.tenants import queries as tenants

MEDIA_TYPES = {BatchFormat.SEPA: "application/xml", BatchFormat.CSV: "text/csv; charset=utf-8"}
SUFFIXES = {BatchFormat.SEPA: "xml", BatchFormat.CSV: "csv"}


class FileNotReady(errors.Conflict):
    """A draft has no file, and a cancelled batch never gets one; `status` is in the details."""

    code, message = "batch_file_not_ready", _("There is no bank file for a batch in this state (%(status)s).")


class FileAltered(errors.Conflict):
    """The stored file is not what was written."""

    code, message = "batch_file_altered", _("The stored bank file was altered or lost. Do not send it.")


class AccountUnreadable(errors.Conflict):
    """A payee was erased after the batch was made."""

    code, message = (
        "payout_account_unreadable",
        _("A payout account cannot be read any more. Cancel this batch."),
    )


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What the bank gets, and the digest recorded for it."""

    name: str
    media_type: str
    content: bytes
    sha256: str


@transaction.atomic
def download_file(*, batch: PayoutBatch, actor: Actor, now: datetime) -> BatchFile:
    """The batch's file for somebody to take along, which its history then says. Raises as `write_file` does."""
    file = write_file(batch=batch, now=now)
    batch = moves.lock_batch(batch.pk)
    record_status(
        machine="payout_batch", subject_id=batch.pk, from_state=batch.status, to_state=batch.status,
        actor=actor, reason="", now=now,
    )  # fmt: skip
    return file


@transaction.atomic
def write_file(*, batch: PayoutBatch, now: datetime) -> BatchFile:
    """The batch's file: written the first time, read again after that.

    An execution day that has passed meanwhile moves to the next one. Raises FileNotReady, FileAltered,
    AccountUnreadable, DebtorInvalid, FileRefused.
    """
    batch = moves.lock_batch(batch.pk)
    if batch.status in (BatchStatus.DRAFT, BatchStatus.CANCELLED):
        raise FileNotReady(status=batch.status)
    if batch.file_name:
        return _shown(batch, _read(batch))
    content = _content(batch, now=now)
    sealed = crypto.encrypt_bytes(content, subject_id=crypto.TENANT, context=_context(batch))
    folder = f"payout-batches/{batch.tenant_id}"
    batch.file_name = default_storage.save(
        f"{folder}/{batch.pk}.{SUFFIXES[BatchFormat(batch.format)]}.sealed", ContentFile(sealed)
    )
    batch.file_sha256 = hashlib.sha256(content).hexdigest()
    batch.save(update_fields=["file_name", "file_sha256", "execution_on"])
    return _shown(batch, content)


def _content(batch: PayoutBatch, *, now: datetime) -> bytes:
    tenant = tenants.current_tenant()
    try:
        lines = queries.file_lines(batch)
    except crypto.Undecryptable:
        raise AccountUnreadable from None
    if total((line.amount for line in lines), batch.currency) != Money(batch.total_minor, batch.currency):
        raise RuntimeError(f"batch {batch.pk}: the withdrawals do not sum to its total")
    if batch.format == BatchFormat.CSV:
        return csv.write(lines, language=tenant.locale)
    batch.execution_on = rules.execution_day(batch.execution_on, day_of(now, tenant.timezone))
    order = sepa.Order(
        message_id=f"KITH-{batch.number:06d}-{batch.pk.hex[-16:].upper()}",
        created_at=now,
        execution_on=batch.execution_on,
        purpose=tenant.name,
    )
    return sepa.write(lines, debtor=queries.debtor(), order=order)


def _read(batch: PayoutBatch) -> bytes:
    try:
        with default_storage.open(batch.file_name) as stored:
            sealed = stored.read()
        content = crypto.decrypt_bytes(sealed, subject_id=crypto.TENANT, context=_context(batch))
    except (OSError, crypto.Undecryptable):
        raise FileAltered from None
    if hashlib.sha256(content).hexdigest() != batch.file_sha256:
        raise FileAltered
    return content


def _context(batch: PayoutBatch) -> str:
    return f"payouts_payoutbatch.file:{batch.pk}"


def _shown(batch: PayoutBatch, content: bytes) -> BatchFile:
    kind = BatchFormat(batch.format)
    name = f"payout-batch-{batch.number:06d}.{SUFFIXES[kind]}"
    return BatchFile(name, MEDIA_TYPES[kind], content, batch.file_sha256)
