"""Addresses of the web as they are stored: nothing in them that a browser and a reader would take differently.

Kith never opens them; a browser may.
"""

import re
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

# A backslash is a slash to browsers; blanks and controls are dropped by some readers and kept by others.
_PLAIN = re.compile(r"[!-~\u00a1-\ud7ff\uf900-\U0010ffff]+")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.?)+|\[[0-9a-f:.]+\]", re.ASCII)


def address(text: str) -> str | None:
    """The address with its host in lower-case ASCII (IDNA), or None for what is not http(s) or names a user."""
    text = text.strip()
    if not _PLAIN.fullmatch(text) or not text.isprintable() or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:  # UnicodeError, too
        return None
    shown = f"[{host}]" if ":" in host else host
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(shown):
        return None
    return urlunsplit(parts._replace(netloc=shown if port is None else f"{shown}:{port}"))


def public_base() -> str:
    """What every public address that leaves Kith begins with; the one place that knows it."""
    base: str = settings.KITH_PUBLIC_URL
    return base
