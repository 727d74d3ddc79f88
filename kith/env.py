"""Every environment variable Kith reads: name, type, default, meaning. Read once, refused early.

A value may also come from a file: `KITH_X_FILE=/run/secrets/x` is the same as `KITH_X=<its content>`.
`docs/configuration.md` is checked against this page by a test.
"""

import base64
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

EX_CONFIG = 78
_TAKEN = {"accounts", "account", "api", "theme", "language", "static", "invitations", "unlock"}
"""Exit code of a process whose environment cannot be used; see kit.starting."""


class BadEnvironment(SystemExit):
    """A variable cannot be used as it is; the sentence names it and the remedy."""


def _flag(text: str) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    return words[text.strip().lower()]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError
    return port


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError
    return count


def _workers(text: str) -> int:
    return _count(text) or len(os.sched_getaffinity(0))


def _level(text: str) -> str:
    level = text.strip().upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError
    return level


def _path(text: str) -> str:
    word = text.strip("/")
    if not re.fullmatch(r"[a-z0-9-]{3,60}", word) or word in _TAKEN:
        raise ValueError
    return f"{word}/"


def _database(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError
    return text


def _key(text: str) -> str:
    if len(base64.b64decode(text, validate=True)) != 32:
        raise ValueError
    return text


def _keys(text: str) -> tuple[str, ...]:
    return tuple(_key(each) for each in _names(text))


def _var(name: str, parse: Callable[[str], Any], default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(
        default=default, metadata={"name": name, "parse": parse, "meaning": meaning, "secret": secret}
    )


@dataclass(frozen=True, slots=True)
class Env:
    """One frozen object with every setting of the process."""

    database_url: str = _var(
        "KITH_DATABASE_URL",
        _database,
        "",
        "postgresql://owner:password@host:5432/name, PostgreSQL 15 to 18, as the role that owns the tables; "
        "empty starts the embedded server",
        secret=True,
    )
    app_database_url: str = _var(
        "KITH_APP_DATABASE_URL",
        _database,
        "",
        "the same database as the application's role; empty lets `kith migrate` make the role `kith_app`",
        secret=True,
    )
    data_dir: Path = _var(
        "KITH_DATA_DIR", Path, Path("var"), "where files, secrets and the embedded server live"
    )
    bind: str = _var("KITH_BIND", str, "127.0.0.1", "address the web process listens on")
    port: int = _var("KITH_PORT", _port, 8000, "port the web process listens on, 1 to 65535")
    web_workers: int = _var("KITH_WEB_WORKERS", _workers, 2, "web processes; 0 means one per core")
    base_url: str = _var(
        "KITH_BASE_URL", str, "", "public address of the installation; empty means http://BIND:PORT"
    )
    allowed_hosts: tuple[str, ...] = _var(
        "KITH_ALLOWED_HOSTS",
        _names,
        (),
        "host names answered to, comma separated; the base URL's host is always one",
    )
    secret_key: str = _var(
        "KITH_SECRET_KEY",
        str,
        "",
        "signs cookies; empty makes one in KITH_DATA_DIR/secrets.json",
        secret=True,
    )
    master_key: str = _var(
        "KITH_MASTER_KEY",
        _key,
        "",
        "base64 of 32 bytes that wrap every data key; empty makes one in secrets.json",
        secret=True,
    )
    master_key_previous: tuple[str, ...] = _var(
        "KITH_MASTER_KEY_PREVIOUS",
        _keys,
        (),
        "master keys that KITH_MASTER_KEY replaces, newest first, comma separated, until `kith keys rotate` is done",
        secret=True,
    )
    pepper_key: str = _var(
        "KITH_PEPPER_KEY",
        _key,
        "",
        "base64 of 32 bytes by which equal values are found; never changes. Empty makes one in secrets.json, or is "
        "the oldest master key where the environment names one",
        secret=True,
    )
    redis_url: str = _var(
        "KITH_REDIS_URL",
        str,
        "",
        "Redis or Valkey for counters; empty, or while it is away, PostgreSQL counts",
    )
    email_url: str = _var(
        "KITH_EMAIL_URL",
        str,
        "",
        "smtp://user:password@host:587?tls=1 or file:; empty writes messages to KITH_DATA_DIR/mail",
        secret=True,
    )
    email_from: str = _var("KITH_EMAIL_FROM", str, "Kith <kith@localhost>", "sender of e-mails")
    demo: bool = _var(
        "KITH_DEMO", _flag, True, "true or false: load the demo organizations once into an empty installation"
    )
    open_signup: bool = _var(
        "KITH_OPEN_SIGNUP",
        _flag,
        False,
        "anybody may set up an organization of their own at /start/; otherwise whom `kith tenant invite` invites",
    )
    operator_path: str = _var(
        "KITH_OPERATOR_PATH",
        _path,
        "operator/",
        "where the operator's desk stands: one word of a to z, 0 to 9 and hyphens",
    )
    secure: bool = _var(
        "KITH_SECURE", _flag, False, "HTTPS in front: secure cookies, HSTS, redirect to https"
    )
    trusted_proxies: int = _var(
        "KITH_TRUSTED_PROXIES",
        _count,
        0,
        "how many proxies in front append to X-Forwarded-For; 0 ignores the header",
    )
    debug: bool = _var("KITH_DEBUG", _flag, False, "developer's error pages; never in production")
    log_level: str = _var("KITH_LOG_LEVEL", _level, "INFO", "DEBUG, INFO, WARNING or ERROR")

    @property
    def public_url(self) -> str:
        """Address people use, without a trailing slash."""
        return (self.base_url or f"http://{self.bind}:{self.port}").rstrip("/")


def read(environ: Mapping[str, str] = os.environ) -> Env:
    """Read and check every variable. Raises BadEnvironment naming the one that cannot be used."""
    values = {}
    known = set()
    for spec in fields(Env):
        name = spec.metadata["name"]
        known |= {name, f"{name}_FILE"}
        text = _text(environ, name)
        if text is None or text == "":
            continue
        try:
            values[spec.name] = spec.metadata["parse"](text)
        except (ValueError, KeyError):
            shown = "its value" if spec.metadata["secret"] else repr(text)
            raise BadEnvironment(
                f"{name}: {shown} cannot be used; it is: {spec.metadata['meaning']}"
            ) from None
    unknown = sorted(name for name in environ if name.startswith("KITH_") and name not in known | _ELSEWHERE)
    if unknown:
        raise BadEnvironment(f"{unknown[0]} is not a variable of Kith; docs/configuration.md lists them all")
    found = Env(**values)
    _refuse_contradictions(found)
    return found


def _refuse_contradictions(found: Env) -> None:
    if not found.secure:
        return
    if found.debug:
        raise BadEnvironment(
            "KITH_DEBUG shows the inside of Kith to everybody; leave it out with KITH_SECURE"
        )
    if not found.trusted_proxies:
        raise BadEnvironment(
            "KITH_SECURE needs a proxy in front that ends TLS and says so in X-Forwarded-Proto; "
            "set KITH_TRUSTED_PROXIES to the number of proxies, usually 1"
        )
    if not found.public_url.startswith("https://"):
        raise BadEnvironment("KITH_SECURE needs an address that begins with https:// in KITH_BASE_URL")


# Read by the test suite and the command line, not by the product.
_ELSEWHERE = {
    "KITH_TEST_DATABASE_URL", "KITH_TEST_POSTGRES", "KITH_TEST_DIR", "KITH_BENCH_SECONDS", "KITH_PYTHON",
    "KITH_OS_USER", "KITH_SHOTS",
}  # fmt: skip


def _text(environ: Mapping[str, str], name: str) -> str | None:
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadEnvironment(f"{name}_FILE: cannot read {path}: {error.strerror}") from None


try:
    env = read()
except BadEnvironment as refusal:
    sys.stderr.write(f"{refusal}\n")
    raise SystemExit(EX_CONFIG) from None
