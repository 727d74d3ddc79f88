"""Refusing to start: one sentence with the remedy, and an exit code by which a supervisor can tell the kinds apart."""

import shutil
from enum import IntEnum
from pathlib import Path

LEAST_FREE_BYTES = 32 << 20
"""Two of PostgreSQL's log segments: with less, it may end at any moment, perhaps without being able to say so."""


class Exit(IntEnum):
    """Exit codes of `kith`, those of sysexits.h; docs/operations/starting.md explains each."""

    FAILED = 1
    DATA = 65
    """The data is not what this Kith can work with; another try changes nothing."""
    UNAVAILABLE = 69
    """The database cannot be reached; it may come back."""
    NO_ROOM = 73
    """A file or folder cannot be written: rights, space."""
    BUSY = 75
    """Somebody else holds the port or the data; it may end."""
    NO_RIGHT = 77
    """The database refuses the password, or the role lacks a right."""
    CONFIGURATION = 78
    """A setting cannot be used; another try changes nothing."""


class CannotStart(Exception):
    """Kith or its database cannot start; the text is one sentence with the remedy."""

    def __init__(self, text: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(text)
        self.code = code


def no_room(folder: Path) -> bool:
    """Whether the volume of that folder is as good as full."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
