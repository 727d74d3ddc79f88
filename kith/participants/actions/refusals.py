"""The answers that are not success, and the sentence with the remedy for each word of the rules."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Conflict, Invalid, Sentence
from kith.participants import rules
from kith.participants.models import Participant, ParticipantStatus

SENTENCES: dict[str, Sentence] = {
    "missing": _("Fill in a name."),
    "long": _("This is too long. Shorten it."),
    "characters": _("This contains characters that cannot be printed. Type it again."),
    "email": _("This is not an e-mail address. Write it like jan@example.com."),
    "phone": _("This phone number does not exist. Write it with the country code, like +31612345678."),
    "phone_letters": _("A phone number has no letters. Write digits only, like +31612345678."),
    "scientific": _(
        "A spreadsheet has shortened this number. Format the column as text, type the number again and save."
    ),
    "cell_error": _("The spreadsheet shows an error here. Repair the formula or empty the cell."),
    "extra": _("Columns of your own are text of at most 1,000 characters, under headings of at most 100."),
    "phone_country": _("Write the phone number with + and the country code, or fill in the country."),
    "country": _("This country is not known. Write its two letters, like NL, or its name in English or Dutch."),
    "language": _("This language is not known. Write its code, like nl or en."),
    "timezone": _("This time zone is not known. Write it like Europe/Amsterdam."),
    "kind": _("Write person or company."),
    "picture_url": _("Write the address of the picture in full, beginning with https://."),
    "visa_number": _("A visa number has at most 40 letters, digits, dashes and slashes."),
    "date": _("Write the date as 2026-06-15 or 15-06-2026."),
    "date_month": _("The date is read as month-day-year, and there is no such month. Write it as 2026-06-15."),
    "code": _("A code has 4 to 24 letters and digits and is not a reserved word. Choose another."),
    "unknown_field": _("This field cannot be changed."),
    "key_missing": _("Fill in an e-mail address or a customer number, so that the next import finds this person."),
    "too_many_cells": _(
        "This row has more cells than the heading. Put quotation marks around a value with a separator in it."
    ),
    "email_twice": _("This e-mail address is also in line %(line)s. Keep one of the two."),
    "external_id_twice": _("This customer number is also in line %(line)s. Keep one of the two."),
    "person_twice": _("This row is about the same person as line %(line)s. Keep one of the two."),
    "email_taken": _("This e-mail address belongs to another customer. Correct the address or the customer number."),
    "external_id_taken": _("The person with this e-mail address has another customer number. Correct one of the two."),
    "merged": _("This person was merged with another. Remove the row, or use the other's number or address."),
    "erased": _("This customer was erased on request. Remove the row."),
}  # fmt: skip


class DuplicateEmail(Conflict):
    """Another participant of the organization has the e-mail address."""

    code, message = "duplicate_email", _("A participant with this e-mail address exists already.")


class DuplicateExternalId(Conflict):
    """Another participant of the organization has the external id."""

    code, message = "duplicate_external_id", _("A participant with this external id exists already.")


class CodeTaken(Conflict):
    """The wished referral code is in use somewhere in the installation."""

    code, message = "code_taken", _("This code is in use already. Choose another.")


class ParticipantMerged(Conflict):
    """The participant was enrolled twice; another row stands for both."""

    code, message = "participant_merged", _("This participant was merged into another. Change the other one.")


class ParticipantErased(Conflict):
    """The participant was erased; the row remains as a tombstone only."""

    code, message = "participant_erased", _("This participant was erased and cannot be changed.")


def refuse_gone(participant: Participant) -> None:
    """Raise ParticipantErased or ParticipantMerged for a tombstone."""
    if participant.status == ParticipantStatus.ERASED:
        raise ParticipantErased
    if participant.status == ParticipantStatus.MERGED:
        raise ParticipantMerged


def refuse(problems: Mapping[str, str]) -> None:
    """Raise Invalid with a sentence per field, if there is any problem."""
    if problems:
        raise Invalid(fields={field: SENTENCES[word] for field, word in problems.items()})


def checked(values: Mapping[str, object], *, region: str) -> dict[str, object]:
    """The stored forms. Raises Invalid naming every bad field and its remedy."""
    found = rules.check(values, region=region)
    unknown = {field: "unknown_field" for field in values if field not in rules.EDITABLE}
    refuse({**found.problems, **unknown})
    return found.values
