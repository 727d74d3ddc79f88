"""Phone numbers as people write them, and their one stored form."""

import functools
import re

import phonenumbers

from kith.participants.rules.values import BadValue, whole_number

_BETWEEN_DIGITS = {ord(mark): None for mark in " -.()"}


def phone(value: str, region: str = "") -> str:
    """An existing kind of number in E.164; `region` is the country of a number written without one.

    Raises BadValue: phone, scientific, phone_letters, or phone_country when a national number comes without
    a country.
    """
    value = whole_number(value).strip()
    if not value:
        return ""
    if any(mark.isalpha() for mark in value):
        raise BadValue("phone_letters")  # the parser would take them for the letters on the keys
    if value.startswith("00"):
        value = f"+{value[2:]}"
    if not region and not value.startswith("+"):
        raise BadValue("phone_country")
    usual = _usual_number(value, region)
    if usual:
        return usual
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        raise BadValue("phone") from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise BadValue("phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _usual_number(value: str, region: str) -> str:
    """E.164 of a mobile number written in one of the two usual ways, empty when it takes the whole parser.

    A list is made of these, and the parser takes ten times as long to say the same.
    """
    prefix, pattern = _usual_mobile(region)
    digits = value.translate(_BETWEEN_DIGITS)
    if not prefix or not digits.isascii():
        return ""
    for before in (prefix, "0"):
        if digits.startswith(before) and pattern.fullmatch(digits, len(before)):
            return prefix + digits[len(before) :]
    return ""


@functools.lru_cache(maxsize=512)
def _usual_mobile(region: str) -> tuple[str, re.Pattern[str]]:
    """The + and country code, and the mobile numbers of a region; no prefix where calling is less simple.

    Simple is: the country code is the region's alone, and national numbers begin with a 0 that is left out.
    """
    found = phonenumbers.PhoneMetadata.metadata_for_region(region, None) if region else None
    if (
        found is None
        or found.national_prefix_for_parsing != "0"
        or found.national_prefix_transform_rule
        or len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[found.country_code or 0]) > 1
        or found.mobile is None
    ):
        return "", re.compile("")
    return f"+{found.country_code}", re.compile(f"(?!0)(?:{found.mobile.national_number_pattern})")
