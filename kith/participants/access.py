"""Give a participant to whoever may have it."""

from uuid import UUID

from kith.kit.actors import Actor
from kith.kit.errors import NotFound
from kith.participants import queries
from kith.participants.models import Participant


def participant(actor: Actor, participant_id: UUID) -> Participant:
    """The participant, for staff of its organization and for themselves. Raises NotFound for everybody else."""
    if actor.kind == "participant" and actor.id != str(participant_id):
        raise NotFound
    try:
        return queries.get_participant(participant_id)
    except Participant.DoesNotExist:
        raise NotFound from None
