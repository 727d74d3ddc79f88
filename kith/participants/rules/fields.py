"""Each field of a participant: its one stored form, or a stable word for why a value cannot be stored.

Every checker takes text as people write it and returns the stored form; the empty text stays empty,
meaning "not known". `check` runs them over a whole person.
"""

import functools
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from babel import Locale, UnknownLocaleError
from babel.core import get_global

from kith.kit import codes, emails, web
from kith.participants.rules.days import day
from kith.participants.rules.phones import phone
from kith.participants.rules.values import BadValue, line, whole_number

NAME_LENGTH, EXTERNAL_ID_LENGTH, SHORT_LENGTH, URL_LENGTH = 200, 100, 100, 500
VISA_NUMBER_LENGTH = 40
EXTRA_COLUMNS, EXTRA_LENGTH = 200, 1000

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}|[0-9]{3}))?", re.ASCII)
_IN_VISA_NUMBER = re.compile(r"[A-Z0-9/-]+", re.ASCII)

_KINDS = {
    "person": "person", "persoon": "person", "individual": "person", "particulier": "person",
    "company": "company", "bedrijf": "company", "organization": "company", "organisation": "company",
    "organisatie": "company", "zakelijk": "company",
}  # fmt: skip

# Regions that CLDR names but ISO 3166 does not assign.
_NOT_ISO = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_OTHER_NAMES = {
    "holland": "NL", "the netherlands": "NL", "great britain": "GB", "england": "GB", "engeland": "GB",
    "uk": "GB", "usa": "US", "united states of america": "US", "amerika": "US", "uae": "AE",
    "czech republic": "CZ", "turkey": "TR", "ivory coast": "CI",
}  # fmt: skip


def name(value: str) -> str:
    """A name on one line. Raises BadValue: missing, long, characters."""
    cleaned = line(value, NAME_LENGTH)
    if not cleaned:
        raise BadValue("missing")
    return cleaned


def email(value: str) -> str:
    """A lower-case address of correct form; nobody is asked whether it exists. Raises BadValue: email."""
    if not value.strip():
        return ""
    found = emails.address(value)
    if found is None:
        raise BadValue("email")
    return found


def external_id(value: str) -> str:
    """The organization's own number for the person. Raises BadValue: long, characters, scientific."""
    return line(whole_number(value), EXTERNAL_ID_LENGTH)


@functools.lru_cache(maxsize=4096)
def country(value: str) -> str:
    """ISO 3166 alpha-2 of a code or of a name in English or Dutch. Raises BadValue: country."""
    value = " ".join(value.split())
    if not value:
        return ""
    by_code, by_name = _countries()
    if value.upper() in by_code:
        return value.upper()
    found = by_name.get(_folded(value))
    if found is None:
        raise BadValue("country")
    return found


@functools.lru_cache(maxsize=4096)
def language(value: str) -> str:
    """`nl` or `nl-BE` of a code or of a name in English or Dutch. Raises BadValue: language."""
    value = value.strip()
    if not value:
        return ""
    named = _languages().get(_folded(value))
    if named is not None:
        return named
    match = _LANGUAGE.fullmatch(value)
    if match is None:
        raise BadValue("language")
    tag, region = match[1].lower(), (match[2] or "").upper()
    try:
        Locale(tag)
    except UnknownLocaleError:
        raise BadValue("language") from None
    if region and not region.isdecimal() and region not in _countries()[0]:
        raise BadValue("language")
    return f"{tag}-{region}" if region else tag


@functools.lru_cache(maxsize=4096)
def timezone(value: str) -> str:
    """An IANA name such as Europe/Amsterdam, in its own casing. Raises BadValue: timezone."""
    value = value.strip()
    if not value:
        return ""
    found = _zones().get(value.lower().replace(" ", "_"))
    if found is None:
        raise BadValue("timezone")
    return found


def kind(value: str) -> str:
    """`person` or `company`; person when empty. Raises BadValue: kind."""
    found = _KINDS.get(value.strip().lower() or "person")
    if found is None:
        raise BadValue("kind")
    return found


def picture_url(value: str) -> str:
    """An https address without a password in it. Raises BadValue: picture_url."""
    value = value.strip()
    if not value:
        return ""
    found = web.address(value)
    if found is None or not found.startswith("https://") or len(found) > URL_LENGTH:
        raise BadValue("picture_url")
    return found


def visa_number(value: str) -> str:
    """Capitals and digits without spaces. Raises BadValue: visa_number."""
    value = "".join(value.split()).upper()
    if value and (len(value) > VISA_NUMBER_LENGTH or not _IN_VISA_NUMBER.fullmatch(value)):
        raise BadValue("visa_number")
    return value


def _short(value: str) -> str:
    return line(value, SHORT_LENGTH)


def extra(value: str | Mapping[str, str]) -> dict[str, str]:
    """Columns of the organization's own: heading -> text, from themselves or their JSON. Raises BadValue: extra."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value.strip() else {}
        except orjson.JSONDecodeError:
            raise BadValue("extra") from None
    if not isinstance(value, dict) or len(value) > EXTRA_COLUMNS:
        raise BadValue("extra")
    if not all(isinstance(text, str) for text in value.values()):
        raise BadValue("extra")
    return {line(heading, SHORT_LENGTH): line(text, EXTRA_LENGTH) for heading, text in value.items()}


Checker = Callable[[Any], Any]

# Country before phone, which is read in its light.
FIELDS: dict[str, Checker] = {
    "name": name, "email": email, "external_id": external_id, "country": country, "phone": phone,
    "language": language, "timezone": timezone, "kind": kind, "picture_url": picture_url,
    "visa_number": visa_number, "visa_stage": _short, "visa_type": _short, "application_on": day, "extra": extra,
}  # fmt: skip
EDITABLE = frozenset(FIELDS)


@dataclass(frozen=True, slots=True)
class Checked:
    """Stored forms of the good values, and a word per bad one."""

    values: dict[str, Any]
    problems: dict[str, str]


def check(values: Mapping[str, Any], *, region: str = "", month_first: bool = False) -> Checked:
    """Check the fields that are given. `region` reads national phone numbers when no country is given."""
    good: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, checker in FIELDS.items():
        if field not in values:
            continue
        value = values[field]
        try:
            if field == "phone":
                good[field] = phone(value or "", good.get("country") or region)
            elif field == "application_on":
                good[field] = day(value, month_first=month_first)
            else:
                good[field] = checker("" if value is None else value)
        except BadValue as bad:
            problems[field] = bad.code
    return Checked(good, problems)


def is_good_vanity_code(code: str) -> bool:
    """True for a code, in its stored form, that an organization may give to a participant itself."""
    return codes.is_well_formed(code, vanity=True)


def country_of_timezone(zone: str) -> str:
    """The country a time zone lies in, or nothing: which national phone numbers are meant."""
    found = get_global("zone_territories").get(zone, "")
    return str(found) if len(found) == 2 and found in _countries()[0] else ""


def _folded(value: str) -> str:
    return unicodedata.normalize("NFC", value).casefold().strip(" .")


@functools.cache
def _countries() -> tuple[frozenset[str], dict[str, str]]:
    by_name = dict(_OTHER_NAMES)
    found = set()
    for locale in ("en", "nl"):
        for code, written in Locale(locale).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NOT_ISO:
                found.add(code)
                by_name[_folded(written)] = code
    return frozenset(found), by_name


@functools.cache
def _languages() -> dict[str, str]:
    return {
        _folded(written): code
        for locale in ("en", "nl")
        for code, written in Locale(locale).languages.items()
        if re.fullmatch("[a-z]{2,3}", code)
    }


@functools.cache
def _zones() -> dict[str, str]:
    return {zone.lower(): zone for zone in zoneinfo.available_timezones()}
