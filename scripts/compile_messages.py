"""Compile every translation newer than its compiled form, with Babel, so that gettext is not needed."""

import os
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def compile_messages(source: Path) -> bool:
    """Compile one file if needed. Returns whether it was."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    fresh = target.with_suffix(f".{os.getpid()}")
    with fresh.open("wb") as file:
        write_mo(file, catalog)
    fresh.rename(target)
    return True


done = [compile_messages(path) for path in sorted(ROOT.glob("kith/**/locale/*/LC_MESSAGES/*.po"))]
if any(done):
    sys.stderr.write(f"Compiled {sum(done)} translation files.\n")
