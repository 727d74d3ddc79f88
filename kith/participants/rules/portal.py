"""How people come into the portal, for how long, and what they may agree to. Plain Python."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES, CODE_WINDOW_S = 5, 10 * 60
"""Guesses at one person's codes in the lifetime of one; then both wait."""
TRIES_A_DAY, DAY_S = 30, 24 * 60 * 60
TRIES_OF_ADDRESS, ADDRESS_WINDOW_S = 20, 15 * 60
LETTERS, LETTERS_OF_ADDRESS, LETTERS_WINDOW_S = 5, 20, 60 * 60
INVITATION_LIFETIME = timedelta(days=7)
INVITATIONS_A_DAY = 3

SESSION_UNUSED = timedelta(days=30)
SESSION_LONGEST = timedelta(days=180)
STAFF_SESSION = timedelta(minutes=30)
TOUCH_EVERY = timedelta(hours=1)
"""How exactly the last use of a session is known; each note of it is a row in the audit trail."""

CODES_KEPT, SESSIONS_KEPT = timedelta(days=1), timedelta(days=90)

CONSENT_VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something people say yes or no to; `default` counts until they have said anything."""

    kind: str
    default: bool


LETTER_KINDS = ("progress", "earnings")
"""Letters about what is their own: they come until somebody says no, to who has been in the portal."""

CHOICES: Mapping[str, Choice] = {
    choice.kind: choice for choice in (Choice("news", False), *(Choice(kind, True) for kind in LETTER_KINDS))
}
"""News go only to those who asked for it."""


def code_of(text: str) -> str:
    """The six digits out of what was typed or pasted; empty when it is no code."""
    digits = re.sub(r"[\s\-]", "", text)
    return digits if re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", digits, re.ASCII) else ""


def session_end(*, started: datetime, now: datetime, is_staff: bool) -> datetime:
    """Until when a session used now goes on: 30 days unused, 180 in all; half an hour for staff."""
    if is_staff:
        return started + STAFF_SESSION
    return min(now + SESSION_UNUSED, started + SESSION_LONGEST)


_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
             ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_DEVICES = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
            ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"))  # fmt: skip


def device(user_agent: str) -> str:
    """ "Firefox · Android" out of what a browser says of itself; empty when it says nothing known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    machine = next((name for mark, name in _DEVICES if mark in user_agent), "")
    return " · ".join(word for word in (browser, machine) if word)
