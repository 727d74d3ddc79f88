"""One participant: found by id, code or address, with what is known."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kith.kit import codes, crypto
from kith.ledger import queries as ledger
from kith.ledger.queries import Balance
from kith.participants import rules
from kith.participants.models import Participant, ParticipantStatus
from kith.tenants.queries import current_tenant


@dataclass(frozen=True, slots=True)
class PersonalDetails:
    """What is stored encrypted; empty where not known, or not readable any more."""

    phone: str
    visa_number: str


def get_participant(participant_id: UUID) -> Participant:
    """The participant of that id. Raises Participant.DoesNotExist."""
    found: Participant = Participant.objects.select_related("referred_by", "merged_into").get(
        pk=participant_id
    )
    return found


def get_by_code(code: str) -> Participant:
    """The participant whose personal code this is, however written. Raises Participant.DoesNotExist.

    The code of somebody who was merged stands for whom they were merged into.
    """
    found: Participant = Participant.objects.select_related("merged_into").get(code=codes.normalize(code))
    return found.merged_into or found


def find_by_email(email: str) -> Participant | None:
    """Who has this address (or its SHA-256), or had it before they were merged; None. The erased have none."""
    if not email.strip():
        return None
    index = crypto.blind_index(email, kind="email")
    rows = Participant.objects.exclude(status=ParticipantStatus.ERASED).select_related("merged_into")
    found: Participant | None = rows.filter(email_index=index).first()
    return found and (found.merged_into or found)


def personal_details(participant: Participant) -> PersonalDetails:
    """Decrypt what is encrypted of one participant."""
    return PersonalDetails(
        phone=opened(participant.id, "phone_enc", participant.phone_enc),
        visa_number=opened(participant.id, "visa_number_enc", participant.visa_number_enc),
    )


def facts_of(participant: Participant) -> dict[str, Any]:
    """Every field of which somebody enrolled twice keeps one value, in clear."""
    personal = personal_details(participant)
    sealed = {"phone": personal.phone, "visa_number": personal.visa_number}
    return {name: sealed.get(name, getattr(participant, name, None)) for name in rules.MERGEABLE}


def merged_ids(participant_id: UUID) -> list[UUID]:
    """Whom this participant stands for beside themselves."""
    rows = Participant.objects.filter(merged_into_id=participant_id, status=ParticipantStatus.MERGED)
    return list(rows.values_list("id", flat=True))


def balances(participant: Participant) -> list[Balance]:
    """What the participant holds and owes, by account."""
    return ledger.balances(participant.id)


def opened(participant_id: UUID, column: str, sealed: Any) -> str:
    """One encrypted value, or nothing when there is none or its key is destroyed."""
    if sealed is None:
        return ""
    try:
        return crypto.decrypt(sealed, subject_id=participant_id, context=sealed_in(column, participant_id))
    except crypto.Undecryptable:
        return ""


def sealed_in(column: str, participant_id: UUID) -> str:
    """The place an encrypted value belongs to, as kit.crypto wants it."""
    return f"participants_participant.{column}:{participant_id}"


def phone_region() -> str:
    """The country that national phone numbers of the organization in force are read in."""
    return rules.country_of_timezone(current_tenant().timezone)
