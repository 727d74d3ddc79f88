"""Why a referral, link or conversion is refused: stable codes, friendly sentences."""

from collections.abc import Callable

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Conflict, Invalid, NotFound, Sentence
from kith.participants import rules as people


class CodeUnknown(NotFound):
    """No participant or link of this organization has the code."""

    code, message = "code_unknown", _("We do not know this referral code. Check it and try again.")


class ProgramNotLive(Conflict):
    """The program is a draft, paused or ended."""

    code, message = "program_not_live", _("This program does not take referrals at the moment.")


class BookingReferenceMissing(Invalid):
    """The program asks for the booking reference."""

    code = "booking_reference_missing"
    message = _("Give the reference of your booking; you find it in its confirmation.")


class SelfReferral(Conflict):
    """Referrer and referred are the same person, by e-mail or phone."""

    code, message = "self_referral", _("You cannot refer yourself. Share your code with somebody else.")


class ExistingCustomer(Conflict):
    """The referred person is known already."""

    code, message = (
        "existing_customer",
        _("This person is a customer already, so this is not a new referral."),
    )


class AlreadyReferred(Conflict):
    """The person has a live referral in the program."""

    code, message = "already_referred", _("This person has been referred already.")


class DuplicateBooking(Conflict):
    """The booking was used before."""

    code, message = "duplicate_booking", _("This booking has been used for a referral already.")


class SlugNotAllowed(Invalid):
    """Not 4 to 24 letters and digits, or a word that would pass for the platform."""

    code, message = "slug_not_allowed", _("Use 4 to 24 letters and digits, and no reserved word.")


class SlugTaken(Conflict):
    """A link or a participant has it."""

    code, message = "slug_taken", _("This code is in use. Choose another.")


class DestinationNotAllowed(Invalid):
    """Links lead to web addresses only."""

    code, message = "destination_not_allowed", _("Write a web address that starts with https:// or http://.")


class ReferralClosed(Conflict):
    """Rejected, expired or cancelled referrals take no conversions."""

    code, message = "referral_closed", _("This referral is closed.")


class ConversionTooLate(Conflict):
    """Outside the program's windows."""

    code, message = "conversion_too_late", _("The event lies outside the period of this program.")


class ConversionKnown(Conflict):
    """The same event and external id, but with other facts."""

    code, message = "conversion_known", _("This event was reported before with other facts.")


class ConversionCancelled(Conflict):
    """A cancelled conversion does not change any more."""

    code, message = "conversion_cancelled", _("This event is cancelled already.")


class RefundTooLarge(Conflict):
    """More than what is left of the conversion."""

    code, message = "refund_too_large", _("The refund is larger than what is left of the amount.")


class AdjustmentKnown(Conflict):
    """The same adjustment id, but with other facts."""

    code, message = "adjustment_known", _("This adjustment was reported before with other facts.")


class StageUnknown(Invalid):
    """The referral's pipeline has no such stage."""

    code, message = "stage_unknown", _("The pipeline of this referral has no such stage.")


class NoteEmpty(Invalid):
    """No text, or too much of it."""

    code, message = "note_empty", _("Write a note of at most 10,000 characters.")


class NobodyToAsk(Conflict):
    """The referrer has no e-mail address, or is not active."""

    code, message = "nobody_to_ask", _("The referrer cannot be asked: there is no e-mail address in use.")


class NoQuestion(Conflict):
    """Nothing was asked, or it was answered."""

    code, message = "no_question", _("No question is waiting for an answer here.")


class TooManyRows(Invalid):
    """A bulk action has a limit."""

    code, message = "too_many_rows", _("At most 1,000 rows at a time.")


_CHECKERS: dict[str, Callable[[str], str]] = {
    "email": people.email,
    "name": lambda text: people.name(text) if text.strip() else "",
    "country": people.country,
    "booking_reference": people.external_id,
    "visa_type": people.external_id,
    "external_id": people.external_id,
}
_REMEDIES: dict[str, Sentence] = {
    "email": _("Write an e-mail address like name@example.com."),
    "country": _("Write the country as two letters, like NL."),
    "phone": _("Write the phone number with + and the country code, like +31612345678."),
}
_REMEDY: Sentence = _("Shorten this to 100 characters that can be printed.")


def checked(*, region: str = "", **values: str) -> dict[str, str]:
    """The stored forms of what came from outside, an e-mail address being required where it is named.

    `region` is the country of phone numbers written without one. Raises Invalid naming every bad field and
    its remedy.
    """
    good: dict[str, str] = {}
    wrong: dict[str, Sentence] = {}
    for field, value in values.items():
        try:
            good[field] = (
                people.phone(value, good.get("country") or region)
                if field == "phone"
                else _CHECKERS[field](value)
            )
        except people.BadValue:
            wrong[field] = _REMEDIES.get(field, _REMEDY)
        if good.get(field) == "" and field == "email":
            wrong[field] = _REMEDIES[field]
    if wrong:
        raise Invalid(fields=wrong)
    return good


def is_about(error: IntegrityError, constraint: str) -> bool:
    """True when the database refused because of that constraint or unique index."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == constraint
