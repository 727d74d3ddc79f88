"""A backup: one zip file that only its owner may read, with a manifest of what is in it.

The parts are `database.dump` (pg_dump's custom format), `files/…` (uploads and results), `secrets.json` when asked
for, and `manifest.json`, which holds the SHA-256 of each. The file's last 64 bytes, a zip comment, are the SHA-256
of all bytes before them: one changed byte anywhere is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kith.kit.starting import CannotStart, Exit

FORMAT = 1
DUMP, MANIFEST, SECRETS, FILES = "database.dump", "manifest.json", "secrets.json", "files/"
_CHUNK = 1 << 20
_DIGEST_LENGTH = 64


class Writer:
    """Takes the parts one after the other and remembers their digests."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._parts: dict[str, str] = {}

    def add(self, name: str, content: IO[bytes]) -> None:
        """Store everything that `content` gives."""
        digest = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as part:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                part.write(chunk)
        self._parts[name] = digest.hexdigest()

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Store the manifest: the format, the facts, and the digest of each part. Call it last."""
        manifest = {"format": FORMAT, **facts, "parts": self._parts}
        self._archive.writestr(MANIFEST, json.dumps(manifest, indent=1))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write a backup that appears under its name only when it is complete and on disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    except OSError as error:
        raise CannotStart(f"{path} cannot be written ({error.strerror}).", Exit.NO_ROOM) from None
    try:
        with file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.comment = b"0" * _DIGEST_LENGTH
                yield Writer(archive)
            digest = _digest(file)
            file.seek(-_DIGEST_LENGTH, os.SEEK_END)
            file.write(digest.encode())
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CannotStart(f"{path} cannot be written ({error.strerror}).", Exit.NO_ROOM) from None
    finally:
        partial.unlink(missing_ok=True)


class Reader:
    """A backup whose bytes are those that were written."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
        self._archive = archive
        self.manifest = manifest

    def part(self, name: str) -> IO[bytes]:
        """The content of one part."""
        return self._archive.open(name)

    def secrets(self) -> dict[str, Any]:
        """The secrets that came along; empty when none did."""
        if SECRETS not in self.manifest["parts"]:
            return {}
        found: dict[str, Any] = json.loads(self._archive.read(SECRETS))
        return found

    def files(self) -> list[str]:
        """Names below the folder of uploads and results, in order."""
        return sorted(name.removeprefix(FILES) for name in self.manifest["parts"] if name.startswith(FILES))


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open a backup and check every byte of it. Raises CannotStart when it is none, or not what was written."""
    with _opened(path) as file:
        if not zipfile.is_zipfile(file):
            raise _refused(path, "it is not a backup, or was cut off")
        if _digest(file) != _promised(file):
            raise _refused(path, "its content is not what was written; take another copy of it")
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(path, archive)
            _check_parts(path, archive, manifest["parts"])
            yield Reader(archive, manifest)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({error.strerror}).", Exit.DATA) from None


def _promised(file: IO[bytes]) -> str:
    file.seek(-_DIGEST_LENGTH, os.SEEK_END)
    return file.read().decode(errors="replace")


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        number = int(manifest["format"])
    except (KeyError, ValueError):
        raise _refused(path, "it holds no manifest of Kith") from None
    if number > FORMAT:
        raise _refused(path, "it was made by a newer Kith; install that version first")
    return manifest


def _check_parts(path: Path, archive: zipfile.ZipFile, parts: Mapping[str, str]) -> None:
    if sorted(archive.namelist()) != sorted([*parts, MANIFEST]):
        raise _refused(path, "its parts are not those of its manifest")
    for name, wanted in parts.items():
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts:
            raise _refused(path, f"its part {name} lies outside")
        with archive.open(name) as part:
            digest = hashlib.file_digest(part, "sha256").hexdigest()  # type: ignore[arg-type]
        if digest != wanted:
            raise _refused(path, f"its part {name} is not what was written")


def _digest(file: IO[bytes]) -> str:
    """SHA-256 of the file but for the digest at its end."""
    left = file.seek(0, os.SEEK_END) - _DIGEST_LENGTH
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, reason: str) -> CannotStart:
    return CannotStart(f"{path} cannot be restored: {reason}.", Exit.DATA)
