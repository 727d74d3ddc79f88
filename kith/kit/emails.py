"""E-mail addresses as they are stored, whoever they belong to."""

import functools
import re

import email_validator

LONGEST = 254

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+'-]+(\.[A-Za-z0-9_+'-]+)*", re.ASCII)
_PLAIN_DOMAIN = re.compile(r"[A-Za-z0-9.-]{3,190}", re.ASCII)


def address(text: str) -> str | None:
    """The lower-case address, international ones included, or None; nobody is asked whether it exists."""
    text = text.strip()
    local, _at, domain = text.rpartition("@")
    if len(local) <= 64 and _PLAIN_LOCAL.fullmatch(local) and _PLAIN_DOMAIN.fullmatch(domain):
        # Nearly every address; the domain decides, and few domains make up most of a list.
        known = _domain(domain.lower())
        lower = f"{local}@{known}".lower()
        if known and len(lower) <= LONGEST:
            return lower
    return _any(text)


@functools.lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    return (_any(f"someone@{domain}") or "").rpartition("@")[2]


def _any(text: str) -> str | None:
    try:
        found = email_validator.validate_email(text, check_deliverability=False, strict=True)
    except ValueError:  # EmailNotValidError, too
        return None
    return found.normalized.lower()
