"""Invented people for the demonstration: names from short lists, addresses nobody can receive mail at."""

import csv
import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FIRST_NAMES = (
    "Anouk", "Bram", "Carlijn", "Daan", "Eline", "Femke", "Gijs", "Hanna", "Ivo", "Jasmijn", "Koen", "Lotte",
    "Maarten", "Noor", "Olivier", "Pien", "Quinten", "Roos", "Sander", "Tess", "Ulrike", "Veerle", "Wouter",
    "Xander", "Yara", "Zoë", "Amira", "Bilal", "Chloé", "Dilara", "Emre", "Fatima", "Giulia", "Hamza", "Ines",
    "Jakub", "Kofi", "Leila", "Mateusz", "Nadia", "Omar", "Priya", "Rachid", "Sofia", "Thijs", "Umut",
    "Valentina", "Wei", "Yusuf", "Zuzanna",
)  # fmt: skip
LAST_NAMES = (
    "de Vries", "Jansen", "van den Berg", "Bakker", "van Dijk", "Visser", "Smit", "Meijer", "de Boer",
    "Mulder", "de Groot", "Bos", "Vos", "Peters", "Hendriks", "van Leeuwen", "Dekker", "Brouwer", "de Wit",
    "Dijkstra", "Smits", "de Graaf", "van der Meer", "van der Linden", "Kok", "Jacobs", "de Haan",
    "Vermeulen", "van den Heuvel", "van der Veen", "Schouten", "Willems", "van Vliet", "Hoekstra", "Maas",
    "Verhoeven", "Koster", "van Dam", "Prins", "Blom", "Huisman", "Postma", "Kuipers", "Yılmaz", "El Amrani",
    "Kowalski", "Nguyen", "Okafor", "Rossi", "Fernández", "Müller", "Dubois",
)  # fmt: skip
SURNAMES_ABROAD = (
    "Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Schmidt", "Schneider", "Fischer", "Weber", "Martin",
    "Bernard", "Taylor",
)  # fmt: skip

# Country, its language, its share in percent.
COUNTRIES = (("NL", "nl", 78), ("BE", "nl", 10), ("DE", "de", 6), ("FR", "fr", 3), ("GB", "en", 3))
# German numbers kept free for films and books; no other regulator keeps some that are well-formed as well.
_PHONES = {"DE": "+4917139200{:02d}"}
COLUMNS = ("customer_number", "first_name", "last_name", "email", "phone", "country", "language")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    language: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


def people(dice: random.Random, *, mailbox: str) -> Iterator[Person]:
    """Ever more people with different e-mail addresses, all at `mailbox`."""
    taken: dict[str, int] = {}
    while True:
        country, language, _share = dice.choices(COUNTRIES, weights=[share for *_, share in COUNTRIES])[0]
        names = LAST_NAMES if country == "NL" or dice.random() < 0.3 else SURNAMES_ABROAD
        first, last = dice.choice(FIRST_NAMES), dice.choice(names)
        address = _ascii(f"{first}.{last}")
        taken[address] = number = taken.get(address, 0) + 1
        phone = (
            _PHONES[country].format(dice.randrange(100)) if country in _PHONES and dice.random() < 0.6 else ""
        )
        yield Person(
            first, last, f"{address}{number if number > 1 else ''}@{mailbox}", phone, country, language
        )


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i")).encode("ascii", "ignore").decode()
    return plain.lower().replace(" ", "")


def write_csv(path: Path, customers: Sequence[Person], *, prefix: str) -> None:
    """Write them as an organization would export them; customer numbers are `prefix` and five digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, person in enumerate(customers, start=1):
            writer.writerow([
                customer_number(prefix, number), person.first_name, person.last_name, person.email, person.phone,
                person.country, person.language,
            ])  # fmt: skip


def customer_number(prefix: str, number: int) -> str:
    """How the organization numbers its customers."""
    return f"{prefix}{number:05d}"


def iban(dice: random.Random) -> str:
    """A well-formed Dutch account number at a bank that does not exist."""
    while True:
        digits = [dice.randrange(10) for _ in range(9)]
        # The Dutch check: the digits, weighted 10 to 2 for a ten-digit number, sum to a multiple of eleven.
        last = -sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if last < 10 and any(digits):
            return with_check_digits("NL", "DEMO" + "".join(map(str, [*digits, last])))


def with_check_digits(country: str, account: str) -> str:
    """The IBAN of an account (ISO 13616: modulo 97 over letters as numbers)."""
    number = int("".join(str(int(symbol, 36)) for symbol in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"
