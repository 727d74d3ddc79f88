"""Days as people write them."""

import datetime
import re

from babel import Locale, UnknownLocaleError

from kith.participants.rules.values import BadValue

EARLIEST_DAY, LATEST_DAY = datetime.date(1900, 1, 1), datetime.date(2100, 12, 31)

_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d\d)(?: [\d:.]+)?", re.ASCII)
_LAST_YEAR_OF_THIS_CENTURY = 68


def day(value: str | datetime.date | None, *, month_first: bool = False) -> datetime.date | None:
    """A date from year-month-day, or from day-month-year (month-day-year when `month_first`); None when empty.

    A time behind it is left out; years of two digits are 1969 to 2068. Raises BadValue: date, date_month.
    """
    found: datetime.date | None
    if isinstance(value, str):
        found = _day(value.strip(), month_first)
    else:
        found = value.date() if isinstance(value, datetime.datetime) else value
    if found is not None and not EARLIEST_DAY <= found <= LATEST_DAY:
        raise BadValue("date")
    return found


def is_month_first(locale: str, country: str) -> bool:
    """Whether people of the language and country write the month before the day."""
    language = locale.replace("_", "-").partition("-")[0]
    for tag in (f"{language}-{country}" if country else locale, locale):
        try:
            pattern = str(Locale.parse(tag, sep="-").date_formats["short"].pattern)
        except (UnknownLocaleError, ValueError):
            continue
        return "y" not in pattern.lower().partition("d")[0] and pattern.find("M") < pattern.lower().find("d")
    return False


def _day(value: str, month_first: bool) -> datetime.date | None:
    if not value:
        return None
    first, last = _YEAR_FIRST.fullmatch(value), _YEAR_LAST.fullmatch(value)
    if first:
        year, month, day_of_month = map(int, first.groups())
    elif last:
        one, two, year = map(int, last.groups())
        month, day_of_month = (one, two) if month_first else (two, one)
        if len(last[3]) == 2:
            year += 2000 if year <= _LAST_YEAR_OF_THIS_CENTURY else 1900
    else:
        raise BadValue("date")
    if month > 12 >= day_of_month:
        raise BadValue("date_month" if month_first else "date")
    try:
        return datetime.date(year, month, day_of_month)
    except ValueError:
        raise BadValue("date") from None
