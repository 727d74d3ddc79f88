"""Secrets made on first start and kept in KITH_DATA_DIR/secrets.json, readable by the owner only."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kith.env import env


def token() -> str:
    """A URL-safe random secret of 48 bytes."""
    return secrets.token_urlsafe(48)


def key() -> str:
    """Base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def stored(name: str, make: Callable[[], str] = token) -> str:
    """The secret of that name, made once if missing; two processes starting at once get the same one."""
    path = env.data_dir / "secrets.json"
    known = _read(path)
    if name in known:
        return str(known[name])
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _read(path)
        if name not in known:
            known[name] = make()
            _write(path, known)
    return str(known[name])


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def _write(path: Path, known: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(known, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
