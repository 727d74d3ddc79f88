"""Outcomes that are not success.

A `DomainError` is an answer, not a bug: it has a stable code, an HTTP status and a sentence for people.
Every other exception is a defect and may crash. Each feature defines its own outcomes beside the
function that raises them, by subclassing one of the families below.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class DomainError(Exception):
    """Base of all outcomes. `fields` names the input at fault: {"email": "…"}; `details` fill the sentence."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[Sentence] = _("This is not possible now.")

    def __init__(
        self, sentence: Sentence = "", *, fields: Mapping[str, Sentence] | None = None, **details: Any
    ) -> None:
        super().__init__(self.code)
        self.fields: dict[str, Sentence] = dict(fields or {})
        self.details = details
        self._sentence = sentence

    @property
    def text(self) -> str:
        """The sentence in the active language."""
        template = str(self._sentence or self.message)
        return template % self.details if self.details and "%(" in template else template

    def as_details(self) -> dict[str, Any]:
        """The `details` object of the API's error envelope."""
        details: dict[str, Any] = {key: _plain(value) for key, value in self.details.items()}
        if self.fields:
            details["fields"] = {name: str(sentence) for name, sentence in self.fields.items()}
        return details

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, bool, list, dict, type(None))) else str(value)


class Malformed(DomainError):
    """The request cannot be read at all."""

    code, status, message = "malformed", 400, _("The request could not be read.")


class NotSignedIn(DomainError):
    """Nobody is signed in, or the token is not valid (any more)."""

    code, status, message = "not_signed_in", 401, _("Please sign in.")


class Forbidden(DomainError):
    """Signed in, but the role or scope does not include this."""

    code, status, message = "forbidden", 403, _("Your role does not include this.")


class NotFound(DomainError):
    """Not there, or another tenant's: the caller cannot tell which."""

    code, status, message = "not_found", 404, _("There is nothing here.")


class MethodNotAllowed(DomainError):
    """The address exists and takes other methods; the `Allow` header names them."""

    code, status, message = "method_not_allowed", 405, _("This address does not take that method.")


class Conflict(DomainError):
    """The present state does not allow it."""

    code, status, message = "conflict", 409, _("The present state does not allow this.")


class TooLarge(DomainError):
    """The body or file is bigger than allowed."""

    code, status, message = "too_large", 413, _("This is too large.")


class WrongType(DomainError):
    """The media type is not one we read."""

    code, status, message = "wrong_type", 415, _("This kind of content is not accepted here.")


class Invalid(DomainError):
    """Readable, but a field is wrong; `fields` names it and the remedy."""

    code, status, message = "invalid", 422, _("Some fields need attention.")


class TooMany(DomainError):
    """A limit was reached; `retry_after` in seconds is in the details."""

    code, status, message = "too_many_requests", 429, _("Too many requests. Please wait a moment.")


class Unavailable(DomainError):
    """Something we depend on is away; `retry_after` in seconds may be in the details."""

    code, status, message = "unavailable", 503, _("This is not available right now. Please try again.")


class Broken(DomainError):
    """A defect, as the caller is told of it. Never raised."""

    code, status = "server_error", 500
    message = _("Something went wrong on our side. Nothing half-finished was saved; please try again.")
