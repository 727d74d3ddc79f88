"""Decisions about clicks, evidence and bookings: plain Python in and out."""

import datetime
import functools
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import crawleruseragents
import re2

BOOKING = "booking"
LARGEST_BULK = 1000
SALT_LIFETIME = datetime.timedelta(hours=48)

SITE_CHANNEL = "site"
"""The channel of visits that an organization's own pages report."""

UTM_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of a bulk action; `code` and `message` explain a refusal."""

    id: UUID
    ok: bool
    code: str = ""
    message: str = ""


# --- evidence -----------------------------------------------------------------------------------------


def evidence(*, given: str | None, click_counts: bool) -> str:
    """Which method is written on a referral: the one given, else the click that brought the code, else the code.

    A click counts only for the participant whose code was given: of a code and somebody else's click the code
    is the stronger.
    """
    return given or ("click" if click_counts else "code")


def external_key(event: str, external_id: str) -> str:
    """The form in which an event of the outside world is unique.

    People type booking references, so case and spaces do not make another booking; ids of other events come
    from programs and stay as they are.
    """
    text = " ".join(external_id.split())
    return text.upper().replace(" ", "") if event == BOOKING else text


def utm_columns(utm: Mapping[str, str]) -> dict[str, str]:
    """The five campaign fields out of a mapping with or without the `utm_` prefix, each at most 200 characters."""
    named = {name if name.startswith("utm_") else f"utm_{name}": value for name, value in utm.items()}
    return {name: str(named[name])[:200] for name in UTM_FIELDS if named.get(name)}


# --- clicks -------------------------------------------------------------------------------------------


@functools.cache
def _crawlers() -> re2._Regexp:
    options = re2.Options()
    options.max_mem = 64 << 20
    patterns = [entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA]
    return re2.compile("|".join(patterns), options)


def is_bot(user_agent: str) -> bool:
    """True for crawlers, link previews and programs, by the published list; an empty name is none of a browser."""
    return not user_agent.strip() or _crawlers().search(user_agent[:1000]) is not None


def is_visit(method: str, headers: Mapping[str, str]) -> bool:
    """True when somebody opened the link: not HEAD, and not a browser fetching ahead of a click."""
    purposes = (headers.get("Sec-Purpose", ""), headers.get("Purpose", ""), headers.get("X-Moz", ""))
    ahead = any(
        word in purpose.lower() for purpose in purposes for word in ("prefetch", "prerender", "preview")
    )
    return method == "GET" and not ahead


def visitor(*, salt: bytes, address: str, user_agent: str) -> bytes:
    """16 bytes that are equal for one visitor on one day and mean nothing once the day's salt is destroyed."""
    return hmac.digest(salt, f"{address}\n{user_agent}".encode(errors="replace"), "sha256")[:16]


_CHANNEL = re.compile(r"[a-z0-9_-]{1,20}", re.ASCII)


def channel(asked: str) -> str:
    """The word of `?c=` with which a share button marks its channel, or nothing."""
    word = asked.strip().lower()
    return word if _CHANNEL.fullmatch(word) else ""


def destination(url: str, *, click_id: UUID | None, code: str, utm: Sequence[tuple[str, str]] = ()) -> str:
    """The address to send the visitor to, with `rid`, `via` and the link's campaign fields appended.

    What the address has already stays as it is, except an old `rid` or `via`.
    """
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ("rid", "via")]
    present = {name for name, _ in query}
    query += [(name, value) for name, value in utm if value and name not in present]
    query += [("rid", str(click_id)), ("via", code)]
    return urlunsplit(parts._replace(query=urlencode(query)))


# Entering these approves or refuses what the referral earned, so it takes the permission to do that.
_DECIDING = {"completed": "rewards.approve", "rejected": "rewards.approve"}


def permission_to_enter(category: str) -> str:
    """What an actor needs beyond moving referrals to bring one into the category; empty for most."""
    return _DECIDING.get(category, "")
