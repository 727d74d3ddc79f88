"""Amounts: whole minor units of one currency. No float ever comes in or goes out."""

import copy
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import NumberPattern, format_decimal
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from kith.kit import currencies, errors

BASIS = 10_000
"""Basis points in the whole: 250 of them are 2.5 percent."""

LARGEST = 2**63 - 1
"""What a bigint column holds."""

_WRITTEN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)

# CLDR puts a space between a digit and a symbol made of letters ("KWD 1.234"); Babel leaves it out.
_TOUCHING = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


class CurrencyMismatch(errors.Invalid):
    """Two amounts in different currencies met where only one is possible."""

    code = "currency_mismatch"
    message = _("Amounts in %(left)s and %(right)s cannot be combined.")


class AmountInvalid(errors.Invalid):
    """The text is not an amount of this currency; `fields` says how to write it."""

    code = "amount_invalid"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units: `Money(2500, "EUR")` is 25 euros, `Money(2500, "JPY")` is 2,500 yen.

    May be negative. Raises UnknownCurrency for a code outside ISO 4217 and points, TypeError for an
    amount that is not an int.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {self.amount_minor!r}")
        currencies.currency(self.currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in this currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str | Decimal, currency: str, *, field: str = "amount") -> "Money":
        """Read an amount written in whole units, such as "25.00".

        Text must have a point before the decimals and no separators, and never more decimals than the
        currency has, not even zeros: "25.000" EUR may mean twenty-five thousand to the person who wrote it.
        A Decimal is taken when it is exact. Raises AmountInvalid naming `field` and the remedy, and
        TypeError for floats.
        """
        exponent = currencies.exponent(currency)
        if isinstance(text, Decimal):
            if not text.is_finite() or text.adjusted() > 20:
                raise _unreadable(field, exponent)
            # The context would round a long number; text does not.
            written = format(text, "f")
            text = written.rstrip("0").rstrip(".") if "." in written else written
        if not isinstance(text, str):
            raise TypeError(f"an amount is read from text, not from {text!r}")
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise _unreadable(field, exponent)
        sign, whole, decimals = found[1], found[2].lstrip("0"), found[3] or ""
        if len(decimals) > exponent:
            raise _too_precise(field, currency, exponent)
        # Counted before int(), which takes ever longer for ever more digits.
        if len(whole) > 19 or (minor := int((whole + decimals.ljust(exponent, "0")) or "0")) > LARGEST:
            raise AmountInvalid(fields={field: _("This amount is too large.")})
        return cls(-minor if sign else minor, currency)

    @property
    def exponent(self) -> int:
        """Number of decimals of the currency."""
        return currencies.exponent(self.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in whole units, exact, with all decimals of the currency: Decimal("25.00")."""
        sign, digits = int(self.amount_minor < 0), tuple(int(digit) for digit in str(abs(self.amount_minor)))
        return Decimal((sign, digits, -self.exponent))

    @property
    def text(self) -> str:
        """The amount as `parse` reads it: "25.00"."""
        return format(self.decimal, "f")

    def as_dict(self) -> dict[str, Any]:
        """The API's shape: {"amount_minor": 2500, "currency": "EUR"}."""
        return {"amount_minor": self.amount_minor, "currency": self.currency}

    def percent(self, bps: int) -> "Money":
        """This share of the amount in basis points, rounded once, halves to the even minor unit."""
        if type(bps) is not int:
            raise TypeError(f"basis points are whole numbers, not {bps!r}")
        whole, rest = divmod(self.amount_minor * bps, BASIS)
        round_up = rest * 2 > BASIS or (rest * 2 == BASIS and whole % 2 == 1)
        return Money(whole + round_up, self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Share the amount by weight; the parts always sum to the whole (largest remainder).

        Each part is within one minor unit of its exact share; equal remainders favor the earlier part.
        Raises ValueError unless the weights are whole, not negative, and sum to more than zero.
        """
        if any(type(weight) is not int or weight < 0 for weight in weights) or sum(weights) <= 0:
            raise ValueError("weights are whole numbers, not negative, of which one is positive")
        total, amount = sum(weights), abs(self.amount_minor)
        shares = [divmod(amount * weight, total) for weight in weights]
        parts = [whole for whole, _rest in shares]
        by_remainder = sorted(range(len(parts)), key=lambda index: (-shares[index][1], index))
        for index in by_remainder[: amount - sum(parts)]:
            parts[index] += 1
        sign = -1 if self.amount_minor < 0 else 1
        return [Money(sign * part, self.currency) for part in parts]

    def format(self, locale: str | None = None) -> str:
        """The amount as people of a locale write it, with the currency's own decimals.

        Takes "pt-br" and "pt_BR" alike; without one, the active language. An unknown locale reads as English.
        """
        known = _locale(locale or get_language() or "en")
        if currencies.is_points(self.currency):
            number = format_decimal(self.amount_minor, locale=known)
            return ngettext("%(number)s point", "%(number)s points", self.amount_minor) % {"number": number}
        return self._shown(known, _pattern(known, self.exponent))

    def short(self, locale: str | None = None) -> str:
        """As `format`, without decimals where they are all zero: for headlines."""
        known = _locale(locale or get_language() or "en")
        if currencies.is_points(self.currency) or self.amount_minor % 10**self.exponent:
            return self.format(locale)
        return self._shown(known, _pattern(known, 0))

    def _shown(self, known: Locale, pattern: NumberPattern) -> str:
        shown = str(pattern.apply(self.decimal, known, currency=self.currency, currency_digits=False))
        return _TOUCHING.sub("\xa0", shown)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        if type(times) is not int:
            raise TypeError(f"money is multiplied by whole numbers, not {times!r}; see percent and split")
        return Money(self.amount_minor * times, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.amount_minor), self.currency)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount_minor >= self._same(other)

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    def _same(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"{other!r} is not money")
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other.amount_minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; nothing for no amounts. Raises CurrencyMismatch when one is in another currency."""
    return sum(amounts, Money.zero(currency))


def _unreadable(field: str, exponent: int) -> AmountInvalid:
    example = "1234." + "5".ljust(exponent, "0") if exponent else "1234"
    sentence = _("Write the amount with digits and a point only, like %(example)s.")
    return AmountInvalid(fields={field: sentence % {"example": example}})


def _too_precise(field: str, currency: str, exponent: int) -> AmountInvalid:
    if exponent == 0:
        sentence = _("%(currency)s has no decimals: write a whole number.") % {"currency": currency}
    else:
        sentence = _("%(currency)s has %(exponent)s decimals: round the amount to %(exponent)s decimals.") % {
            "currency": currency,
            "exponent": exponent,
        }
    return AmountInvalid(fields={field: sentence})


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@lru_cache(maxsize=256)
def _pattern(locale: Locale, exponent: int) -> NumberPattern:
    # Babel would take the number of decimals from CLDR or from the locale's pattern; both can be wrong here.
    pattern: NumberPattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (exponent, exponent)
    return pattern
