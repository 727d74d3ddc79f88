"""Codes people read aloud, and tokens nobody reads: both from the operating system's random source."""

import hashlib
import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty symbols; 0 O 1 I L and U are out, since they are mistaken for one another or for V."""

LENGTH = 8

# Vanity codes that would pass for the platform, its staff or its pages.
_RESERVED = """
ABOUT ACCOUNT ADMIN ADMINS API APPLY APP AUTH BILLING CODE CODES CONSOLE CONTACT DEMO EMAIL ERROR
FALSE FREE HEALTH HELP HOME INFO INVITE JOIN KITH LINK LINKS LOGIN LOGOUT MAIL METRICS NONE NULL
OFFICIAL OPERATOR OWNER PARTNER PASSWORD PAYMENT PAYMENTS PAYOUT PAYOUTS PORTAL PRIVACY REFER
REFERRAL REFERRALS REGISTER REWARD REWARDS ROOT SECURE SECURITY SIGNIN SIGNOUT SIGNUP STAFF STATIC
STATUS SUPPORT SYSTEM TERMS TEST TRUE UNDEFINED WALLET WEBHOOK WWW
"""
RESERVED = frozenset(_RESERVED.split())

# The alphabet has only two vowels, so these few are what chance can still spell.
_UNWANTED = re.compile("88HH|ARSE|ASS|CRAP|DEAD|FAG|FART|HATE|KKK|NAZ|RAPE|SEX|SPERM|SS88|TRASH|TWAT|WANK")

_GENERATED = re.compile(f"[{ALPHABET}]{{{LENGTH}}}", re.ASCII)
_VANITY = re.compile(r"[A-Z0-9]{4,24}", re.ASCII)
_IGNORED = re.compile(r"[\s\-‐‑‒–—_.]+")

# Random bytes to symbols; the bytes above the last multiple of thirty would favor some, so they are left out.
_SYMBOLS = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_LEFT_OUT = bytes(range(256 - 256 % len(ALPHABET), 256))


def referral_code() -> str:
    """A new code of 8 symbols, one of 30⁸ (6.6 · 10¹¹), without words one would not print on a card."""
    while True:
        code = secrets.token_bytes(2 * LENGTH).translate(_SYMBOLS, _LEFT_OUT)[:LENGTH].decode()
        if len(code) == LENGTH and code not in RESERVED and not _UNWANTED.search(code):
            return code


def normalize(code: str) -> str:
    """The one stored form: capitals, without the spaces, dashes and dots that people put in."""
    found = _IGNORED.sub("", code)
    return found.upper() if found.isascii() else found  # a long s is no S


def is_well_formed(code: str, *, vanity: bool = False) -> bool:
    """True when a normalized code could have been generated here.

    With `vanity`, true as well for 4 to 24 letters and digits that are not reserved.
    """
    if code in RESERVED:
        return False
    return _GENERATED.fullmatch(code) is not None or (vanity and _VANITY.fullmatch(code) is not None)


def random_token(size: int = 32) -> str:
    """A secret of `size` random bytes, safe in URLs. Store only its `hash_token`."""
    return secrets.token_urlsafe(size)


def hash_token(token: str) -> bytes:
    """SHA-256 of a token: 32 bytes to store and look up. Enough for random tokens, never for passwords."""
    return hashlib.sha256(token.encode()).digest()
