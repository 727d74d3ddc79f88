"""Give a participant to whoever may have it."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from kith.kit.actors import Actor
from kith.kit.errors import Invalid, NotFound
from kith.kit.models import Job
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


def by_code(code: str) -> Participant | None:
    """Whoever has this personal code, None for no code. Raises Invalid naming `referred_by_code`."""
    if not code.strip():
        return None
    try:
        return queries.get_by_code(code)
    except Participant.DoesNotExist:
        raise Invalid(fields={"referred_by_code": _("Nobody here has this code.")}) from None


def job(job_id: UUID) -> Job:
    """An import or export of the organization in force. Raises NotFound."""
    found: Job | None = Job.objects.filter(pk=job_id, kind__startswith="participants.").first()
    if found is None:
        raise NotFound
    return found
