"""Secrets made on first start and kept in KITH_DATA_DIR/secrets.json, readable by the owner only."""

import base64
import fcntl
import functools
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kith.env import env
from kith.kit.starting import CannotStart, Exit

_FORMER = "master_key_previous"


def token() -> str:
    """A URL-safe random secret of 48 bytes."""
    return secrets.token_urlsafe(48)


def key() -> str:
    """Base64 of 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def known() -> dict[str, Any]:
    """Every secret in the file; empty when there is none yet. Raises CannotStart when it cannot be read."""
    return _read(_path())


def stored(name: str, make: Callable[[], str] = token) -> str:
    """The secret of that name, made once if missing; two processes starting at once get the same one."""
    path = _path()
    found = _read(path)
    if name in found:
        return str(found[name])
    with _turn(path):
        found = _read(path)
        if name not in found:
            found[name] = make()
            _write(path, found)
    return str(found[name])


def pepper_key() -> str:
    """What look-ups are keyed with. Where a master key is older than this, it is that key, which they used so far."""
    return stored("pepper_key", make=lambda: str(known().get("master_key") or key()))


def master_keys() -> tuple[str, ...]:
    """The master key in the file and those it replaces, newest first, as they are now."""
    path = _path()
    status = path.stat()
    return _master_keys(path, status.st_ino, status.st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _master_keys(path: Path, _inode: int, _changed: int) -> tuple[str, ...]:
    found = _read(path)
    return found["master_key"], *filter(None, found.get(_FORMER, "").split(","))


def renew_master_key() -> None:
    """Put a new master key before the present one, unless an earlier one waits to be replaced."""
    path = _path()
    with _turn(path):
        found = _read(path)
        if not found.get(_FORMER):
            _write(path, {**found, "master_key": key(), _FORMER: found["master_key"]})


def drop_former_keys() -> None:
    """Forget the master keys that the present one replaced. What they still wrap is lost."""
    path = _path()
    with _turn(path):
        found = _read(path)
        _write(path, {name: value for name, value in found.items() if name != _FORMER})


def change(name: str, alter: Callable[[str | None], str]) -> None:
    """Put `alter(the secret so far, or None)` in its place; of two processes one waits for the other."""
    path = _path()
    with _turn(path):
        found = _read(path)
        _write(path, {**found, name: alter(found.get(name))})


def adopt(given: Mapping[str, Any]) -> None:
    """Keep secrets that come from elsewhere; the file as it was stays beside it when any of them differs."""
    path = _path()
    with _turn(path):
        before = _read(path)
        if any(before.get(name, value) != value for name, value in given.items()):
            _write(path.with_name(f"secrets-{secrets.token_hex(4)}.json"), before)
        _write(path, {**before, **given})


def _path() -> Path:
    return env.data_dir / "secrets.json"


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CannotStart(
            f"{path} cannot be read ({error.strerror}); it holds the master key: give it back to the user "
            "that runs Kith.",
            Exit.NO_RIGHT,
        ) from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CannotStart(
            f"{path} is damaged; it holds the master key: bring it back from a copy, never make a new one.",
            Exit.DATA,
        )
    return found


def _write(path: Path, known: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(known, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
