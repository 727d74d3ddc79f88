"""Uploads and results in the default storage, each under its tenant's folder and a name nobody can guess.

A file written in a transaction that fails stays behind without a row that names it; nothing can reach
it. Files of ended jobs are removed after a week.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import FileResponse

from kith.kit import codes, tables, tenancy
from kith.kit.errors import NotFound, TooLarge
from kith.kit.models import Job, JobState

KEPT = datetime.timedelta(days=7)
LARGEST_TABLE = 4 << 30
_NAME = re.compile(r"tenant-(\d+)/[a-z-]+/[\w-]{40,}(\.[a-z0-9]{1,5})?", re.ASCII)


def keep(
    content: IO[Any] | Iterable[bytes], *, folder: str, suffix: str = "", limit: int | None = None
) -> str:
    """Store the content of the tenant in force; the name by which it is found again.

    `folder` is a word like "imports", `suffix` like ".csv". Raises TooLarge beyond `limit` bytes, which is
    settings.MAX_UPLOAD_BYTES unless said.
    """
    most = settings.MAX_UPLOAD_BYTES if limit is None else limit
    size = getattr(content, "size", None)
    if size is not None and size > most:
        raise TooLarge(limit_bytes=most)
    source = content if isinstance(content, File) else _Stream(content, most)
    name = f"tenant-{tenancy.current_tenant_id()}/{folder}/{codes.random_token()}{suffix}"
    return default_storage.save(name, source)


def keep_table(
    columns: Sequence[str], rows: tables.Rows, *, folder: str, format: tables.Format
) -> tuple[str, int]:
    """Store rows of any number as they come: the file's name, and how many rows there were."""
    counted = _Counted(rows)
    pieces = tables.as_file(columns, counted, format=format)
    return keep(pieces, folder=folder, suffix=f".{format}", limit=LARGEST_TABLE), counted.rows


def opened(name: str) -> IO[bytes]:
    """The content, to be closed by the caller. Raises NotFound for another tenant's name and a file that is gone."""
    file: IO[bytes] = _open(name)
    return file


def download(name: str, *, as_name: str, content_type: str) -> FileResponse:
    """The file as an attachment. Raises NotFound as `opened`."""
    return FileResponse(_open(name), as_attachment=True, filename=as_name, content_type=content_type)


def remove(name: str) -> None:
    """Delete the content; nothing happens when it is gone already."""
    if name:
        _own(name)
        default_storage.delete(name)


def remove_old(now: datetime.datetime) -> int:
    """Delete the files of the tenant's jobs that ended, or were left as drafts, a week ago; how many had any."""
    left = Q(state=JobState.DRAFT, created_at__lt=now - KEPT)
    old = Job.objects.filter(Q(finished_at__lt=now - KEPT) | left).exclude(
        input_file="", error_file="", result_file=""
    )
    found = list(old.values_list("id", "input_file", "error_file", "result_file")[:1000])
    for _id, *names in found:
        for name in names:
            remove(name)
    Job.objects.filter(id__in=[row[0] for row in found]).update(input_file="", error_file="", result_file="")
    return len(found)


def _open(name: str) -> Any:
    _own(name)
    try:
        return default_storage.open(name, "rb")
    except FileNotFoundError:
        raise NotFound from None


def _own(name: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None or int(match[1]) != tenancy.current_tenant_id():
        raise NotFound


class _Counted:
    """Counts rows as they pass."""

    def __init__(self, rows: tables.Rows) -> None:
        self._from, self.rows = rows, 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for row in self._from:
            self.rows += 1
            yield row


class _Stream(File):
    """What a storage can save without all of it being in memory."""

    def __init__(self, content: IO[Any] | Iterable[bytes], most: int) -> None:
        super().__init__(None)
        self._content, self._most = content, most

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Pieces of the content. Raises TooLarge when they get too many."""
        read = getattr(self._content, "read", None)
        pieces = (
            iter(lambda: read(chunk_size or self.DEFAULT_CHUNK_SIZE), b"") if read else iter(self._content)
        )
        total = 0
        for piece in pieces:
            total += len(piece)
            if total > self._most:
                raise TooLarge(limit_bytes=self._most)
            yield piece
