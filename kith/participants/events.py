"""What participants announce. Events carry ids and names of fields, never personal values."""

from uuid import UUID

from kith.kit.events import event


@event("participant.created", outside=True)
class ParticipantCreated:
    """Somebody was enrolled; `source` says how: console, api, import, referral, ..."""

    participant_id: UUID
    kind: str
    source: str


@event("participant.updated", outside=True)
class ParticipantUpdated:
    """Fields of a participant changed; `fields` are their names."""

    participant_id: UUID
    fields: list[str]


@event("participant.merged", outside=True)
class ParticipantMerged:
    """Two rows were one person: `into_id` stands for both from now on, with everything the other had."""

    participant_id: UUID
    into_id: UUID


@event("participant.suspended", outside=True)
class ParticipantSuspended:
    """The participant may not refer for the time being."""

    participant_id: UUID
    reason: str


@event("participant.reactivated", outside=True)
class ParticipantReactivated:
    """The participant may refer again."""

    participant_id: UUID
    reason: str
