"""The demo installation's sign-ins, kept in a file that only its owner can read."""

from __future__ import annotations

import json
from pathlib import Path

import kith.env


def path() -> Path:
    """Where the demo data writes them."""
    return kith.env.env.data_dir / "credentials.json"


def read() -> list[dict[str, str]]:
    """`[{tenant, role, username, email, password, url}]`; empty where no demo was loaded."""
    if not path().exists():
        return []
    found: list[dict[str, str]] = json.loads(path().read_text())
    return found


def table(rows: list[dict[str, str]]) -> str:
    """The sign-ins as aligned lines for a terminal."""
    columns = ("tenant", "role", "username", "email", "password")
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in columns}
    lines = [columns, *([row[name] for name in columns] for row in rows)]
    padded = (
        "  ".join(word.ljust(widths[name]) for name, word in zip(columns, line, strict=True))
        for line in lines
    )
    return "\n".join(f"  {line}".rstrip() for line in padded)
